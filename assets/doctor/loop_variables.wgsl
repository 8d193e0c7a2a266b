// loop_variables: out[i] = input[i] (input[i] + 1) / 2
//
// A variable that is declared in a loop begins at its initializer in every iteration. If it kept its value, the sums
// would be larger.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) {
    var sum = 0u;
    for (var k = 1u; k <= input[i]; k++) {
        var fresh = 0u;
        for (var j = 0u; j < k; j++) {
            fresh++;
        }
        sum += fresh;
    }
    output[i] = sum;
}
