// sample_update: the gradients, or second derivatives, of all samples together, and what becomes of
// them (sgd.wgsl, sdlm.wgsl, curvature.wgsl).
//
//   stages         g = sum over n of the sample's gradient
//   linear layers  dw[o,i] = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o];
//                  x squared for second derivatives (local.wgsl)
//
//   traces [SAMPLES, TRACE]  as sample_step leaves them; from STAGES on x and dy of the layers
//   layers [LAYERS, 8]       struct Layer of sample.wgsl
//   now    [4]               of this step: now[2] the rate, now[3] its number
//   cursor [1]               moved to the next step
//
// One invocation does four parameters side by side.

@compute @workgroup_size(WORKGROUP)
fn sample_update(@builtin(global_invocation_id) id: vec3u) {
    if (id.x == 0u) {
        cursor[0] = now_at(3u) + 1u;
    }
    let rate = bitcast<f32>(now_at(2u));
    for (var item = id.x; item < ITEMS; item += THREADS) {
        // Of each sample one vec4 of the traces, times one number where that is x.
        var vector = 4u * item;
        var factor = 0u;
        var is_weight = false;
        if (vector >= STAGES) {
            let place = vector - STAGES;
            var k = 0u;
            while (k + 8u < 8u * LAYERS && place >= layers_at(k + 10u)) {
                k += 8u;
            }
            let inputs = layers_at(k);
            let outputs = layers_at(k + 1u);
            is_weight = place >= layers_at(k + 3u);
            let weight = place - layers_at(k + 3u);
            let o = select(place - layers_at(k + 2u), weight / inputs, is_weight);
            if (o >= outputs) {
                // A gap behind the biases or the weights: it stays 0.
                continue;
            }
            let dy = layers_at(k + 7u);
            vector = select(dy + o, layers_at(k + 6u) + weight % inputs, is_weight);
            factor = dy + o;
        }

        var g = vec4f();
        for (var n = 0u; n < SAMPLES; n++) {
            var trace = traces_at((TRACE * n + vector) / 4u);
            if (is_weight) {
                let at = TRACE * n + factor;
                trace = traces_at(at / 4u)[at % 4u] * locals(trace);
            }
            g += trace;
        }
        take(item, g, rate);
    }
}
