// Sums over the batch in a linear layer: `add_window` adds the part of one window, `update_biases` sums the bias
// gradients. (1998: C5, F6.)
//
//   gradient, velocity, parameters, curvature   biases [OUTPUTS], a gap up to WEIGHTS that stays 0, w [OUTPUTS, INPUTS]
//   dbias[o] = sum over n of dy[n,o]
//
// A batch may take several windows. The first (STARTS) starts the sum. Each but the last stores it in `gradient`.
// The last (ENDS) applies the epilogue. `at` is the index of four parameters.
//
// expects: an epilogue; dy_at, gradient; SAMPLES, OUTPUTS, STARTS, ENDS, THREADS

fn add_window(at: u32, part: vec4f, rate: f32) {
    var sum = part;
    if (!STARTS) {
        sum += gradient[at];
    }
    if (ENDS) {
        apply(at, sum, rate);
    } else {
        gradient[at] = sum;
    }
}

// One invocation sums four biases.
fn update_biases(invocation: u32, rate: f32) {
    for (var o = 4u * invocation; o < OUTPUTS; o += 4u * THREADS) {
        var sum = vec4f();
        for (var n = 0u; n < SAMPLES; n++) {
            for (var a = 0u; a < 4u; a++) {
                // Places after the last bias are a gap that stays 0.
                let d = dy_at(OUTPUTS * n + min(o + a, OUTPUTS - 1u));
                sum[a] += select(0.0, d, o + a < OUTPUTS);
            }
        }
        add_window(o / 4u, sum, rate);
    }
}
