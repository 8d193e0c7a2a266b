// 2x2 blocks of a convolution, each from its input patch of PATCH x PATCH values.
//
//   block = (top left, top right, bottom left, bottom right)
//   block[a,b] = sum over ky, kx of w[ky,kx] patch[a+ky,b+kx]
//
// A patch stays in registers: every index becomes a constant once the short loops are unrolled.
//
// expects: common, local, sample; p_at; BLOCK_SCALE

const PATCH = K + 1u;
alias Patch = array<f32, PATCH * PATCH>;

fn patch_at(at: u32, width: u32) -> Patch {
    var values = Patch();
    for (var y = 0u; y < PATCH; y++) {
        for (var x = 0u; x < PATCH; x++) {
            values[PATCH * y + x] = memory[at + width * y + x];
        }
    }
    return values;
}

// Weights from `w` on, in the order of the kernel. For the backward pass (`back`) in reverse, as local
// derivatives.
fn convolve(values: ptr<function, Patch>, w: u32, back: bool) -> vec4f {
    var sum = vec4f();
    for (var ky = 0u; ky < K; ky++) {
        for (var kx = 0u; kx < K; kx++) {
            let tap = K * ky + kx;
            let i = PATCH * ky + kx;
            let inputs = vec4f((*values)[i], (*values)[i + 1u], (*values)[i + PATCH], (*values)[i + (PATCH + 1u)]);
            let weight = p_at(w + select(tap, TAPS - 1u - tap, back));
            sum += select(weight, local(weight), back) * inputs;
        }
    }
    return sum;
}

fn block_at(at: u32, width: u32) -> vec4f {
    return vec4f(memory[at], memory[at + 1u], memory[at + width], memory[at + width + 1u]);
}

fn put_block(at: u32, width: u32, block: vec4f) {
    memory[at] = block.x;
    memory[at + 1u] = block.y;
    memory[at + width] = block.z;
    memory[at + width + 1u] = block.w;
}

fn squashes(a: vec4f) -> vec4f {
    return vec4f(squash(a.x), squash(a.y), squash(a.z), squash(a.w));
}

// f( coefficient BLOCK_SCALE (the sum of the block) + bias ), both at their places in p.
fn pool(block: vec4f, coefficient: u32, bias: u32) -> f32 {
    return squash(BLOCK_SCALE * p_at(coefficient) * dot(block, vec4f(1.0)) + p_at(bias));
}
