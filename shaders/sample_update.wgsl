// sample_update: the gradients, or second derivatives, of all samples together, and their epilogue.
//
//   stages         g = sum over n of the sample's gradient
//   linear layers  dw[o,i] = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o];
//                  x squared for second derivatives (local.wgsl)
//
// uses: local, epilogue
// binds:
//   traces      read vec4f    [SAMPLES, TRACE] as sample_step leaves them; from STAGES on x and dy of the
//                             layers
//   layers      uniform u32   [LAYERS, 8] struct Layer of sample.wgsl
//   step_state  uniform u32   [4] of this step: step_state[2] the rate, step_state[3] its number
//   cursor      write u32     [1] moved to the next step
//   epilogue
//
// One invocation computes four parameters side by side, and reads TOGETHER samples at a time, so that the
// waits for memory overlap.

const TOGETHER = 8u;
// Words of a row of layers.
const LAYER = 8u;
const WHOLE = SAMPLES - SAMPLES % TOGETHER;

// What sample n adds to four gradients: a vec4 of its traces, times one number where that is x.
fn term_of(n: u32, vector: u32, factor: u32, is_weight: bool) -> vec4f {
    let trace = traces_at((TRACE * n + vector) / 4u);
    let dy = traces_at((TRACE * n + factor) / 4u)[factor % 4u];
    return select(trace, dy * locals(trace), is_weight);
}

@compute @workgroup_size(WORKGROUP)
fn sample_update(@builtin(global_invocation_id) id: vec3u) {
    if (id.x == 0u) {
        cursor[0] = step_state_at(3u) + 1u;
    }
    let rate = bitcast<f32>(step_state_at(2u));
    for (var item = id.x; item < ITEMS; item += THREADS) {
        var vector = 4u * item;
        var factor = 0u;
        var is_weight = false;
        if (vector >= STAGES) {
            let place = vector - STAGES;
            var k = 0u;
            while (k + LAYER < LAYER * LAYERS && place >= layers_at(k + (LAYER + 2u))) {
                k += LAYER;
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
        for (var first = 0u; first < WHOLE; first += TOGETHER) {
            for (var n = 0u; n < TOGETHER; n++) {
                g += term_of(first + n, vector, factor, is_weight);
            }
        }
        for (var n = WHOLE; n < SAMPLES; n++) {
            g += term_of(n, vector, factor, is_weight);
        }
        apply(item, g, rate);
    }
}
