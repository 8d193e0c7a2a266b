// first_stage_backward: every gradient of the first stage, which sees one map (C = 1, J = M) and hands
// nothing further down. h is made anew from x: cheaper than to store and to read it.
//
// One invocation sums every SLOTS-th block of one map, in order (block_gradients.wgsl), and writes
// its own row of partials [SLOTS, STRIDE], laid out as p; `update` adds the rows.

@compute @workgroup_size(WORKGROUP)
fn first_stage_backward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let slot = item % SLOTS;
        let m = item / SLOTS;
        var kernel = kernel_at(25u * m);
        let bias = p_at(BIAS + m);
        let scale = local(BLOCK_SCALE * p_at(COEFFICIENT + m));

        var g: Gradients;
        var unit = slot;
        loop {
            let place = corner(unit % BLOCKS);
            let n = unit / BLOCKS;
            var seen: Seen;
            see(&seen, (n * HEIGHT + 2u * place.x) * WIDTH + 2u * place.y);
            var h: Block;
            convolve(&h, &seen, &kernel);
            squash_block(&h, bias);
            let pooled = ((n * M + m) * PH + place.x) * PW + place.y;
            block_gradients(&g, &seen, &h, scale, pooled);
            continuing {
                unit += SLOTS;
                break if unit >= SAMPLES * BLOCKS;
            }
        }
        put_gradients(&g, slot, m, m, true);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
