// The part of conv_backward that makes gradients: every SLOTS-th strip for one connection, summed
// in order into its own row of partials. The first connection of a map also brings the gradients
// of that map's bias and pooling.

fn backward_weights(item: u32) {
    let slot = item % SLOTS;
    let j = item / SLOTS;
    let c = table_at(CHANNEL + j);
    let m = table_at(MAP + j);
    let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);

    var dw: Kernel;
    var dbias = 0.0;
    var dcoefficient = 0.0;
    var dpool_bias = 0.0;
    for (var unit = slot; unit < SAMPLES * PH * STRIPS; unit += SLOTS) {
        let left = unit % STRIPS * N;
        let py = unit / STRIPS % PH;
        let n = unit / (STRIPS * PH);

        var top: Outputs;
        var bottom: Outputs;
        let out = ((n * M + m) * OH + 2u * py) * OW + left;
        let pooled = ((n * M + m) * PH + py) * PW + left / 2u;
        for (var i = 0u; i < STRIP; i++) {
            let d = ds_at(pooled + i);
            let e = coefficient * d;
            let h0 = h_at(out + 2u * i);
            let h1 = h_at(out + 2u * i + 1u);
            let h2 = h_at(out + OW + 2u * i);
            let h3 = h_at(out + OW + 2u * i + 1u);
            dpool_bias += d;
            dcoefficient += d * (h0 + h1 + h2 + h3);
            top[2u * i] = e * squash_slope(h0);
            top[2u * i + 1u] = e * squash_slope(h1);
            bottom[2u * i] = e * squash_slope(h2);
            bottom[2u * i + 1u] = e * squash_slope(h3);
            dbias += top[2u * i] + top[2u * i + 1u] + bottom[2u * i] + bottom[2u * i + 1u];
        }

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

    let to = slot * STRIDE;
    let starts = part_at(1u) == 1u;
    for (var i = 0u; i < 25u; i++) {
        put(to + 25u * j + i, dw[i], starts);
    }
    if (table_at(m) == j) {
        put(to + BIAS + m, dbias, starts);
        put(to + COEFFICIENT + m, BLOCK_SCALE * dcoefficient, starts);
        put(to + POOL_BIAS + m, dpool_bias, starts);
    }
}
