// linear_backward: the whole backward pass of a linear layer in one pass over its weights. The one invocation
// that owns a weight reads it, adds to the input gradient, and updates it. (1998: C5, F6.)
//
//   dx[n,i]  = f'(x[n,i]) sum over o of w[o,i] dy[n,o]
//   dw[o,i]  = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o]
//
// uses: input_slope, linear, epilogue, linear_gradient
// binds:
//   x           read vec4f    shapes: linear.wgsl
//   dy          read f32
//   step_state  read u32      [8] of this step: the rate
//   dx          write vec4f
//   gradient    write vec4f   as the parameters: biases [OUTPUTS], and from WEIGHTS on w [OUTPUTS, INPUTS]
//   epilogue
//
// The same as linear_backward_input and linear_update, for first derivatives. Those two have an
// invocation for every few weights, which a GPU needs; this one, for few and fat invocations,
// reads weights and dy once for both.
//
// Windows of the batch: linear_gradient.wgsl; dx is whole after each window.
// One invocation computes four inputs of all outputs; the first ones also four biases each.

@compute @workgroup_size(WORKGROUP)
fn linear_backward(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(step_state_at(STEP_RATE));
    update_biases(id.x, rate);
    var i = id.x;
    if (i >= ITEMS) {
        return;
    }
    loop {
        var x = array<vec4f, SAMPLES>();
        for (var n = 0u; n < SAMPLES; n++) {
            x[n] = x_at(QUADS * n + i);
        }
        var dx_sum = array<vec4f, SAMPLES>();
        var o = 0u;
        loop {
            let at = WEIGHTS / 4u + QUADS * o + i;
            let w = parameters[at];
            var sum = vec4f();
            for (var n = 0u; n < SAMPLES; n++) {
                let d = dy_at(OUTPUTS * n + o);
                dx_sum[n] += d * w;
                sum += d * x[n];
            }
            add_window(at, sum, rate);
            continuing {
                o++;
                break if o == OUTPUTS;
            }
        }
        for (var n = 0u; n < SAMPLES; n++) {
            dx[QUADS * n + i] = dx_sum[n] * input_slopes(x[n]);
        }
        continuing {
            i += THREADS;
            break if i >= ITEMS;
        }
    }
}
