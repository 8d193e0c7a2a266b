// conv_backward: everything behind a convolution stage after the first, in one launch.
//
//   dh[n,m,y,x]       = coefficient[m] BLOCK_SCALE ds[n,m,y/2,x/2] f'(h[n,m,y,x])
//   dcoefficient[m]  += ds[n,m,y,x] BLOCK_SCALE (the 2x2 block of h)
//   dpool_bias[m]    += ds[n,m,y,x]
//   dbias[m]         += dh[n,m,y,x]
//   dw[j,ky,kx]      += dh[n, map[j], y, x] x[n, channel[j], y+ky, x+kx]
//   dx[n,c,y,x]       = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                       w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      where y-ky and x-kx are inside
//
// dh is made anew wherever it is needed: cheaper than to store and to read it.
// An invocation does a piece of dx (conv_backward_input.wgsl), or of the gradients
// (conv_backward_weights.wgsl), which go to rows of partials [SLOTS, STRIDE], laid out as p;
// `update` adds the rows. A later window of the same step (part[1] = 0) adds to them.

const INPUT_ITEMS = SAMPLES * C * (HEIGHT / 2u);

@compute @workgroup_size(WORKGROUP)
fn conv_backward(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        if (item < INPUT_ITEMS) {
            backward_input(item);
        } else {
            backward_weights(item - INPUT_ITEMS);
        }
    }
}
