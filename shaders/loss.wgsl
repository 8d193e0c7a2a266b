// loss: the loss of each sample, its derivative, and whether the answer is wrong.
//
//   y       [SAMPLES, 10]  LOSS = 0: squashed outputs, the largest wins; 1, 2: distances, the smallest
//   label   [SAMPLES], over 9 where there is no digit: no loss, no derivative
//   dy      [SAMPLES, 10]  LOSS = 0: the loss by what the squash of the output got; 1, 2: by y
//   totals  [SAMPLES, 4]   sums over the steps since the host cleared them: loss, errors, and both
//                          divided by the samples of their step
//   cursor  [1]            moved to the next step
//
//   0  mean over samples and outputs of (y - t)^2, t = +1 for the class and -1 elsewhere (1990)
//   1  mean of y[D], D the right class                                         (1998, eq. 8)
//   2  mean of y[D] + log(e^-J + sum over c of e^-y[c])                        (1998, eq. 9)
//
// Distances reach 620, so that e^-y underflows: the logarithm is taken around the smallest.
// One invocation does one sample; totals has a row a sample, so that no order of adding is open.

@compute @workgroup_size(WORKGROUP)
fn loss(@builtin(global_invocation_id) id: vec3u) {
    if (id.x == 0u) {
        cursor[0] = now_at(3u) + 1u;
    }
    let share = 1.0 / f32(now_at(1u));
    for (var n = id.x; n < ITEMS; n += THREADS) {
        let at = 10u * n;
        let right = label_at(n);
        if (right > 9u) {
            for (var c = 0u; c < 10u; c++) {
                dy[at + c] = 0.0;
            }
        } else {
            // The first of equal bests wins, as argmax and argmin have it.
            let sign = select(-1.0, 1.0, LOSS == 0u);
            var answer = 0u;
            var best = sign * y_at(at);
            for (var c = 1u; c < 10u; c++) {
                let value = sign * y_at(at + c);
                if (value > best) {
                    best = value;
                    answer = c;
                }
            }

            var sum = 0.0;
            if (LOSS == 0u) {
                for (var c = 0u; c < 10u; c++) {
                    let value = y_at(at + c);
                    let error = value - select(-1.0, 1.0, c == right);
                    sum += error * error * 0.1;
                    dy[at + c] = 0.2 * error * share * squash_slope(value);
                }
            } else if (LOSS == 1u) {
                sum = y_at(at + right);
                for (var c = 0u; c < 10u; c++) {
                    dy[at + c] = select(0.0, share, c == right);
                }
            } else {
                let least = min(-best, J);
                var mass = exp(least - J);
                for (var c = 0u; c < 10u; c++) {
                    mass += exp(least - y_at(at + c));
                }
                sum = y_at(at + right) - least + log(mass);
                for (var c = 0u; c < 10u; c++) {
                    let pull = select(0.0, 1.0, c == right);
                    dy[at + c] = share * (pull - exp(least - y_at(at + c)) / mass);
                }
            }

            let wrong = select(0.0, 1.0, answer != right);
            totals[4u * n] += sum;
            totals[4u * n + 1u] += wrong;
            totals[4u * n + 2u] += sum * share;
            totals[4u * n + 3u] += wrong * share;
        }
    }
}
