// first_stage_backward: every gradient of the first stage, whose input is one map (C = 1, J = M); it has no
// input gradient. (1990: H1-H2. 1998: C1-S2.)
//
//   dw[m,ky,kx] = sum over n, y, x of dh[n,m,y,x] x[n,0,y+ky,x+kx]
//   and the gradients of bias and pooling (tile_gradients.wgsl)
//   partials[row] = the share of the columns row, row + PARTIAL_ROWS, ..; a column of tiles is TILE_WIDTH wide in
//   s, as tall as the map, and of one sample
//
// uses: common, local, conv_pool, convolve, pooling_backward, tile_gradients
// binds:
//   x         read f32    shapes: conv_pool.wgsl
//   p         read f32
//   ds        read f32
//   partials  write f32   [PARTIAL_ROWS, STRIDE], rows laid out as p; `update` adds them
//
// Where a pooling needs h it is recomputed from x, which is cheaper than to store and load it. One invocation sums
// every PARTIAL_ROWS-th column of tiles of one map, from top to bottom, and writes its own row of partials.

@compute @workgroup_size(WORKGROUP)
fn first_stage_backward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let row = item % PARTIAL_ROWS;
        let m = item / PARTIAL_ROWS;
        var kernel = kernel_at(TAPS * m);
        let bias = p_at(BIAS + m);
        let scale = pooling_slope(m);

        var g = Gradients();
        var unit = row;
        loop {
            let n = unit / TILE_COLUMNS;
            let left = TILE_WIDTH * (unit % TILE_COLUMNS);
            var input = Patch();
            load_patch_head(&input, n * X_STRIDE + P * left);
            var y = 0u;
            loop {
                move_patch_down(&input, n * X_STRIDE + (P * y + (K - 1u)) * WIDTH + P * left);
                var h = Tile();
                if (POOLING != POOLING_NONE) {
                    convolve(&h, &input, &kernel);
                    squash_tile(&h, bias);
                }
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
        put_gradients(&g, row, m, m, true);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
