// One row of a kernel in both rows of a strip: the upper output row sees the upper input row, the
// lower output row the one below.
//
//   top[i]    += sum over kx of w[kx] upper[i + kx]
//   bottom[i] += sum over kx of w[kx] lower[i + kx]

fn add_taps(
    top: ptr<function, Outputs>,
    bottom: ptr<function, Outputs>,
    upper: ptr<function, Inputs>,
    lower: ptr<function, Inputs>,
    w: u32,
) {
    let w0 = p_at(w);
    let w1 = p_at(w + 1u);
    let w2 = p_at(w + 2u);
    let w3 = p_at(w + 3u);
    let w4 = p_at(w + 4u);
    for (var i = 0u; i < N; i++) {
        (*top)[i] += w0 * (*upper)[i] + w1 * (*upper)[i + 1u] + w2 * (*upper)[i + 2u]
            + w3 * (*upper)[i + 3u] + w4 * (*upper)[i + 4u];
        (*bottom)[i] += w0 * (*lower)[i] + w1 * (*lower)[i + 1u] + w2 * (*lower)[i + 2u]
            + w3 * (*lower)[i + 3u] + w4 * (*lower)[i + 4u];
    }
}

// A whole strip of one map, before its squash: `bias`, and a 5x5 kernel at w over six rows of x.
fn convolve_strip(
    top: ptr<function, Outputs>,
    bottom: ptr<function, Outputs>,
    row0: ptr<function, Inputs>,
    row1: ptr<function, Inputs>,
    row2: ptr<function, Inputs>,
    row3: ptr<function, Inputs>,
    row4: ptr<function, Inputs>,
    row5: ptr<function, Inputs>,
    w: u32,
    bias: f32,
) {
    for (var i = 0u; i < N; i++) {
        (*top)[i] = bias;
        (*bottom)[i] = bias;
    }
    add_taps(top, bottom, row0, row1, w);
    add_taps(top, bottom, row1, row2, w + 5u);
    add_taps(top, bottom, row2, row3, w + 10u);
    add_taps(top, bottom, row3, row4, w + 15u);
    add_taps(top, bottom, row4, row5, w + 20u);
}
