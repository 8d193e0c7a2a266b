// sample_step: everything from the digit to the gradients, or second derivatives (local.wgsl), a
// workgroup to a sample. (LeNet-1 of 1990, LeNet-5 of 1998.)
//
//   traces = the gradients of the stages, then x and dy of each linear layer
//
// uses: common, local, loss, distort, step, sample, sample_patch, sample_stages, sample_layers, sample_layers_backward
// uses: sample_second_backward, sample_first_backward
// binds:
//   data_set    storage u32   as in gather.wgsl
//   indices     storage u32
//   step_table  storage u32
//   cursor      uniform u32   [1] the step to do
//   p           uniform f32   shapes of these three: sample.wgsl
//   w           read vec4f
//   table       uniform u32
//   step_state  write u32     [8] the row of step_table with the number of the step for its key, for sample_update
//   y           write f32     [samples, CLASSES] the outputs
//   totals      write f32     [samples, 4] sums over the steps since the host cleared them
//   traces      write f32     [samples, TRACE] a row a sample, shapes: sample.wgsl
//
// Where the last batch of an epoch is not full, the workgroups without a digit compute the first digit of the step
// again, with a factor of 0: their derivatives are 0.

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
    if (OUTPUT == OUTPUT_RBF) {
        distances_backward(sample, t);
    }
    for (var number = LAYERS; number > 0u; number--) {
        linear_backward(number - 1u, trace, t);
    }
    second_pooling_backward(t);
    second_gradients(trace, t);
    second_backward_input(t);
    read_digit(sample, t);
    first_gradients(trace, t);
}
