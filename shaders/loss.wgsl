// The loss of a sample, its derivatives, and whether the answer is wrong.
//
//   OUTPUT_LINEAR, LOSS_MSE  mean over the outputs of (y - t)^2, t = +1 for the class and -1 elsewhere (1990)
//   OUTPUT_SOFTMAX           -log p[D], p[c] = e^y[c] / sum of e^y; by each output p[c], less 1 for D
//   OUTPUT_RBF, LOSS_MSE     y[D], D the right class                                        (1998, eq. 8)
//   OUTPUT_RBF, LOSS_MAP     y[D] + log(e^-J + sum over c of e^-y[c])                       (1998, eq. 9)
//
// Linear outputs are squashed, those of a softmax are not, and the largest wins; those of an RBF are distances and
// the smallest wins, the first of equals in all. Distances reach 620, so that e^-y underflows: the
// logarithm is taken around the smallest, that of a softmax around the largest.
//
// Second derivatives (CURVATURE) have seeds of their own, which are no squares of the first:
//
//   OUTPUT_LINEAR  by each output: 2 / CLASSES;   by its pre-activation: that times f'^2
//   OUTPUT_SOFTMAX by each output: p (1 - p)
//   OUTPUT_RBF     by each input x[i] of the distances: 2, which is exact for LOSS_MSE. For LOSS_MAP it
//                  is what the authors take; with EXACT it is, with p[c] = e^-y[c] / (e^-J + sum of e^-y)
//                  and d[c] = x[i] - w[c,i]:  2 (1 - sum p) + 4 (sum p d^2 - (sum p d)^2)
//
// expects: common, local; OUTPUT, LOSS, J, CLASSES, CURVATURE, EXACT

// Kinds of output, and of loss; in step with `Output` and `Loss` in src/network/choices.rs.
const OUTPUT_LINEAR = 0u;
const OUTPUT_RBF = 1u;
const OUTPUT_SOFTMAX = 2u;
const LOSS_MSE = 0u;
const LOSS_MAP = 1u;

// The weight of an output in a mean over all.
const PER_OUTPUT = 1.0 / f32(CLASSES);

alias Scores = array<f32, CLASSES>;
alias Differences = array<vec4f, CLASSES>;

struct Verdict {
    loss: f32,
    wrong: f32,
    /// Derivatives of the loss with respect to the pre-activation of each output, or to the distances.
    slopes: Scores,
}

// The loss of one sample, whether its answer is wrong, and the slopes.
fn judge(y: ptr<function, Scores>, right: u32) -> Verdict {
    let sign = select(1.0, -1.0, OUTPUT == OUTPUT_RBF);
    var answer = 0u;
    var best = sign * (*y)[0];
    var of_right = (*y)[0];
    for (var c = 1u; c < CLASSES; c++) {
        let value = sign * (*y)[c];
        answer = select(answer, c, value > best);
        best = max(best, value);
        of_right = select(of_right, (*y)[c], c == right);
    }
    var verdict = Verdict();
    verdict.wrong = select(0.0, 1.0, answer != right);

    if (OUTPUT == OUTPUT_LINEAR) {
        for (var c = 0u; c < CLASSES; c++) {
            let error = (*y)[c] - select(-1.0, 1.0, c == right);
            verdict.loss += PER_OUTPUT * error * error;
            let by_output = 2.0 * PER_OUTPUT * select(error, 1.0, CURVATURE);
            verdict.slopes[c] = by_output * local(squash_slope((*y)[c]));
        }
    } else if (OUTPUT == OUTPUT_SOFTMAX) {
        var mass = 0.0;
        for (var c = 0u; c < CLASSES; c++) {
            verdict.slopes[c] = exp((*y)[c] - best);
            mass += verdict.slopes[c];
        }
        verdict.loss = log(mass) + best - of_right;
        for (var c = 0u; c < CLASSES; c++) {
            let p = verdict.slopes[c] / mass;
            verdict.slopes[c] = select(p - select(0.0, 1.0, c == right), p * (1.0 - p), CURVATURE);
        }
    } else if (LOSS == LOSS_MSE) {
        verdict.loss = of_right;
        for (var c = 0u; c < CLASSES; c++) {
            verdict.slopes[c] = select(0.0, 1.0, c == right);
        }
    } else {
        let least = min(-best, J);
        var mass = exp(least - J);
        for (var c = 0u; c < CLASSES; c++) {
            verdict.slopes[c] = exp(least - (*y)[c]);
            mass += verdict.slopes[c];
        }
        verdict.loss = of_right - least + log(mass);
        for (var c = 0u; c < CLASSES; c++) {
            verdict.slopes[c] = select(0.0, 1.0, c == right) - verdict.slopes[c] / mass;
        }
    }
    return verdict;
}

// The second derivative with respect to four inputs of the distances, for the class `right`. `differences` are the
// x - w, `slopes` the first derivatives with respect to the distances.
fn distance_seed(
    slopes: ptr<function, Scores>,
    right: u32,
    differences: ptr<function, Differences>,
) -> vec4f {
    if (!EXACT || LOSS != LOSS_MAP) {
        return vec4f(2.0);
    }
    var mass = 0.0;
    var mean = vec4f();
    var square = vec4f();
    for (var c = 0u; c < CLASSES; c++) {
        let p = select(0.0, 1.0, c == right) - (*slopes)[c];
        let d = (*differences)[c];
        mass += p;
        mean += p * d;
        square += p * d * d;
    }
    // Never negative but for rounding.
    return max(vec4f(), 2.0 * (1.0 - mass) + 4.0 * (square - mean * mean));
}
