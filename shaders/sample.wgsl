// A whole sample in one workgroup: shapes, and what stands where in workgroup memory.
//
//   x    [HEIGHT, WIDTH]          the digit with its border, SCALE byte + BACKGROUND; with DISTORT
//                                 distorted by its view (distort.wgsl)
//   h1   [FIRST_MAPS, OH1, OW1]   after the first convolution; never stored
//   s1   [FIRST_MAPS, PH1, PW1]   after its pooling
//   h2   [MAPS, OH2, OW2]         after the second convolution, over what the table names of s1
//   s2   [MAPS, PH2, PW2]         after its pooling: the input of the first linear layer
//   y    of each linear layer, one after the other; then come the CLASSES outputs or distances
//   p    of both stages, each: weights [J, K, K], bias, coefficient, pooling bias
//   w    of the linear layers, in vec4s: biases and weights at the places that `table` names
//   table  LAYERS rows of struct Layer (8 words each), the connection table as in conv_pool.wgsl, and the bitmaps of
//          the RBF output as bits of f32
//   traces [samples, TRACE]  what sample_update reads for each sample: the gradients of p, then x and dy of each linear
//          layer
//
//   memory   0: s1    X_H2: x, then h2, then x again    FEATURES: s2 and all y    SCRATCH
//
// In the backward pass, the gradient with respect to a pre-activation replaces the activation.
//
// expects: distort; data_set_at, indices_at, step_table_at, cursor_at, table_at
// expects: SIDE, ROW_WORDS, SAMPLE_WORDS, STEP_WORDS, STEP_FIRST, STEP_COUNT, STEP_KEY
// expects: HEIGHT, WIDTH, BORDER, SCALE, BACKGROUND
// expects: DISTORT, DIGITS, FIRST_MAPS, MAPS, CONNECTIONS, SECOND, LAYERS, X_H2, MEMORY, WORKGROUP

// Both kernels are 5x5 (sample_second_backward.wgsl).
const K = 5u;
const TAPS = K * K;

const OH1 = HEIGHT - (K - 1u);
const OW1 = WIDTH - (K - 1u);
const PH1 = OH1 / 2u;
const PW1 = OW1 / 2u;
const BLOCKS1 = PH1 * PW1;
const OH2 = PH1 - (K - 1u);
const OW2 = PW1 - (K - 1u);
const PH2 = OH2 / 2u;
const PW2 = OW2 / 2u;
const BLOCKS2 = PH2 * PW2;

// Where the parts of p and of the table begin.
const BIAS1 = TAPS * FIRST_MAPS;
const COEFFICIENT1 = BIAS1 + FIRST_MAPS;
const POOL_BIAS1 = COEFFICIENT1 + FIRST_MAPS;
const BIAS2 = SECOND + TAPS * CONNECTIONS;
const COEFFICIENT2 = BIAS2 + MAPS;
const POOL_BIAS2 = COEFFICIENT2 + MAPS;
const CONNECTIONS_AT = 8u * LAYERS;
const CHANNEL_AT = CONNECTIONS_AT + MAPS + 1u;
const MAP_AT = CHANNEL_AT + CONNECTIONS;
const FIRST_OUT_AT = MAP_AT + CONNECTIONS;
const BY_CHANNEL_AT = FIRST_OUT_AT + FIRST_MAPS + 1u;
const CENTRES_AT = BY_CHANNEL_AT + CONNECTIONS;

var<workgroup> memory: array<f32, MEMORY>;

/// A linear layer, in step with `Layer` in src/plan/sample.rs.
struct Layer {
    inputs: u32,
    outputs: u32,
    /// Where its biases and its weights begin in w, in numbers; multiples of 4.
    biases: u32,
    weights: u32,
    /// In memory.
    x: u32,
    y: u32,
    /// In a row of traces.
    x_trace: u32,
    dy_trace: u32,
}

fn layer_at(number: u32) -> Layer {
    let at = 8u * number;
    return Layer(
        table_at(at), table_at(at + 1u), table_at(at + 2u), table_at(at + 3u),
        table_at(at + 4u), table_at(at + 5u), table_at(at + 6u), table_at(at + 7u),
    );
}

struct Sample {
    /// Its place in `data_set`.
    place: u32,
    digit: u32,
    view: u32,
    /// Key of the distortion.
    key: u32,
    label: u32,
    /// One by the samples in the step; 0 where the last batch of an epoch has no digit.
    per_sample: f32,
}

fn sample_at(n: u32) -> Sample {
    let row = STEP_WORDS * cursor_at(0u);
    let count = step_table_at(row + STEP_COUNT);
    let here = n < count;
    let entry = indices_at(step_table_at(row + STEP_FIRST) + select(0u, n, here));
    let digit = select(entry, entry % DIGITS, DISTORT);
    let place = SAMPLE_WORDS * digit;
    return Sample(
        place,
        digit,
        entry / DIGITS,
        step_table_at(row + STEP_KEY),
        data_set_at(place + (SAMPLE_WORDS - 1u)),
        select(0.0, 1.0 / f32(count), here),
    );
}

fn read_digit(sample: Sample, t: u32) {
    if (DISTORT) {
        make_digit(sample, t);
    } else {
        copy_digit(sample.place, t);
    }
    workgroupBarrier();
}

fn copy_digit(place: u32, t: u32) {
    for (var i = t; i < HEIGHT * WIDTH; i += WORKGROUP) {
        // Above and left of the digit these wrap around to huge values, which the comparison rejects.
        let row = i / WIDTH - BORDER;
        let column = i % WIDTH - BORDER;
        let inside = row < SIDE && column < SIDE;
        let word = select(0u, ROW_WORDS * row + column / 4u, inside);
        let byte = (data_set_at(place + word) >> (8u * (column % 4u))) & 255u;
        memory[X_H2 + i] = SCALE * select(0.0, f32(byte), inside) + BACKGROUND;
    }
}

fn make_digit(sample: Sample, t: u32) {
    let map = affine_of(sample.key, sample.view, sample.digit);
    for (var i = t; i < HEIGHT * WIDTH; i += WORKGROUP) {
        let source = source_of(map, sample.place, i / WIDTH);
        memory[X_H2 + i] = SCALE * distorted(map, source, i % WIDTH) + BACKGROUND;
    }
}
