// bytes: out[n] = byte n of input by shift and mask, out[256 + n] = 255 times what `unpack4x8unorm` makes of it
//
// All 256 bytes; the place in a word is no constant.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    let word = input[i];
    let parts = unpack4x8unorm(word);
    for (var k = 0u; k < 4u; k++) {
        output[4u * i + k] = (word >> (8u * k)) & 255u;
        output[256u + 4u * i + k] = u32(round(parts[k] * 255.0));
    }
}
