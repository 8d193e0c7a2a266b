// conv_backward_weights: the gradient of the kernels of a convolution by table.
//
//   dw[j,ky,kx] += dh[n, map[j], y, x] x[n, channel[j], y+ky, x+kx]      over all n, y, x
//
// One invocation sums every SLOTS-th strip for one connection and writes its own row of
// partials [SLOTS, STRIDE], laid out as p. A later window of the same step (part[1] = 0) adds.

fn gradient_row(at: u32) -> Outputs {
    var row: Outputs;
    for (var i = 0u; i < N; i++) {
        row[i] = dh_at(at + i);
    }
    return row;
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_weights(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let slot = item % SLOTS;
        let j = item / SLOTS;
        let c = table_at(CHANNEL + j);
        let m = table_at(MAP + j);

        var dw: Kernel;
        for (var unit = slot; unit < SAMPLES * PH * STRIPS; unit += SLOTS) {
            let left = unit % STRIPS * N;
            let py = unit / STRIPS % PH;
            let n = unit / (STRIPS * PH);

            let out = ((n * M + m) * OH + 2u * py) * OW + left;
            var top = gradient_row(out);
            var bottom = gradient_row(out + OW);
            let at = ((n * C + c) * HEIGHT + 2u * py) * WIDTH + left;
            var row0 = input_row(at);
            add_tap_gradients(&dw, 0u, &row0, &top);
            var row1 = input_row(at + WIDTH);
            add_tap_gradients(&dw, 5u, &row1, &top);
            add_tap_gradients(&dw, 0u, &row1, &bottom);
            var row2 = input_row(at + 2u * WIDTH);
            add_tap_gradients(&dw, 10u, &row2, &top);
            add_tap_gradients(&dw, 5u, &row2, &bottom);
            var row3 = input_row(at + 3u * WIDTH);
            add_tap_gradients(&dw, 15u, &row3, &top);
            add_tap_gradients(&dw, 10u, &row3, &bottom);
            var row4 = input_row(at + 4u * WIDTH);
            add_tap_gradients(&dw, 20u, &row4, &top);
            add_tap_gradients(&dw, 15u, &row4, &bottom);
            var row5 = input_row(at + 5u * WIDTH);
            add_tap_gradients(&dw, 20u, &row5, &bottom);
        }

        let to = slot * STRIDE + 25u * j;
        if (part_at(1u) == 1u) {
            for (var i = 0u; i < 25u; i++) {
                partials[to + i] = dw[i];
            }
        } else {
            for (var i = 0u; i < 25u; i++) {
                partials[to + i] += dw[i];
            }
        }
    }
}
