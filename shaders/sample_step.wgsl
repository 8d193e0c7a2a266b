// sample_step: everything from the digit to the gradients, or second derivatives (local.wgsl), a
// workgroup to a sample.
//
//   y      [samples, 10]     the outputs
//   totals [samples, 4]      sums over the steps since the host cleared them
//   now    [4]               the row of `steps` that is being done, and its number, for sample_update
//   traces [samples, TRACE]  the sample's gradients of p, then x and dy of each linear layer
//
// Where the last batch of an epoch is not full, a workgroup without a digit repeats the first, and
// a loss of 0 leaves zeros.

@compute @workgroup_size(WORKGROUP)
fn sample_step(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_index) t: u32,
) {
    if (workgroup.x == 0u && t == 0u) {
        remember_step();
    }
    let sample = sample_at(workgroup.x);
    let trace = TRACE * workgroup.x;
    forward(workgroup.x, sample, t);
    if (LOSS != 0u) {
        distances_backward(sample, t);
    }
    for (var above = LAYERS; above > 0u; above--) {
        linear_backward(above - 1u, trace, t);
    }
    second_pooling_backward(t);
    second_gradients(trace, t);
    second_backward_input(t);
    read_digit(sample, t);
    first_gradients(trace, t);
}
