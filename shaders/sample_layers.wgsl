// The linear layers of a sample, its outputs and its loss; `forward` is the whole forward pass of the sample.
//
//   y[o]      = f( bias[o] + sum over i of w[o,i] x[i] )                 C5, F6, a linear output
//   scores[c] = sum over i of (x[i] - centre[c,i])^2                     (1998, eq. 7)
//   totals [samples, 4]   sums over steps: loss, errors, and both divided by the samples of a step
//
// Several invocations share a sum. For a linear layer `fold` adds their parts in a tree. For a distance each leaves its
// part in SCRATCH, and one invocation adds these.
//
// expects: common, local, loss, sample, sample_stages; w_at, table_at, y, totals
// expects: OUTPUT, CLASSES, LAYERS, SCORES, SCRATCH, CURVATURE, WORKGROUP

// Most invocations that share one sum; in step with `LANES` in src/plan/kernels/sample.rs.
const LANES = 8u;

// Invocations that share the four sums of a quad: as many as keep the workgroup busy, at most LANES.
fn lanes_of(quads: u32) -> u32 {
    return clamp(WORKGROUP / quads, 1u, LANES);
}

// Returns to the first lane of a place the sum of the parts of all its lanes. In each round the upper half of the lanes
// writes its parts to SCRATCH and the lower half adds them to its own, until one lane is left.
fn fold(part: vec4f, place: u32, places: u32, lane: u32, lanes: u32) -> vec4f {
    var sum = part;
    for (var left = lanes; left > 1u; left = (left + 1u) / 2u) {
        let kept = (left + 1u) / 2u;
        if (lane >= kept && lane < left && place < places) {
            put_vector(SCRATCH + 4u * (places * (lane - kept) + place), sum);
        }
        workgroupBarrier();
        if (lane + kept < left && place < places) {
            sum += vector_at(SCRATCH + 4u * (places * lane + place));
        }
        workgroupBarrier();
    }
    return sum;
}

fn vector_at(at: u32) -> vec4f {
    return vec4f(memory[at], memory[at + 1u], memory[at + 2u], memory[at + 3u]);
}

fn put_vector(at: u32, vector: vec4f) {
    memory[at] = vector.x;
    memory[at + 1u] = vector.y;
    memory[at + 2u] = vector.z;
    memory[at + 3u] = vector.w;
}

// An invocation sums four outputs over every lanes-th vec4 of x. Its four reads of weights are independent, so that
// their waits for memory overlap.
fn linear(number: u32, t: u32) {
    let k = layer_at(number);
    let quads = k.inputs / 4u;
    let places = (k.outputs + 3u) / 4u;
    let lanes = lanes_of(places);
    let lane = t % lanes;
    let first = 4u * (t / lanes);
    var sums = vec4f();
    if (first < k.outputs) {
        if (lane == 0u) {
            // The biases of a layer, like its weights, begin at a multiple of 4.
            sums = w_at((k.biases + first) / 4u);
        }
        let last = vec4u(k.outputs - 1u);
        let rows = k.weights / 4u + quads * min(first + vec4u(0u, 1u, 2u, 3u), last);
        for (var i = lane; i < quads; i += lanes) {
            let v = vector_at(k.x + 4u * i);
            sums += vec4f(
                dot(w_at(rows.x + i), v), dot(w_at(rows.y + i), v),
                dot(w_at(rows.z + i), v), dot(w_at(rows.w + i), v),
            );
        }
    }
    let total = fold(sums, t / lanes, places, lane, lanes);
    if (lane == 0u) {
        for (var a = 0u; a < 4u; a++) {
            if (first + a < k.outputs) {
                memory[k.y + first + a] = squash(total[a]);
            }
        }
    }
    workgroupBarrier();
}

fn centre(class_: u32, i: u32, units: u32) -> f32 {
    return bitcast<f32>(table_at(CENTRES_AT + units * class_ + i));
}

fn distances(t: u32) {
    let last = layer_at(LAYERS - 1u);
    for (var item = t; item < CLASSES * LANES; item += WORKGROUP) {
        var sum = 0.0;
        for (var i = item % LANES; i < last.outputs; i += LANES) {
            let d = memory[last.y + i] - centre(item / LANES, i, last.outputs);
            sum += d * d;
        }
        memory[SCRATCH + item] = sum;
    }
    workgroupBarrier();
    for (var c = t; c < CLASSES; c += WORKGROUP) {
        var sum = 0.0;
        for (var lane = 0u; lane < LANES; lane++) {
            sum += memory[SCRATCH + LANES * c + lane];
        }
        memory[SCORES + c] = sum;
    }
    workgroupBarrier();
}

// The factor of a sample's derivatives: 1 / samples of the step, or 0 where there is no digit. For second derivatives
// it is 1 in place of 1 / samples, since the epilogue takes the mean.
fn weight_of(sample: Sample) -> f32 {
    return select(sample.per_sample, ceil(sample.per_sample), CURVATURE);
}

// Writes the outputs, adds to the totals, and replaces the scores in memory by the derivatives of the loss.
fn judge_sample(n: u32, sample: Sample, t: u32) {
    if (t == 0u) {
        var scores = Scores();
        for (var c = 0u; c < CLASSES; c++) {
            scores[c] = memory[SCORES + c];
            y[CLASSES * n + c] = scores[c];
        }
        let verdict = judge(&scores, sample.label);
        if (sample.per_sample > 0.0) {
            totals[4u * n] += verdict.loss;
            totals[4u * n + 1u] += verdict.wrong;
            totals[4u * n + 2u] += verdict.loss * sample.per_sample;
            totals[4u * n + 3u] += verdict.wrong * sample.per_sample;
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
    if (OUTPUT == OUTPUT_RBF) {
        distances(t);
    }
    judge_sample(n, sample, t);
}
