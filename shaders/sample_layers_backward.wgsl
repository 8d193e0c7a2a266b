// The linear layers of a sample, backward: dy, which stands in the place of y, to dx. (1998: C5, F6,
// and the derivatives of eq. 7.)
//
//   dx[i] = f'(x[i]) sum over o of w[o,i] dy[o]
//   dx[i] = f'(x[i]) sum over c of 2 dy[c] (x[i] - centre[c,i])     after distances
//
// For second derivatives f' and w are squared (local.wgsl), and distances have a seed of their own
// (loss.wgsl).
//
// The gradient dw[o,i] = dy[o] x[i] is a sum over samples: both factors go to traces.
//
// expects: common, local, loss, sample, sample_patch, sample_layers; w_at, traces
// expects: CLASSES, LAYERS, SCORES, CURVATURE, WORKGROUP

/// Outputs whose weights are read together, so that the waits for memory overlap.
const TOGETHER = 8u;

fn distances_backward(sample: Sample, t: u32) {
    let last = layer_at(LAYERS - 1u);
    for (var i = t; i < last.outputs; i += WORKGROUP) {
        let x = memory[last.y + i];
        var slopes = Scores();
        var differences = Differences();
        var sum = 0.0;
        for (var c = 0u; c < CLASSES; c++) {
            slopes[c] = memory[SCORES + c];
            let d = x - centre(c, i, last.outputs);
            differences[c] = vec4f(d);
            sum += 2.0 * slopes[c] * d;
        }
        if (CURVATURE) {
            sum = weight_of(sample) * distance_seed(&slopes, sample.label, &differences).x;
        }
        memory[last.y + i] = sum * local(squash_slope(x));
    }
    workgroupBarrier();
}

fn linear_backward(number: u32, trace: u32, t: u32) {
    let k = layer_at(number);
    for (var i = t; i < k.inputs; i += WORKGROUP) {
        traces[trace + k.x_trace + i] = memory[k.x + i];
    }
    for (var o = t; o < k.outputs; o += WORKGROUP) {
        traces[trace + k.dy_trace + o] = memory[k.y + o];
    }

    // An invocation has four inputs, and TOGETHER of every TOGETHER * lanes outputs.
    let quads = k.inputs / 4u;
    let lanes = lanes_of(quads);
    let i = t % quads;
    let lane = t / quads;
    var sums = vec4f();
    if (lane < lanes) {
        let column = k.weights / 4u + i;
        for (var first = TOGETHER * lane; first < k.outputs; first += TOGETHER * lanes) {
            for (var a = 0u; a < TOGETHER; a++) {
                let o = first + a;
                let dy = select(0.0, memory[k.y + o], o < k.outputs);
                sums += dy * locals(w_at(column + quads * min(o, k.outputs - 1u)));
            }
        }
    }
    let total = fold(sums, i, quads, lane, lanes);
    // Whoever copies x to traces has done so.
    workgroupBarrier();
    if (lane == 0u) {
        let x = k.x + 4u * i;
        put_vector(x, total * locals(squash_slopes(vector_at(x))));
    }
    workgroupBarrier();
}
