// zeroed_memory: out[w] = words of workgroup memory that are not 0 when workgroup w begins
//
// `fill` leaves other numbers in that memory first.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

var<workgroup> memory: array<u32, 2048>;
var<workgroup> found: array<u32, 64>;

@compute @workgroup_size(64)
fn fill(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) w: vec3u) {
    for (var k = i; k < 2048u; k += 64u) {
        memory[k] = input[k % 4u] | 1u;
    }
    workgroupBarrier();
    if (i == 0u) {
        output[4u + w.x] = memory[2047];
    }
}

@compute @workgroup_size(64)
fn look(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) w: vec3u) {
    var count = 0u;
    for (var k = i; k < 2048u; k += 64u) {
        count += select(0u, 1u, memory[k] != 0u);
    }
    found[i] = count;
    workgroupBarrier();
    if (i == 0u) {
        var sum = 0u;
        for (var k = 0u; k < 64u; k++) {
            sum += found[k];
        }
        output[w.x] = sum;
    }
}
