// first_stage_forward: the whole first stage, whose input is one map (C = 1, J = M). (1990: H1-H2. 1998: C1-S2.)
//
//   h[n,m,y,x] = f( bias[m] + sum over ky, kx of w[m,ky,kx] x[n,0,y+ky,x+kx] )
//   s[n,m,y,x] = f( coefficient[m] BLOCK_SCALE (sum of the 2x2 block of h at 2y, 2x) + pooling bias[m] ),
//                or as pooling.wgsl says of other poolings
//
// uses: common, conv_pool, convolve, pooling
// binds:
//   x  read f32    shapes: conv_pool.wgsl
//   p  read f32
//   s  write f32
//
// Before a pooling h is not stored: the backward pass recomputes it, which costs less than to store and load it.
// One invocation computes one tile of every map, from an input patch that it loads once.

@compute @workgroup_size(WORKGROUP)
fn first_stage_forward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let place = corner(item % TILES);
        let n = item / TILES;

        var input = Patch();
        load_patch(&input, n * X_STRIDE + P * place.x * WIDTH + P * place.y);
        var m = 0u;
        loop {
            var kernel = kernel_at(TAPS * m);
            let bias = p_at(BIAS + m);
            var sum = Tile();
            convolve(&sum, &input, &kernel);
            squash_tile(&sum, bias);
            pool(&sum, m, n * S_STRIDE + (m * PH + place.x) * PW + place.y);
            continuing {
                m++;
                break if m == M;
            }
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
