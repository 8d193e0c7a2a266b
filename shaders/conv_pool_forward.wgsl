// conv_pool_forward: a whole convolution stage, after the first. (1990: H3-H4. 1998: C3-S4.)
//
//   h[n,m,y,x] = f( bias[m] + sum over the connections j of m, ky, kx of
//                   w[j,ky,kx] x[n, channel[j], y+ky, x+kx] )
//   s[n,m,y,x] = f( coefficient[m] BLOCK_SCALE (the 2x2 block of h at 2y, 2x) + pooling bias[m] )
//
// BLOCK_SCALE is 1/4 in the notebook (mean) and 1 in 1998, section II.B (sum).
// One invocation makes one strip of s, of one map and sample.

@compute @workgroup_size(WORKGROUP)
fn conv_pool_forward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let left = item % STRIPS * N;
        let py = item / STRIPS % PH;
        let n = item / (STRIPS * PH) % SAMPLES;
        let m = item / (STRIPS * PH * SAMPLES);

        var top: Outputs;
        var bottom: Outputs;
        let bias = p_at(BIAS + m);
        for (var i = 0u; i < N; i++) {
            top[i] = bias;
            bottom[i] = bias;
        }
        let last = table_at(m + 1u);
        for (var j = table_at(m); j < last; j++) {
            let at = ((n * C + table_at(CHANNEL + j)) * HEIGHT + 2u * py) * WIDTH + left;
            let w = 25u * j;
            var upper = input_row(at);
            for (var k = 0u; k < 5u; k++) {
                var lower = input_row(at + (k + 1u) * WIDTH);
                add_taps(&top, &bottom, &upper, &lower, w + 5u * k);
                upper = lower;
            }
        }

        for (var i = 0u; i < N; i++) {
            top[i] = squash(top[i]);
            bottom[i] = squash(bottom[i]);
        }
        let at = ((n * M + m) * OH + 2u * py) * OW + left;
        for (var i = 0u; i < N; i++) {
            h[at + i] = top[i];
            h[at + OW + i] = bottom[i];
        }
        pool(&top, &bottom, m, ((n * M + m) * PH + py) * PW + left / 2u);
    }
}
