// output: the last layer forward, the loss, and the input gradient of the last layer.
//
//   OUTPUT_LINEAR  y[n,c] = f( bias[c] + sum over i of w[c,i] x[n,i] )
//                  dx[n,i] = f'(x[n,i]) sum over c of w[c,i] dy[n,c]
//   OUTPUT_SOFTMAX the same without f: the probabilities are the softmax of y
//   OUTPUT_RBF     y[n,c] = sum over i of (x[n,i] - w[c,i])^2                (1998, eq. 7)
//                  dx[n,i] = f'(x[n,i]) sum over c of 2 dy[n,c] (x[n,i] - w[c,i])
//
// uses: common, local, input_slope, loss
// binds:
//   x       read vec4f    [SAMPLES, INPUTS] activations of the layer before; INPUTS is a multiple of four
//   p       read vec4f    biases [CLASSES], from WEIGHTS on w [CLASSES, INPUTS]; for an RBF only w: the 7x12
//                         bitmaps of the classes, +1 and -1 (1998, Fig. 3)
//   labels  read u32      [SAMPLES, 4] label, samples in the step, number of the step. Where samples is 0 there is
//                         no digit: loss and derivatives are 0, as for the rows after the batch, which the last
//                         window may reach
//   y       write f32     [BEFORE + SAMPLES, CLASSES] the outputs, from row BEFORE on: those before are of
//                         earlier shards
//   dy      write f32     [SAMPLES, CLASSES] the gradient of the loss with respect to the pre-activation of each
//                         output (to y of an RBF)
//   dx      write vec4f   [SAMPLES, INPUTS] the gradient of the loss with respect to the pre-activations of the
//                         layer before
//   totals  write f32     [BEFORE + SAMPLES, 4] from row BEFORE on, sums over the steps since the host cleared
//                         them: loss, errors, and both divided by the samples of their step
//   cursor  write u32     [1] moved to the next step, where ADVANCES says so: by the last shard
//
// With CURVATURE dx, and of a linear output dy, are second derivatives: seeds as in loss.wgsl, w and f'
// squared (local.wgsl), and no division by the samples of the step, since a curvature is a mean over
// patterns that the epilogue computes.
//
// One invocation computes one sample; totals has a row a sample, so that the order of every sum is fixed. OUTPUT
// is a constant: no select in this file costs anything.

const QUADS = INPUTS / 4u;

// The loss derived by x, of inputs 4i to 4i + 3, before f': through a linear layer or through distances.
fn input_gradient(slopes: ptr<function, Scores>, v: vec4f, i: u32) -> vec4f {
    var sum = vec4f();
    for (var c = 0u; c < CLASSES; c++) {
        let w = p_at(WEIGHTS / 4u + QUADS * c + i);
        sum += (*slopes)[c] * select(locals(w), 2.0 * (v - w), OUTPUT == OUTPUT_RBF);
    }
    return sum;
}

@compute @workgroup_size(WORKGROUP)
fn output(@builtin(global_invocation_id) id: vec3u) {
    if (ADVANCES && id.x == 0u) {
        cursor[0] = labels_at(2u) + 1u;
    }
    var n = id.x;
    if (n >= ITEMS) {
        return;
    }
    loop {
        var scores = Scores();
        for (var i = 0u; i < QUADS; i++) {
            let v = x_at(QUADS * n + i);
            for (var c = 0u; c < CLASSES; c++) {
                let w = p_at(WEIGHTS / 4u + QUADS * c + i);
                let term = select(w, v - w, OUTPUT == OUTPUT_RBF);
                scores[c] += dot(term, select(v, term, OUTPUT == OUTPUT_RBF));
            }
        }
        for (var c = 0u; c < CLASSES; c++) {
            if (OUTPUT != OUTPUT_RBF) {
                scores[c] += p_at(c / 4u)[c % 4u];
            }
            if (OUTPUT == OUTPUT_LINEAR) {
                scores[c] = squash(scores[c]);
            }
            y[CLASSES * (BEFORE + n) + c] = scores[c];
        }

        let right = labels_at(4u * n);
        let samples = labels_at(4u * n + 1u);
        let per_sample = select(0.0, 1.0 / f32(samples), samples > 0u);
        let weight = select(per_sample, min(f32(samples), 1.0), CURVATURE);
        let verdict = judge(&scores, right);
        if (samples > 0u) {
            let row = 4u * (BEFORE + n);
            totals[row] += verdict.loss;
            totals[row + 1u] += verdict.wrong;
            totals[row + 2u] += verdict.loss * per_sample;
            totals[row + 3u] += verdict.wrong * per_sample;
        }
        var slopes = verdict.slopes;
        for (var c = 0u; c < CLASSES; c++) {
            slopes[c] *= weight;
            dy[CLASSES * n + c] = slopes[c];
        }

        for (var i = 0u; i < QUADS; i++) {
            let v = x_at(QUADS * n + i);
            var by_x = vec4f();
            if (CURVATURE && OUTPUT == OUTPUT_RBF) {
                var differences = Differences();
                for (var c = 0u; c < CLASSES; c++) {
                    differences[c] = v - p_at(WEIGHTS / 4u + QUADS * c + i);
                }
                by_x = weight * distance_seed(&slopes, right, &differences);
            } else {
                by_x = input_gradient(&slopes, v, i);
            }
            dx[QUADS * n + i] = by_x * locals(input_slopes(v));
        }
        continuing {
            n += THREADS;
            break if n >= ITEMS;
        }
    }
}
