// batches: y = W x for batches of 1 to 9 samples: y[n,o] = sum over i of w[o,i] x[n,i], all whole numbers
//
//   input   w [8, 16], then x [9, 16]
//   output  of a batch of B samples [B, 8], behind those of smaller batches
//
// A workgroup for each sample, as in the sample plan. The number of workgroups is the batch.

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(8)
fn main(
    @builtin(local_invocation_index) o: u32,
    @builtin(workgroup_id) n: vec3u,
    @builtin(num_workgroups) batch: vec3u,
) {
    var sum = 0.0;
    for (var i = 0u; i < 16u; i++) {
        sum += input[16u * o + i] * input[128u + 16u * n.x + i];
    }
    let before = batch.x * (batch.x - 1u) / 2u;
    output[8u * (before + n.x) + o] = sum;
}
