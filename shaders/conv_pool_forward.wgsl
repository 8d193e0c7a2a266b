// conv_pool_forward: a stage with its pooling; the first stage only in inspect plans. (1990: H3-H4. 1998: C3-S4.)
//
//   h[n,m,y,x] = f( bias[m] + sum over the connections j of m, ky, kx of
//                   w[j,ky,kx] x[n, channel[j], y+ky, x+kx] )
//   s[n,m,y,x] = f( coefficient[m] BLOCK_SCALE (sum of the 2x2 block of h at 2y, 2x) + pooling bias[m] ),
//                or as pooling.wgsl says of other poolings
//
// uses: common, conv_pool, convolve, convolve_map, pooling
// binds:
//   x      read f32      shapes: conv_pool.wgsl
//   p      read f32
//   table  read u32
//   h      write vec2f
//   s      write f32
//
// One invocation computes one tile of one map and sample.

fn store_row(sum: ptr<function, Tile>, y: u32, at: u32) {
    if (y < ROWS) {
        for (var i = 0u; i < TILE_WIDTH; i++) {
            let source = N * y + 2u * i;
            h[(at + OW * y) / 2u + i] = vec2f((*sum)[source], (*sum)[source + 1u]);
        }
    }
}

fn store_four(sum: ptr<function, Tile>, y: u32, at: u32) {
    store_row(sum, y, at);
    store_row(sum, y + 1u, at);
    store_row(sum, y + 2u, at);
    store_row(sum, y + 3u, at);
}

@compute @workgroup_size(WORKGROUP)
fn conv_pool_forward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let place = corner(item % TILES);
        let n = item / TILES % SAMPLES;
        let m = item / (TILES * SAMPLES);

        var sum = Tile();
        convolve_map(&sum, n, m, place);
        squash_tile(&sum, p_at(BIAS + m));

        let at = ((n * M + m) * OH + 2u * place.x) * OW + 2u * place.y;
        store_four(&sum, 0u, at);
        store_four(&sum, 4u, at);
        store_four(&sum, 8u, at);
        store_four(&sum, 12u, at);
        pool(&sum, m, n * S_STRIDE + (m * PH + place.x) * PW + place.y);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
