// sample_forward: everything from the digit to the loss, a workgroup to a sample. (LeNet-1 of 1990,
// LeNet-5 of 1998.)
//
//   y = the outputs of the network
//
// uses: common, local, loss, distort, step, sample, sample_patch, sample_stages, sample_layers
// binds:
//   data_set    storage u32   as in gather.wgsl
//   indices     storage u32
//   step_table  storage u32
//   cursor      uniform u32   [1] the step to do
//   p           uniform f32   shapes of these three: sample.wgsl
//   w           read vec4f
//   table       uniform u32
//   step_state  write u32     [8] the row of step_table with the number of the step for its key, for advance
//   y           write f32     [samples, CLASSES] the outputs
//   totals      write f32     [samples, 4] sums over the steps since the host cleared them

@compute @workgroup_size(WORKGROUP)
fn sample_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(local_invocation_index) t: u32,
) {
    if (workgroup.x == 0u && t == 0u) {
        remember_step();
    }
    forward(workgroup.x, sample_at(workgroup.x), t);
}
