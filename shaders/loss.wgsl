// The loss of a sample, its derivatives, and whether the answer is wrong.
//
//   LOSS = 0  mean over the outputs of (y - t)^2, t = +1 for the class and -1 elsewhere (1990)
//   LOSS = 1  y[D], D the right class                                        (1998, eq. 8)
//   LOSS = 2  y[D] + log(e^-J + sum over c of e^-y[c])                       (1998, eq. 9)
//
// With 0 the outputs are squashed and the largest wins; with 1 and 2 they are distances and the
// smallest wins, the first of equals in both. Distances reach 620, so that e^-y underflows: the
// logarithm is taken around the smallest.
//
// Second derivatives (CURVATURE) have seeds of their own, which are no squares of the first:
//
//   LOSS = 0  by each output: 2/10;   by what its squash got: that times f'^2
//   LOSS > 0  by each unit x[i] below the distances: 2, which is exact for LOSS = 1. For LOSS = 2 it
//             is what the authors take; with EXACT it is, with p[c] = e^-y[c] / (e^-J + sum of e^-y)
//             and d[c] = x[i] - w[c,i]:  2 (1 - sum p) + 4 (sum p d^2 - (sum p d)^2)
//
// expects: common, local; LOSS, J, CURVATURE, EXACT

alias Scores = array<f32, 10>;
alias Apart = array<vec4f, 10>;

struct Verdict {
    loss: f32,
    wrong: f32,
    /// The loss by what the squash of each output got (LOSS = 0), by y (1 and 2).
    slopes: Scores,
}

fn judge(y: ptr<function, Scores>, right: u32) -> Verdict {
    let sign = select(-1.0, 1.0, LOSS == 0u);
    var answer = 0u;
    var best = sign * (*y)[0];
    var of_right = (*y)[0];
    for (var c = 1u; c < 10u; c++) {
        let value = sign * (*y)[c];
        answer = select(answer, c, value > best);
        best = max(best, value);
        of_right = select(of_right, (*y)[c], c == right);
    }
    var verdict = Verdict();
    verdict.wrong = select(0.0, 1.0, answer != right);

    if (LOSS == 0u) {
        for (var c = 0u; c < 10u; c++) {
            let error = (*y)[c] - select(-1.0, 1.0, c == right);
            verdict.loss += 0.1 * error * error;
            let by_output = 0.2 * select(error, 1.0, CURVATURE);
            verdict.slopes[c] = by_output * local(squash_slope((*y)[c]));
        }
    } else if (LOSS == 1u) {
        verdict.loss = of_right;
        for (var c = 0u; c < 10u; c++) {
            verdict.slopes[c] = select(0.0, 1.0, c == right);
        }
    } else {
        let least = min(-best, J);
        var mass = exp(least - J);
        for (var c = 0u; c < 10u; c++) {
            verdict.slopes[c] = exp(least - (*y)[c]);
            mass += verdict.slopes[c];
        }
        verdict.loss = of_right - least + log(mass);
        for (var c = 0u; c < 10u; c++) {
            verdict.slopes[c] = select(0.0, 1.0, c == right) - verdict.slopes[c] / mass;
        }
    }
    return verdict;
}

// The second derivative by four units below the distances of the class `right`; `apart` are the d,
// `slopes` the first derivatives by the distances.
fn distance_seed(
    slopes: ptr<function, Scores>,
    right: u32,
    apart: ptr<function, Apart>,
) -> vec4f {
    if (!EXACT || LOSS != 2u) {
        return vec4f(2.0);
    }
    var mass = 0.0;
    var mean = vec4f();
    var square = vec4f();
    for (var c = 0u; c < 10u; c++) {
        let p = select(0.0, 1.0, c == right) - (*slopes)[c];
        let d = (*apart)[c];
        mass += p;
        mean += p * d;
        square += p * d * d;
    }
    // Never negative but for rounding.
    return max(vec4f(), 2.0 * (1.0 - mass) + 4.0 * (square - mean * mean));
}
