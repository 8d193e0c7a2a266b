// dispatches: each dispatch reads what the one before it wrote, in other workgroups
//
//   first:  a[n] = 3 input[n % 64] + n          n in 0 .. 2,048
//   turn:   b[n] = a[2,047 - n] + 1, and back:  a[n] = b[2,047 - n] + 1
//   sum:    out[n] = sum over 32 numbers a[n], a[n + 64], ..

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

// Where a and b begin in `output`.
const A = 64u;
const B = A + 2048u;

@compute @workgroup_size(64)
fn first(@builtin(global_invocation_id) id: vec3u) {
    output[A + id.x] = 3u * input[id.x % 64u] + id.x;
}

@compute @workgroup_size(64)
fn turn(@builtin(global_invocation_id) id: vec3u) {
    output[B + id.x] = output[A + 2047u - id.x] + 1u;
}

@compute @workgroup_size(64)
fn back(@builtin(global_invocation_id) id: vec3u) {
    output[A + id.x] = output[B + 2047u - id.x] + 1u;
}

@compute @workgroup_size(64)
fn sum(@builtin(local_invocation_index) i: u32) {
    var sum = 0u;
    for (var k = 0u; k < 32u; k++) {
        sum += output[A + i + 64u * k];
    }
    output[i] = sum;
}
