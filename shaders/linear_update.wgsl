// linear_update: the gradient of a linear layer, and at once what becomes of it: a step (sgd.wgsl,
// sdlm.wgsl), or with second derivatives, for which x is squared (local.wgsl), curvature.wgsl.
//
//   dw[o,i]  = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o]
//   gradient, velocity, parameters, curvature: biases [OUTPUTS], and from WEIGHTS on w [OUTPUTS, INPUTS]
//
// What becomes of a sum, and windows of the batch: linear_gradient.wgsl; rate: now[2].
// One invocation does four inputs of TILE outputs; the first ones also four biases each.

@compute @workgroup_size(WORKGROUP)
fn linear_update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(now_at(2u));
    update_biases(id.x, rate);
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let i = item % QUADS;
        let o = TILE * (item / QUADS);
        var sum = array<vec4f, TILE>();
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
