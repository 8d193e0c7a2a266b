// conv_forward: a convolution after the first stage that no pooling follows. (1998, section II.B: as C3.)
//
//   s[n,m,y,x] = f( bias[m] + sum over the connections j of m, ky, kx of
//                   w[j,ky,kx] x[n, channel[j], y+ky, x+kx] )
//
// uses: common, conv_pool, convolve, convolve_map, pooling
// binds:
//   x      read f32      shapes: conv_pool.wgsl
//   p      read f32
//   table  read u32
//   s      write f32
//
// One invocation computes one tile of one map and sample.

@compute @workgroup_size(WORKGROUP)
fn conv_forward(@builtin(global_invocation_id) id: vec3u) {
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
        pool(&sum, m, n * S_STRIDE + (m * PH + place.x) * PW + place.y);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
