// The part of conv_backward that makes dx: two whole rows of one input map and sample.
//
// Each value of dh is spread over the five inputs of a row that it came from, so that columns
// outside never come up; rows outside are zero.

alias Spread = array<f32, WIDTH>;
alias Deltas = array<f32, OW>;

// Row y of dh of one map and sample, `map` = n M + m.
fn delta_row(map: u32, y: u32, coefficient: f32) -> Deltas {
    // y is unsigned: above the first row it is huge.
    let inside = select(0.0, coefficient, y < OH);
    let row = map * OH + min(y, OH - 1u);
    let pooled = (map * PH + min(y, OH - 1u) / 2u) * PW;
    var deltas: Deltas;
    for (var i = 0u; i < PW; i++) {
        let e = inside * ds_at(pooled + i);
        deltas[2u * i] = e * squash_slope(h_at(row * OW + 2u * i));
        deltas[2u * i + 1u] = e * squash_slope(h_at(row * OW + 2u * i + 1u));
    }
    return deltas;
}

fn spread(
    top: ptr<function, Spread>,
    bottom: ptr<function, Spread>,
    upper: ptr<function, Deltas>,
    lower: ptr<function, Deltas>,
    w: u32,
) {
    let w0 = p_at(w);
    let w1 = p_at(w + 1u);
    let w2 = p_at(w + 2u);
    let w3 = p_at(w + 3u);
    let w4 = p_at(w + 4u);
    for (var i = 0u; i < OW; i++) {
        let t = (*upper)[i];
        let b = (*lower)[i];
        (*top)[i] += w0 * t;
        (*top)[i + 1u] += w1 * t;
        (*top)[i + 2u] += w2 * t;
        (*top)[i + 3u] += w3 * t;
        (*top)[i + 4u] += w4 * t;
        (*bottom)[i] += w0 * b;
        (*bottom)[i + 1u] += w1 * b;
        (*bottom)[i + 2u] += w2 * b;
        (*bottom)[i + 3u] += w3 * b;
        (*bottom)[i + 4u] += w4 * b;
    }
}

fn backward_input(item: u32) {
    let y = 2u * (item % (HEIGHT / 2u));
    let n = item / (HEIGHT / 2u) % SAMPLES;
    let c = item / (HEIGHT / 2u * SAMPLES);

    var top: Spread;
    var bottom: Spread;
    let last = table_at(FIRST_OUT + c + 1u);
    for (var q = table_at(FIRST_OUT + c); q < last; q++) {
        let j = table_at(BY_CHANNEL + q);
        let m = table_at(MAP + j);
        let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);
        var lower = delta_row(n * M + m, y + 1u, coefficient);
        for (var k = 0u; k < 5u; k++) {
            var upper = delta_row(n * M + m, y - k, coefficient);
            spread(&top, &bottom, &upper, &lower, 25u * j + 5u * k);
            lower = upper;
        }
    }

    let at = ((n * C + c) * HEIGHT + y) * WIDTH;
    for (var i = 0u; i < WIDTH; i++) {
        dx[at + i] = top[i] * squash_slope(x_at(at + i));
        dx[at + WIDTH + i] = bottom[i] * squash_slope(x_at(at + WIDTH + i));
    }
}
