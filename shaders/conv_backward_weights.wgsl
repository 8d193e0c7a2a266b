// conv_backward_weights: the gradients of a convolution stage after the first.
// (1990: H3-H4. 1998: C3-S4.)
//
//   dw[j,ky,kx] = sum over n, y, x of dh[n,map[j],y,x] x[n,channel[j],y+ky,x+kx]
//   and the gradients of bias and pooling (tile_gradients.wgsl)
//   partials[row] = the share of the columns row, row + PARTIAL_ROWS, ..; a column of tiles is TILE_WIDTH wide in
//   s, as tall as the map, and of one sample
//
// uses: common, local, conv_pool, convolve, pooling_backward, tile_gradients
// binds:
//   x         read f32    shapes: conv_pool.wgsl
//   p         read f32
//   h         read f32    without a pooling h is s, and is not read
//   ds        read f32
//   table     read u32
//   partials  write f32   [PARTIAL_ROWS, STRIDE], rows laid out as p; `update` adds them
//
// One invocation sums every PARTIAL_ROWS-th column of tiles of one connection, from top to bottom, and writes its part
// of one row of partials. Every connection of a map finds the same gradients of the map's bias and pooling; only the
// first connection writes them.

fn load_h_row(h: ptr<function, Tile>, y: u32, at: u32) {
    if (y < P && POOLING != POOLING_NONE) {
        for (var i = 0u; i < N; i++) {
            (*h)[N * y + i] = h_at(at + OW * y + i);
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_weights(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let row = item % PARTIAL_ROWS;
        let j = item / PARTIAL_ROWS;
        let c = table_at(CHANNEL_AT + j);
        let m = table_at(MAP_AT + j);
        let scale = pooling_slope(m);

        var g = Gradients();
        var unit = row;
        loop {
            let n = unit / TILE_COLUMNS;
            let left = TILE_WIDTH * (unit % TILE_COLUMNS);
            var input = Patch();
            load_patch_head(&input, n * X_STRIDE + c * HEIGHT * WIDTH + P * left);
            var y = 0u;
            loop {
                move_patch_down(&input, n * X_STRIDE + (c * HEIGHT + P * y + (K - 1u)) * WIDTH + P * left);
                var h = Tile();
                let stored = ((n * M + m) * OH + P * y) * OW + P * left;
                load_h_row(&h, 0u, stored);
                load_h_row(&h, 1u, stored);
                tile_gradients(&g, &input, &h, scale, n * S_STRIDE + (m * PH + y) * PW + left);
                continuing {
                    y++;
                    break if y == PH;
                }
            }
            continuing {
                unit += PARTIAL_ROWS;
                break if unit >= SAMPLES * TILE_COLUMNS;
            }
        }
        put_gradients(&g, row, j, m, j == table_at(m));

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
