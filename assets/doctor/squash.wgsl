// squash: out[i] = A tanh(S input[i]) with A = 1.7159 and S = 2/3, as shaders/common.wgsl computes it
//
// Arguments of 100 and more, where some drivers make NaN of a tanh, and small ones.

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

const SQUASH_A = 1.7159f;
const SQUASH_S = 0.6666667f;
const SQUASH_CENTRE = 0.0f;
const SQUASH = 0u;
const SQUASH_RELU = 1u;

fn squash(a: f32) -> f32 {
    if (SQUASH == SQUASH_RELU) {
        return max(a, 0.0);
    }
    let power = exp2(min(SQUASH_S * 2.885390082 * a, 60.0));
    return (SQUASH_CENTRE + SQUASH_A) - 2.0 * SQUASH_A / (power + 1.0);
}

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32) {
    output[i] = squash(input[i]);
}
