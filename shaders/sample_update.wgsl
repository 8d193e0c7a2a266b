// sample_update: the gradients, or second derivatives, of all samples together, and their epilogue.
//
//   stages         g = sum over n of the sample's gradient
//   linear layers  dw[o,i] = sum over n of dy[n,o] x[n,i],   dbias[o] = sum over n of dy[n,o];
//                  x squared for second derivatives (local.wgsl)
//
// uses: local, epilogue
// binds:
//   traces      read vec4f    [SAMPLES, TRACE] as sample_step writes them: gradients up to STAGES, then x and dy
//                             of each linear layer
//   layers      uniform u32   [LAYERS, 8] struct Layer of sample.wgsl
//   step_state  uniform u32   [8] of this step: the rate, its number
//   cursor      write u32     [1] moved to the next step
//   epilogue
//
// An invocation sums the gradients of four parameters. It reads TOGETHER samples at a time, so that the waits for
// memory overlap. PARTS invocations of a workgroup share the samples; the first of them adds up the parts and applies
// the epilogue.

// Samples that are read together; in step with `TOGETHER` in src/plan/kernels/sample_update.rs.
const TOGETHER = 8u;
// Words of a row of layers; in step with `Layer` in src/plan/sample.rs.
const LAYER_WORDS = 8u;
const WHOLE = SAMPLES - SAMPLES % TOGETHER;
// Groups of four parameters in one workgroup.
const QUADS = WORKGROUP / PARTS;

var<workgroup> sums: array<vec4f, WORKGROUP>;

// Where the terms of four gradients stand in a row of traces.
struct Terms {
    vector: u32,
    /// Place of the dy that multiplies the vector, where the vector is x.
    factor: u32,
    is_weight: bool,
    /// False in the gaps after the biases and after the weights, whose parameters stay 0.
    any: bool,
}

fn terms_of(item: u32) -> Terms {
    if (4u * item < STAGES) {
        return Terms(4u * item, 0u, false, true);
    }
    let place = 4u * item - STAGES;
    var k = 0u;
    while (k + LAYER_WORDS < LAYER_WORDS * LAYERS && place >= layers_at(k + (LAYER_WORDS + 2u))) {
        k += LAYER_WORDS;
    }
    let inputs = layers_at(k);
    let outputs = layers_at(k + 1u);
    let is_weight = place >= layers_at(k + 3u);
    let weight = place - layers_at(k + 3u);
    let o = select(place - layers_at(k + 2u), weight / inputs, is_weight);
    let dy = layers_at(k + 7u) + o;
    return Terms(select(dy, layers_at(k + 6u) + weight % inputs, is_weight), dy, is_weight, o < outputs);
}

// What sample n adds to the four sums: a vec4 of its traces. For weights that is x, times the dy of their output.
fn term_of(n: u32, terms: Terms) -> vec4f {
    let trace = traces_at((TRACE * n + terms.vector) / 4u);
    let dy = traces_at((TRACE * n + terms.factor) / 4u)[terms.factor % 4u];
    return select(trace, dy * locals(trace), terms.is_weight);
}

@compute @workgroup_size(WORKGROUP)
fn sample_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_index) t: u32,
) {
    if (workgroup.x == 0u && t == 0u) {
        cursor[0] = step_state_at(STATE_NUMBER) + 1u;
    }
    let item = QUADS * workgroup.x + t % QUADS;
    let part = t / QUADS;
    let terms = terms_of(min(item, PARAMETERS / 4u - 1u));

    var g = vec4f();
    for (var first = TOGETHER * part; first < WHOLE; first += TOGETHER * PARTS) {
        for (var n = 0u; n < TOGETHER; n++) {
            g += term_of(first + n, terms);
        }
    }
    for (var n = WHOLE + part; n < SAMPLES; n += PARTS) {
        g += term_of(n, terms);
    }
    sums[t] = g;
    workgroupBarrier();
    if (part == 0u && item < PARAMETERS / 4u && terms.any) {
        for (var other = 1u; other < PARTS; other++) {
            g += sums[QUADS * other + t];
        }
        apply(item, g, bitcast<f32>(step_state_at(STEP_RATE)));
    }
}
