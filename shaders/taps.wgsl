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
