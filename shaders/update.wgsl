// update: reduces the partial gradients, or second derivatives, of the convolution stages, and applies the
// epilogue.
//
//   g = sum over the SLOTS rows of partials, in order
//
// uses: epilogue
// binds:
//   partials  read vec4f   [SLOTS, STRIDE]
//   now       read u32     [4]  of this step: now[2] the rate
//   epilogue
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
