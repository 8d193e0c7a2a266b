// long_loops: out[i] = iterations that a loop of input[i] really runs

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
    var chain = 1u;
    var done = 0u;
    for (var k = 0u; k < input[i]; k++) {
        // Each value depends on the last, so that no compiler can skip to the end.
        chain = chain * 1664525u + 1013904223u;
        done += select(1u, 2u, chain == k) & 1u;
    }
    output[i] = done;
}
