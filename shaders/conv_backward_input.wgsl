// conv_backward_input: what a convolution by table hands down to the pooling below it.
//
//   dx[n,c,y,x] = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                 w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      where y-ky and x-kx are inside
//
// x is the squashed output below, so dx is the loss by what that squash got.
// One invocation makes one whole row of one input map: each value of dh is spread over the five
// inputs it came from, so that nothing outside is ever read.

@compute @workgroup_size(WORKGROUP)
fn conv_backward_input(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let y = item % HEIGHT;
        let n = item / HEIGHT % SAMPLES;
        let c = item / (HEIGHT * SAMPLES);

        var sum: array<f32, WIDTH>;
        let first_k = select(0u, y - (OH - 1u), y >= OH);
        let last_k = min(y, 4u);
        let last = table_at(FIRST_OUT + c + 1u);
        for (var q = table_at(FIRST_OUT + c); q < last; q++) {
            let j = table_at(BY_CHANNEL + q);
            let map = (n * M + table_at(MAP + j)) * OH;
            for (var k = first_k; k <= last_k; k++) {
                let w = 25u * j + 5u * k;
                let w0 = p_at(w);
                let w1 = p_at(w + 1u);
                let w2 = p_at(w + 2u);
                let w3 = p_at(w + 3u);
                let w4 = p_at(w + 4u);
                let at = (map + y - k) * OW;
                for (var i = 0u; i < OW; i++) {
                    let d = dh_at(at + i);
                    sum[i] += w0 * d;
                    sum[i + 1u] += w1 * d;
                    sum[i + 2u] += w2 * d;
                    sum[i + 3u] += w3 * d;
                    sum[i + 4u] += w4 * d;
                }
            }
        }

        let at = ((n * C + c) * HEIGHT + y) * WIDTH;
        for (var i = 0u; i < WIDTH; i++) {
            dx[at + i] = sum[i] * squash_slope(x_at(at + i));
        }
    }
}
