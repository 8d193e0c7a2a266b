// first_stage_forward: the whole first stage, which sees one map (C = 1, J = M). (1990: H1-H2. 1998: C1-S2.)
//
//   h[n,m,y,x] = f( bias[m] + sum over ky, kx of w[m,ky,kx] x[n,0,y+ky,x+kx] )
//   s[n,m,y,x] = f( coefficient[m] BLOCK_SCALE (the 2x2 block of h at 2y, 2x) + pooling bias[m] )
//
// h is not stored: the backward pass makes it anew, which costs less than reading it.
// One invocation makes one strip of every map, from six rows of x that it reads once.

@compute @workgroup_size(WORKGROUP)
fn first_stage_forward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let left = item % STRIPS * N;
        let py = item / STRIPS % PH;
        let n = item / (STRIPS * PH);

        let at = (n * HEIGHT + 2u * py) * WIDTH + left;
        var row0 = input_row(at);
        var row1 = input_row(at + WIDTH);
        var row2 = input_row(at + 2u * WIDTH);
        var row3 = input_row(at + 3u * WIDTH);
        var row4 = input_row(at + 4u * WIDTH);
        var row5 = input_row(at + 5u * WIDTH);
        for (var m = 0u; m < M; m++) {
            let w = 25u * m;
            let bias = p_at(BIAS + m);
            var top: Outputs;
            var bottom: Outputs;
            convolve_strip(&top, &bottom, &row0, &row1, &row2, &row3, &row4, &row5, w, bias);
            for (var i = 0u; i < N; i++) {
                top[i] = squash(top[i]);
                bottom[i] = squash(bottom[i]);
            }
            pool(&top, &bottom, m, ((n * M + m) * PH + py) * PW + left / 2u);
        }
    }
}
