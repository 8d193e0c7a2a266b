// conv_backward_odd_input: the input gradient of a convolution stage after the first.
// (1990: H3-H4. 1998: C3-S4.)
//
//   dx[n,c,y,x]  = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                  w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      (spread.wgsl)
//
// uses: common, local, input_slope, conv_pool, pooling_backward, spread
// binds:
//   x      read f32      shapes: conv_pool.wgsl
//   p      read f32
//   h      read f32      without a pooling h is s, and is not read
//   ds     read f32
//   table  read u32
//   dx     write f32     as x
//
// The same as conv_backward_input where WIDTH is odd, so that numbers cannot be written in pairs.
// One invocation computes DX_ROWS whole rows of one input map and sample.

// Row `row` of the sums to dx, whose rows begin at `at`.
fn store_dx_row(sum: ptr<function, DxRows>, row: u32, at: u32) {
    if (row < DX_ROWS) {
        for (var i = 0u; i < WIDTH; i++) {
            let source = WIDTH * row + i;
            dx[at + source] = (*sum)[source] * local(input_slope(x_at(at + source)));
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_odd_input(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        input_gradient(item);
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
