// The input gradient of a convolution stage, of a few rows of one input map. (1990: H3-H4. 1998: C3-S4.)
//
//   dh[n,m,y,x]  = (coefficient[m] BLOCK_SCALE) ds[n,m,y/2,x/2] f'(h[n,m,y,x])
//                  or as pooling_backward.wgsl says of other poolings; without one dh is ds
//   dx[n,c,y,x]  = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                  w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      where y-ky and x-kx are inside
//
// For second derivatives f', w and what stands in brackets are squared (local.wgsl).
//
// x is an activation f(a), and dx is the gradient of the loss with respect to its pre-activation a. dh is recomputed
// wherever it is needed, which is cheaper than to store and load it.
// One item is DX_ROWS whole rows of one input map and sample, from the DX_ROWS + K - 1 rows of
// dh that depend on them; row r of these is row y + r - (K - 1) of dh.
//
// Each value of dh is added to the K inputs of a row that it was computed from, so that columns
// outside never come up; rows outside are left out. As in convolve.wgsl, rows are called one by one, and
// taps are written out, up to seven in a row. dh is an array of rows: Mesa always unrolls a loop over a whole
// array, however long. LLVM compiles a large loop that is not unrolled for minutes.
//
// expects: common, local, conv_pool, pooling_backward; h_at, ds_at, table_at, store_dx_row
// expects: SAMPLES, X_STRIDE, S_STRIDE, DX_ROWS

alias DxRows = array<f32, DX_ROWS * WIDTH>;
alias DhRows = array<array<f32, OW>, DX_ROWS + (K - 1u)>;

fn is_inside(r: u32, y: u32) -> bool {
    return r < DX_ROWS + (K - 1u) && y + r >= K - 1u && y + r < OH + (K - 1u);
}

// Computes row r of dh from h and ds; `map` is where the map begins in both.
fn load_dh_row(dh: ptr<function, DhRows>, r: u32, y: u32, map: vec2u, scale: f32) {
    if (is_inside(r, y)) {
        let row = y + r - (K - 1u);
        let stored = map.x + row * OW;
        let pooled = map.y + row / P * PW;
        for (var i = 0u; i < PW; i++) {
            let e = scale * ds_at(pooled + i);
            let at = P * i;
            if (POOLING == POOLING_NONE) {
                (*dh)[r][at] = e;
            } else {
                (*dh)[r][at] = e * local(squash_slope(h_at(stored + 2u * i)));
                (*dh)[r][at + 1u] = e * local(squash_slope(h_at(stored + 2u * i + 1u)));
            }
            if (POOLING == POOLING_MAX) {
                let block = map.x + row / 2u * 2u * OW + 2u * i;
                let taken = winner(vec4f(h_at(block), h_at(block + 1u), h_at(block + OW), h_at(block + OW + 1u)));
                (*dh)[r][at] *= select(taken.x, taken.z, row % 2u == 1u);
                (*dh)[r][at + 1u] *= select(taken.y, taken.w, row % 2u == 1u);
            }
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
    if (ky < K && is_inside(row + (K - 1u) - ky, y)) {
        let w0 = local(tap(kernel, ky, 0u));
        let w1 = local(tap(kernel, ky, 1u));
        let w2 = local(tap(kernel, ky, 2u));
        let w3 = local(tap(kernel, ky, 3u));
        let w4 = local(tap(kernel, ky, 4u));
        let w5 = local(tap(kernel, ky, 5u));
        let w6 = local(tap(kernel, ky, 6u));
        let at = WIDTH * row;
        for (var i = 0u; i < OW; i++) {
            let d = (*dh)[row + (K - 1u) - ky][i];
            (*sum)[at + i] += w0 * d;
            if (K > 1u) { (*sum)[at + i + 1u] += w1 * d; }
            if (K > 2u) { (*sum)[at + i + 2u] += w2 * d; }
            if (K > 3u) { (*sum)[at + i + 3u] += w3 * d; }
            if (K > 4u) { (*sum)[at + i + 4u] += w4 * d; }
            if (K > 5u) { (*sum)[at + i + 5u] += w5 * d; }
            if (K > 6u) { (*sum)[at + i + 6u] += w6 * d; }
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
        spread(sum, row, 5u, dh, y, kernel);
        spread(sum, row, 6u, dh, y, kernel);
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

fn store_dx_four(sum: ptr<function, DxRows>, row: u32, at: u32) {
    store_dx_row(sum, row, at);
    store_dx_row(sum, row + 1u, at);
    store_dx_row(sum, row + 2u, at);
    store_dx_row(sum, row + 3u, at);
}

fn input_gradient(item: u32) {
    let y = DX_ROWS * (item % (HEIGHT / DX_ROWS));
    let n = item / (HEIGHT / DX_ROWS) % SAMPLES;
    let c = item / (HEIGHT / DX_ROWS * SAMPLES);

    var sum = DxRows();
    let last = table_at(FIRST_OUT_AT + c + 1u);
    var q = table_at(FIRST_OUT_AT + c);
    if (q < last) {
        loop {
            let j = table_at(BY_CHANNEL_AT + q);
            let m = table_at(MAP_AT + j);
            let scale = pooling_slope(m);
            var kernel = kernel_at(TAPS * j);
            var dh = DhRows();
            let map = vec2u((n * M + m) * OH * OW, n * S_STRIDE + m * PH * PW);
            load_dh_six(&dh, 0u, y, map, scale);
            load_dh_six(&dh, 6u, y, map, scale);
            load_dh_six(&dh, 12u, y, map, scale);
            load_dh_six(&dh, 18u, y, map, scale);
            spread_seven(&sum, 0u, &dh, y, &kernel);
            spread_seven(&sum, 7u, &dh, y, &kernel);
            continuing {
                q++;
                break if q == last;
            }
        }
    }

    let at = n * X_STRIDE + (c * HEIGHT + y) * WIDTH;
    store_dx_four(&sum, 0u, at);
    store_dx_four(&sum, 4u, at);
    store_dx_four(&sum, 8u, at);
    store_dx_four(&sum, 12u, at);
}
