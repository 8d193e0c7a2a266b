// One row of a kernel over one row of the input: out[i] += sum over kx of w[kx] row[i + kx].

fn add_taps(out: ptr<function, Outputs>, row: ptr<function, Inputs>, w: u32) {
    let w0 = p_at(w);
    let w1 = p_at(w + 1u);
    let w2 = p_at(w + 2u);
    let w3 = p_at(w + 3u);
    let w4 = p_at(w + 4u);
    for (var i = 0u; i < N; i++) {
        (*out)[i] += w0 * (*row)[i] + w1 * (*row)[i + 1u] + w2 * (*row)[i + 2u]
            + w3 * (*row)[i + 3u] + w4 * (*row)[i + 4u];
    }
}
