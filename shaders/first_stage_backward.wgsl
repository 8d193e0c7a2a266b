// first_stage_backward: every gradient of the first stage, which sees one map (C = 1, J = M) and hands
// nothing further down.
//
//   partials[slot] = the sums over every SLOTS-th column of blocks (block_gradients.wgsl)
//
// uses: common, local, conv_pool, convolve, block_gradients
// binds:
//   x         read f32    shapes: conv_pool.wgsl
//   p         read f32
//   ds        read f32
//   partials  write f32   [SLOTS, STRIDE], rows laid out as p; `update` adds them
//
// h is computed again from x: cheaper than to store and to read it. One invocation sums every SLOTS-th
// column of blocks of one map, from top to bottom, and writes its own row of partials.

@compute @workgroup_size(WORKGROUP)
fn first_stage_backward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let slot = item % SLOTS;
        let m = item / SLOTS;
        var kernel = kernel_at(TAPS * m);
        let bias = p_at(BIAS + m);
        let scale = local(BLOCK_SCALE * p_at(COEFFICIENT + m));

        var g = Gradients();
        var unit = slot;
        loop {
            let n = unit / ACROSS;
            let left = STRIP * (unit % ACROSS);
            var seen = Seen();
            see_four(&seen, 2u, n * HEIGHT * WIDTH + 2u * left);
            var y = 0u;
            loop {
                see_further(&seen, (n * HEIGHT + 2u * y + (K - 1u)) * WIDTH + 2u * left);
                var h = Block();
                convolve(&h, &seen, &kernel);
                squash_block(&h, bias);
                block_gradients(&g, &seen, &h, scale, ((n * M + m) * PH + y) * PW + left);
                continuing {
                    y++;
                    break if y == PH;
                }
            }
            continuing {
                unit += SLOTS;
                break if unit >= SAMPLES * ACROSS;
            }
        }
        put_gradients(&g, slot, m, m, true);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
