// The linear layers of a sample, the outputs, and the loss.
//
//   y[o]      = f( bias[o] + sum over i of w[o,i] x[i] )                 C5, F6, a linear output
//   scores[c] = sum over i of (x[i] - centre[c,i])^2                     (1998, eq. 7)
//   totals [samples, 4]   sums over steps: loss, errors, and both divided by the samples of a step
//
// Several invocations share a sum: each leaves a part of it in SCRATCH.

const CLASSES = 10u;
const RBF_LANES = 8u;

// What an invocation may share of a sum of which there are `sums`.
fn lanes_of(sums: u32) -> u32 {
    return min(8u, SCRATCH_SIZE / sums);
}

fn linear(number: u32, t: u32) {
    let k = layer_at(number);
    let lanes = lanes_of(k.outputs);
    let quads = k.inputs / 4u;
    for (var item = t; item < k.outputs * lanes; item += WORKGROUP) {
        let row = k.weights / 4u + item / lanes * quads;
        var sum = 0.0;
        for (var i = item % lanes; i < quads; i += lanes) {
            let x = k.x + 4u * i;
            let v = vec4f(memory[x], memory[x + 1u], memory[x + 2u], memory[x + 3u]);
            sum += dot(w_at(row + i), v);
        }
        memory[SCRATCH + item] = sum;
    }
    workgroupBarrier();
    for (var o = t; o < k.outputs; o += WORKGROUP) {
        let bias = k.biases + o;
        var sum = w_at(bias / 4u)[bias % 4u];
        for (var lane = 0u; lane < lanes; lane++) {
            sum += memory[SCRATCH + lanes * o + lane];
        }
        memory[k.y + o] = squash(sum);
    }
    workgroupBarrier();
}

fn centre(class_: u32, i: u32, units: u32) -> f32 {
    return bitcast<f32>(table_at(CENTRES + units * class_ + i));
}

fn distances(t: u32) {
    let below = layer_at(LAYERS - 1u);
    for (var item = t; item < CLASSES * RBF_LANES; item += WORKGROUP) {
        var sum = 0.0;
        for (var i = item % RBF_LANES; i < below.outputs; i += RBF_LANES) {
            let d = memory[below.y + i] - centre(item / RBF_LANES, i, below.outputs);
            sum += d * d;
        }
        memory[SCRATCH + item] = sum;
    }
    workgroupBarrier();
    for (var c = t; c < CLASSES; c += WORKGROUP) {
        var sum = 0.0;
        for (var lane = 0u; lane < RBF_LANES; lane++) {
            sum += memory[SCRATCH + RBF_LANES * c + lane];
        }
        memory[SCORES + c] = sum;
    }
    workgroupBarrier();
}

// What a sample counts in the derivatives: a curvature is a mean over patterns that `take` makes.
fn weight_of(sample: Sample) -> f32 {
    return select(sample.share, ceil(sample.share), CURVATURE);
}

// Leaves the derivatives of the loss in the place of the outputs.
fn verdict_of(n: u32, sample: Sample, t: u32) {
    if (t == 0u) {
        var scores: Scores;
        for (var c = 0u; c < CLASSES; c++) {
            scores[c] = memory[SCORES + c];
            y[CLASSES * n + c] = scores[c];
        }
        let verdict = judge(&scores, sample.label);
        if (sample.share > 0.0) {
            totals[4u * n] += verdict.loss;
            totals[4u * n + 1u] += verdict.wrong;
            totals[4u * n + 2u] += verdict.loss * sample.share;
            totals[4u * n + 3u] += verdict.wrong * sample.share;
        }
        for (var c = 0u; c < CLASSES; c++) {
            memory[SCORES + c] = verdict.slopes[c] * weight_of(sample);
        }
    }
    workgroupBarrier();
}

// From the digit to the loss.
fn forward(n: u32, sample: Sample, t: u32) {
    read_digit(sample, t);
    first_stage(t);
    second_stage(t);
    for (var number = 0u; number < LAYERS; number++) {
        linear(number, t);
    }
    if (LOSS != 0u) {
        distances(t);
    }
    verdict_of(n, sample, t);
}
