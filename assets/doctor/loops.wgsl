// loops: out[i] = iterations that a nest of three loops really runs, n = input[i] in the outermost
//
// Every loop steps over some of its iterations, so that no compiler can multiply the bounds.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    var done = 0u;
    for (var a = 0u; a < input[i]; a++) {
        for (var b = 0u; b < 10u; b++) {
            if ((a + b) % 10u == 9u) {
                continue;
            }
            for (var c = 0u; c < 10u; c++) {
                if (c == b) {
                    break;
                }
                done++;
            }
        }
    }
    output[i] = done;
}
