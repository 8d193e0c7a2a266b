// update: the gradients, or second derivatives, of the convolution stages, and what becomes of them
// (sgd.wgsl, sdlm.wgsl, curvature.wgsl).
//
//   g = sum over the SLOTS rows of partials [SLOTS, STRIDE], in order;  rate: now[2], of this step
//
// One invocation does four parameters side by side.

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(now_at(2u));
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        var g = partials_at(item);
        for (var slot = 1u; slot < SLOTS; slot++) {
            g += partials_at(slot * (STRIDE / 4u) + item);
        }
        take(item, g, rate);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
