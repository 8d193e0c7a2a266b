// sample_forward: everything from the digit to the loss, a workgroup to a sample.
//
//   y [samples, 10] = the outputs;  totals, now: as in sample_step.wgsl

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
