// linear_update: the gradient of a linear layer, and at once what becomes of it: a step (sgd.wgsl,
// sdlm.wgsl), or with second derivatives, for which x is squared (local.wgsl), curvature.wgsl.
//
//   dw[o,i]  = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o]
//   gradient, velocity, parameters, curvature: biases [OUTPUTS], and from WEIGHTS on w [OUTPUTS, INPUTS]
//
// Where the batch comes in several windows, the first (STARTS) starts the sum, each but the last
// leaves it in `gradient`, and the last (ENDS) takes it; rate: now[2].
// One invocation does four inputs of TILE outputs; the first ones also four biases each.

fn finish(at: u32, part: vec4f, rate: f32) {
    var sum = part;
    if (!STARTS) {
        sum += gradient[at];
    }
    if (ENDS) {
        take(at, sum, rate);
    } else {
        gradient[at] = sum;
    }
}

@compute @workgroup_size(WORKGROUP)
fn linear_update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(now_at(2u));
    for (var o = 4u * id.x; o < OUTPUTS; o += 4u * THREADS) {
        var sum = vec4f();
        for (var n = 0u; n < SAMPLES; n++) {
            for (var a = 0u; a < 4u; a++) {
                // Places behind the last bias are a gap that stays 0.
                let d = dy_at(OUTPUTS * n + min(o + a, OUTPUTS - 1u));
                sum[a] += select(0.0, d, o + a < OUTPUTS);
            }
        }
        finish(o / 4u, sum, rate);
    }

    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let i = item % QUADS;
        let o = TILE * (item / QUADS);
        var sum: array<vec4f, TILE>;
        for (var n = 0u; n < SAMPLES; n++) {
            let v = locals(x_at(QUADS * n + i));
            for (var a = 0u; a < TILE; a++) {
                sum[a] += dy_at(OUTPUTS * n + min(o + a, OUTPUTS - 1u)) * v;
            }
        }
        for (var a = 0u; a < TILE; a++) {
            if (o + a < OUTPUTS) {
                finish(WEIGHTS / 4u + QUADS * (o + a) + i, sum[a], rate);
            }
        }

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
