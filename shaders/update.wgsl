// update: adds rows of partial sums and applies the epilogue. The rows are the partial gradients, or second
// derivatives, of the convolution stages, or the gradients of all shards (store.wgsl).
//
//   g = sum over the PARTIAL_ROWS rows of partials, in order
//
// uses: epilogue
// binds:
//   partials    read vec4f   [PARTIAL_ROWS, STRIDE]
//   step_state  read u32     [8] of this step: the rate
//   epilogue
//
// One invocation computes four parameters side by side.

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(step_state_at(STEP_RATE));
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        var g = partials_at(item);
        for (var row = 1u; row < PARTIAL_ROWS; row++) {
            g += partials_at(row * (STRIDE / 4u) + item);
        }
        apply(item, g, rate);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
