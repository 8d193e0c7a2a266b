// private_arrays: out[i] = sum over k of (k + 1) table[k], where table[input[(i + k) % 64] % 24] gets k added
//
// The places of an array that an invocation holds for itself are known only while it runs.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    var table = array<u32, 24>();
    for (var k = 0u; k < 48u; k++) {
        table[input[(i + k) % 64u] % 24u] += k;
    }
    var sum = 0u;
    for (var k = 0u; k < 24u; k++) {
        sum += (k + 1u) * table[k];
    }
    output[i] = sum;
}
