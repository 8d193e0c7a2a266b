// The loss of a sample, its derivative, and whether the answer is wrong.
//
//   LOSS = 0  mean over the outputs of (y - t)^2, t = +1 for the class and -1 elsewhere (1990)
//   LOSS = 1  y[D], D the right class                                        (1998, eq. 8)
//   LOSS = 2  y[D] + log(e^-J + sum over c of e^-y[c])                       (1998, eq. 9)
//
// With 0 the outputs are squashed and the largest wins; with 1 and 2 they are distances and the
// smallest wins, the first of equals in both. Distances reach 620, so that e^-y underflows: the
// logarithm is taken around the smallest.

alias Scores = array<f32, 10>;

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
    var verdict: Verdict;
    verdict.wrong = select(0.0, 1.0, answer != right);

    if (LOSS == 0u) {
        for (var c = 0u; c < 10u; c++) {
            let error = (*y)[c] - select(-1.0, 1.0, c == right);
            verdict.loss += 0.1 * error * error;
            verdict.slopes[c] = 0.2 * error * squash_slope((*y)[c]);
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
