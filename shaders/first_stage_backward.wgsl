// first_stage_backward: every gradient of the first stage, which sees one map (C = 1, J = M) and hands
// nothing further down. h is made anew from x: cheaper than to store and to read it.
//
//   dcoefficient[m]  += ds[n,m,y,x] BLOCK_SCALE (the 2x2 block of h)
//   dpool_bias[m]    += ds[n,m,y,x]
//   dh[n,m,y,x]       = coefficient[m] BLOCK_SCALE ds[n,m,y/2,x/2] f'
//   dw[m,ky,kx]      += dh[n,m,y,x] x[n,0,y+ky,x+kx]
//   dbias[m]         += dh[n,m,y,x]
//
// One invocation sums every SLOTS-th strip of one map, in order, and writes its own row of
// partials [SLOTS, STRIDE], laid out as p; `update` adds the rows. A later window of the same step
// (part[1] = 0) adds to what the earlier ones left.

@compute @workgroup_size(WORKGROUP)
fn first_stage_backward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let slot = item % SLOTS;
        let m = item / SLOTS;
        let w = 25u * m;
        let bias = p_at(BIAS + m);
        let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);

        var dw: Kernel;
        var dbias = 0.0;
        var dcoefficient = 0.0;
        var dpool_bias = 0.0;
        for (var unit = slot; unit < SAMPLES * PH * STRIPS; unit += SLOTS) {
            let left = unit % STRIPS * N;
            let py = unit / STRIPS % PH;
            let n = unit / (STRIPS * PH);

            let at = (n * HEIGHT + 2u * py) * WIDTH + left;
            var row0 = input_row(at);
            var row1 = input_row(at + WIDTH);
            var row2 = input_row(at + 2u * WIDTH);
            var row3 = input_row(at + 3u * WIDTH);
            var row4 = input_row(at + 4u * WIDTH);
            var row5 = input_row(at + 5u * WIDTH);

            var top: Outputs;
            var bottom: Outputs;
            convolve_strip(&top, &bottom, &row0, &row1, &row2, &row3, &row4, &row5, w, bias);

            let pooled = ((n * M + m) * PH + py) * PW + left / 2u;
            for (var i = 0u; i < STRIP; i++) {
                let d = ds_at(pooled + i);
                let e = d * coefficient;
                let h0 = squash(top[2u * i]);
                let h1 = squash(top[2u * i + 1u]);
                let h2 = squash(bottom[2u * i]);
                let h3 = squash(bottom[2u * i + 1u]);
                dpool_bias += d;
                dcoefficient += d * (h0 + h1 + h2 + h3);
                top[2u * i] = e * squash_slope(h0);
                top[2u * i + 1u] = e * squash_slope(h1);
                bottom[2u * i] = e * squash_slope(h2);
                bottom[2u * i + 1u] = e * squash_slope(h3);
                dbias += top[2u * i] + top[2u * i + 1u] + bottom[2u * i] + bottom[2u * i + 1u];
            }

            add_tap_gradients(&dw, 0u, &row0, &top);
            add_tap_gradients(&dw, 5u, &row1, &top);
            add_tap_gradients(&dw, 10u, &row2, &top);
            add_tap_gradients(&dw, 15u, &row3, &top);
            add_tap_gradients(&dw, 20u, &row4, &top);
            add_tap_gradients(&dw, 0u, &row1, &bottom);
            add_tap_gradients(&dw, 5u, &row2, &bottom);
            add_tap_gradients(&dw, 10u, &row3, &bottom);
            add_tap_gradients(&dw, 15u, &row4, &bottom);
            add_tap_gradients(&dw, 20u, &row5, &bottom);
        }

        let to = slot * STRIDE;
        let starts = part_at(1u) == 1u;
        for (var i = 0u; i < 25u; i++) {
            put(to + w + i, dw[i], starts);
        }
        put(to + BIAS + m, dbias, starts);
        put(to + COEFFICIENT + m, BLOCK_SCALE * dcoefficient, starts);
        put(to + POOL_BIAS + m, dpool_bias, starts);
    }
}
