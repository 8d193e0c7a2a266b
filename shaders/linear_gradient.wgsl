// The sums over the batch of a linear layer: `finish` ends one, `update_biases` sums the bias gradients. (1998: C5,
// F6.)
//
//   gradient, velocity, parameters, curvature   biases [OUTPUTS], then w [OUTPUTS, INPUTS]
//   dbias[o] = sum over n of dy[n,o]
//
// Where the batch comes in several windows, the first (STARTS) starts a sum, each but the last leaves it
// in `gradient`, and the last (ENDS) applies the epilogue, for the four parameters at `at`.
//
// expects: an epilogue; dy_at, gradient; SAMPLES, OUTPUTS, STARTS, ENDS, THREADS

fn finish(at: u32, part: vec4f, rate: f32) {
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

// Four biases to an invocation.
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
        finish(o / 4u, sum, rate);
    }
}
