// update: one step of SGD with momentum, as PyTorch has it.
//
//   g = sum over the SLOTS rows of partials [SLOTS, STRIDE], in order,  + WEIGHT_DECAY w
//   v = MOMENTUM v + g
//   w = w - rate v                     rate: now[2], of this step
//
// One invocation does four parameters side by side.

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3u) {
    let rate = bitcast<f32>(now_at(2u));
    for (var item = id.x; item < ITEMS; item += THREADS) {
        var g = partials_at(item);
        for (var slot = 1u; slot < SLOTS; slot++) {
            g += partials_at(slot * (STRIDE / 4u) + item);
        }
        let w = parameters[item];
        let v = MOMENTUM * velocity[item] + g + WEIGHT_DECAY * w;
        velocity[item] = v;
        parameters[item] = w - rate * v;
    }
}
