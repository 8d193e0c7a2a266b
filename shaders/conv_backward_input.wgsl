// conv_backward_input: the input gradient of a convolution stage after the first.
// (1990: H3-H4. 1998: C3-S4.)
//
//   dh[n,m,y,x]  = (coefficient[m] BLOCK_SCALE) ds[n,m,y/2,x/2] f'(h[n,m,y,x])
//   dx[n,c,y,x]  = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                  w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      where y-ky and x-kx are inside
//
// uses: common, local, conv_pool
// binds:
//   x      read f32      shapes: conv_pool.wgsl
//   p      read f32
//   h      read f32
//   ds     read f32
//   table  read u32
//   dx     write vec2f   as x
//
// For second derivatives f', w and what stands in brackets are squared (local.wgsl).
//
// x is an activation f(a), and dx is the gradient of the loss by its pre-activation a. dh is recomputed
// wherever it is needed, which is cheaper than to store and load it.
// One invocation computes DX_ROWS whole rows of one input map and sample, from the DX_ROWS + K - 1 rows of
// dh that depend on them; row r of these is row y + r - (K - 1) of dh.
//
// Each value of dh is added to the K inputs of a row that it was computed from, so that columns
// outside never come up; rows outside are left out. As in convolve.wgsl, rows are called one by one, and
// taps are written out, for K = 5.

alias DxRows = array<f32, DX_ROWS * WIDTH>;
alias DhRows = array<f32, (DX_ROWS + (K - 1u)) * OW>;

fn is_inside(r: u32, y: u32) -> bool {
    return r < DX_ROWS + (K - 1u) && y + r >= K - 1u && y + r < OH + (K - 1u);
}

// Computes row r of dh from h and ds; `map` is where the map begins in both.
fn load_dh_row(dh: ptr<function, DhRows>, r: u32, y: u32, map: vec2u, scale: f32) {
    if (is_inside(r, y)) {
        let stored = map.x + (y + r - (K - 1u)) * OW;
        let pooled = map.y + (y + r - (K - 1u)) / 2u * PW;
        for (var i = 0u; i < PW; i++) {
            let e = scale * ds_at(pooled + i);
            let at = OW * r + 2u * i;
            (*dh)[at] = e * local(squash_slope(h_at(stored + 2u * i)));
            (*dh)[at + 1u] = e * local(squash_slope(h_at(stored + 2u * i + 1u)));
        }
    }
}

fn load_dh_six(dh: ptr<function, DhRows>, r: u32, y: u32, map: vec2u, scale: f32) {
    load_dh_row(dh, r, y, map, scale);
    load_dh_row(dh, r + 1u, y, map, scale);
    load_dh_row(dh, r + 2u, y, map, scale);
    load_dh_row(dh, r + 3u, y, map, scale);
    load_dh_row(dh, r + 4u, y, map, scale);
    load_dh_row(dh, r + 5u, y, map, scale);
}

// Row ky of the kernel carries row `row` + K - 1 - ky of dh to row `row` of dx.
fn spread(
    sum: ptr<function, DxRows>,
    row: u32,
    ky: u32,
    dh: ptr<function, DhRows>,
    y: u32,
    kernel: ptr<function, Kernel>,
) {
    if (is_inside(row + (K - 1u) - ky, y)) {
        let w0 = local((*kernel)[K * ky]);
        let w1 = local((*kernel)[K * ky + 1u]);
        let w2 = local((*kernel)[K * ky + 2u]);
        let w3 = local((*kernel)[K * ky + 3u]);
        let w4 = local((*kernel)[K * ky + 4u]);
        let at = WIDTH * row;
        for (var i = 0u; i < OW; i++) {
            let d = (*dh)[OW * (row + (K - 1u) - ky) + i];
            (*sum)[at + i] += w0 * d;
            (*sum)[at + i + 1u] += w1 * d;
            (*sum)[at + i + 2u] += w2 * d;
            (*sum)[at + i + 3u] += w3 * d;
            (*sum)[at + i + 4u] += w4 * d;
        }
    }
}

fn spread_row(
    sum: ptr<function, DxRows>,
    row: u32,
    dh: ptr<function, DhRows>,
    y: u32,
    kernel: ptr<function, Kernel>,
) {
    if (row < DX_ROWS) {
        spread(sum, row, 0u, dh, y, kernel);
        spread(sum, row, 1u, dh, y, kernel);
        spread(sum, row, 2u, dh, y, kernel);
        spread(sum, row, 3u, dh, y, kernel);
        spread(sum, row, 4u, dh, y, kernel);
    }
}

fn spread_seven(
    sum: ptr<function, DxRows>,
    row: u32,
    dh: ptr<function, DhRows>,
    y: u32,
    kernel: ptr<function, Kernel>,
) {
    spread_row(sum, row, dh, y, kernel);
    spread_row(sum, row + 1u, dh, y, kernel);
    spread_row(sum, row + 2u, dh, y, kernel);
    spread_row(sum, row + 3u, dh, y, kernel);
    spread_row(sum, row + 4u, dh, y, kernel);
    spread_row(sum, row + 5u, dh, y, kernel);
    spread_row(sum, row + 6u, dh, y, kernel);
}

fn store_dx_row(sum: ptr<function, DxRows>, row: u32, at: u32) {
    if (row < DX_ROWS) {
        for (var i = 0u; i < WIDTH / 2u; i++) {
            let source = WIDTH * row + 2u * i;
            let left = (*sum)[source] * local(squash_slope(x_at(at + source)));
            let right = (*sum)[source + 1u] * local(squash_slope(x_at(at + source + 1u)));
            dx[(at + source) / 2u] = vec2f(left, right);
        }
    }
}

fn store_dx_four(sum: ptr<function, DxRows>, row: u32, at: u32) {
    store_dx_row(sum, row, at);
    store_dx_row(sum, row + 1u, at);
    store_dx_row(sum, row + 2u, at);
    store_dx_row(sum, row + 3u, at);
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_input(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let y = DX_ROWS * (item % (HEIGHT / DX_ROWS));
        let n = item / (HEIGHT / DX_ROWS) % SAMPLES;
        let c = item / (HEIGHT / DX_ROWS * SAMPLES);

        var sum = DxRows();
        let last = table_at(FIRST_OUT + c + 1u);
        var q = table_at(FIRST_OUT + c);
        if (q < last) {
            loop {
                let j = table_at(BY_CHANNEL + q);
                let m = table_at(MAP + j);
                let scale = local(BLOCK_SCALE * p_at(COEFFICIENT + m));
                var kernel = kernel_at(TAPS * j);
                var dh = DhRows();
                let map = vec2u((n * M + m) * OH * OW, n * S_STRIDE + m * PH * PW);
                load_dh_six(&dh, 0u, y, map, scale);
                load_dh_six(&dh, 6u, y, map, scale);
                load_dh_six(&dh, 12u, y, map, scale);
                spread_seven(&sum, 0u, &dh, y, &kernel);
                spread_seven(&sum, 7u, &dh, y, &kernel);
                continuing {
                    q++;
                    break if q == last;
                }
            }
        }

        let at = ((n * C + c) * HEIGHT + y) * WIDTH;
        store_dx_four(&sum, 0u, at);
        store_dx_four(&sum, 4u, at);
        store_dx_four(&sum, 8u, at);
        store_dx_four(&sum, 12u, at);

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
