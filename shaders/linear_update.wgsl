// linear_update: the weight gradient of a linear layer, and its epilogue. (1998: C5, F6.)
//
//   dw[o,i]  = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o]
//
// uses: linear, local, epilogue, linear_gradient
// binds:
//   x           read vec4f    shapes: linear.wgsl
//   dy          read f32
//   step_state  read u32      [8] of this step: the rate
//   gradient    write vec4f   as the parameters: biases [OUTPUTS], and from WEIGHTS on w [OUTPUTS, INPUTS]
//   epilogue
//
// With second derivatives, for which x is squared (local.wgsl), the epilogue is curvature.wgsl.
// Windows of the batch: linear_gradient.wgsl.
// One invocation computes four inputs of TILE outputs; the first ones also four biases each.

@compute @workgroup_size(WORKGROUP)
fn linear_update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(step_state_at(STEP_RATE));
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
                add_window(WEIGHTS / 4u + QUADS * (o + a) + i, sum[a], rate);
            }
        }

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
