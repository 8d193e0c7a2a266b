// conv_backward_weights: the gradients of a convolution stage after the first.
//
//   partials[slot] = the sums over every SLOTS-th column of blocks (block_gradients.wgsl)
//
// uses: common, local, conv_pool, convolve, block_gradients
// binds:
//   x         read f32    shapes: conv_pool.wgsl
//   p         read f32
//   h         read f32
//   ds        read f32
//   table     read u32
//   partials  write f32   [SLOTS, STRIDE], rows laid out as p; `update` adds them
//
// One invocation sums every SLOTS-th column of blocks of one connection, from top to bottom, and writes
// its own row of partials. The first connection of a map also brings the gradients of that map's bias
// and pooling.

fn kept_row(h: ptr<function, Block>, y: u32, at: u32) {
    for (var i = 0u; i < N; i++) {
        (*h)[N * y + i] = h_at(at + OW * y + i);
    }
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_weights(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let slot = item % SLOTS;
        let j = item / SLOTS;
        let c = table_at(CHANNEL + j);
        let m = table_at(MAP + j);
        let scale = local(BLOCK_SCALE * p_at(COEFFICIENT + m));

        var g = Gradients();
        var unit = slot;
        loop {
            let n = unit / ACROSS;
            let left = STRIP * (unit % ACROSS);
            var seen = Seen();
            see_four(&seen, 2u, (n * C + c) * HEIGHT * WIDTH + 2u * left);
            var y = 0u;
            loop {
                see_further(&seen, ((n * C + c) * HEIGHT + 2u * y + (K - 1u)) * WIDTH + 2u * left);
                var h = Block();
                let kept = ((n * M + m) * OH + 2u * y) * OW + 2u * left;
                kept_row(&h, 0u, kept);
                kept_row(&h, 1u, kept);
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
        put_gradients(&g, slot, j, m, j == table_at(m));

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
