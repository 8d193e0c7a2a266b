// The linear layers of a sample, backward: dy, which stands in the place of y, to dx.
//
//   dx[i] = f'(x[i]) sum over o of w[o,i] dy[o]
//   dx[i] = f'(x[i]) sum over c of 2 dy[c] (x[i] - centre[c,i])     behind distances
//
// For second derivatives f' and w are squared (local.wgsl), and distances have a seed of their own
// (loss.wgsl).
//
// The gradient dw[o,i] = dy[o] x[i] is a sum over samples: both factors go to traces.

fn distances_backward(sample: Sample, t: u32) {
    let below = layer_at(LAYERS - 1u);
    for (var i = t; i < below.outputs; i += WORKGROUP) {
        let x = memory[below.y + i];
        var slopes: Scores;
        var apart: Apart;
        var sum = 0.0;
        for (var c = 0u; c < CLASSES; c++) {
            slopes[c] = memory[SCORES + c];
            let d = x - centre(c, i, below.outputs);
            apart[c] = vec4f(d);
            sum += 2.0 * slopes[c] * d;
        }
        if (CURVATURE) {
            sum = weight_of(sample) * distance_seed(&slopes, sample.label, &apart).x;
        }
        memory[below.y + i] = sum * local(squash_slope(x));
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

    let lanes = lanes_of(k.inputs);
    let quads = k.inputs / 4u;
    for (var item = t; item < quads * lanes; item += WORKGROUP) {
        let i = item % quads;
        var sum = vec4f();
        for (var o = item / quads; o < k.outputs; o += lanes) {
            sum += memory[k.y + o] * locals(w_at(k.weights / 4u + quads * o + i));
        }
        for (var a = 0u; a < 4u; a++) {
            memory[SCRATCH + 4u * item + a] = sum[a];
        }
    }
    workgroupBarrier();
    for (var i = t; i < k.inputs; i += WORKGROUP) {
        var sum = 0.0;
        for (var lane = 0u; lane < lanes; lane++) {
            sum += memory[SCRATCH + k.inputs * lane + i];
        }
        memory[k.x + i] = sum * local(squash_slope(memory[k.x + i]));
    }
    workgroupBarrier();
}
