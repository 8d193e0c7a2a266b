// conv_backward_input: what a convolution stage after the first hands down to the pooling below it.
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
// x is the squashed output below, so dx is the loss by what that squash got. dh is made anew
// wherever it is needed: cheaper than to store and to read it. dx is written as vec2s.
// One invocation makes BELOW whole rows of one input map and sample, from the BELOW + K - 1 rows of dh
// that reach them; row r of these is row y + r - (K - 1) of dh.
//
// Each value of dh is spread over the K inputs of a row that it came from, so that columns
// outside never come up; rows outside are left out. As in convolve.wgsl, rows are called one by one, and
// taps are written out, for K = 5.

alias Below = array<f32, BELOW * WIDTH>;
alias Reach = array<f32, (BELOW + (K - 1u)) * OW>;

fn is_inside(r: u32, y: u32) -> bool {
    return r < BELOW + (K - 1u) && y + r >= K - 1u && y + r < OH + (K - 1u);
}

// Makes row r of dh from h and ds; `map` = n M + m.
fn reach_row(reach: ptr<function, Reach>, r: u32, y: u32, map: u32, scale: f32) {
    if (is_inside(r, y)) {
        let kept = (map * OH + y + r - (K - 1u)) * OW;
        let pooled = (map * PH + (y + r - (K - 1u)) / 2u) * PW;
        for (var i = 0u; i < PW; i++) {
            let e = scale * ds_at(pooled + i);
            let at = OW * r + 2u * i;
            (*reach)[at] = e * local(squash_slope(h_at(kept + 2u * i)));
            (*reach)[at + 1u] = e * local(squash_slope(h_at(kept + 2u * i + 1u)));
        }
    }
}

fn reach_six(reach: ptr<function, Reach>, r: u32, y: u32, map: u32, scale: f32) {
    reach_row(reach, r, y, map, scale);
    reach_row(reach, r + 1u, y, map, scale);
    reach_row(reach, r + 2u, y, map, scale);
    reach_row(reach, r + 3u, y, map, scale);
    reach_row(reach, r + 4u, y, map, scale);
    reach_row(reach, r + 5u, y, map, scale);
}

// Row ky of the kernel carries row `row` + K - 1 - ky of dh to row `row` of dx.
fn spread(
    sum: ptr<function, Below>,
    row: u32,
    ky: u32,
    reach: ptr<function, Reach>,
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
            let d = (*reach)[OW * (row + (K - 1u) - ky) + i];
            (*sum)[at + i] += w0 * d;
            (*sum)[at + i + 1u] += w1 * d;
            (*sum)[at + i + 2u] += w2 * d;
            (*sum)[at + i + 3u] += w3 * d;
            (*sum)[at + i + 4u] += w4 * d;
        }
    }
}

fn spread_row(
    sum: ptr<function, Below>,
    row: u32,
    reach: ptr<function, Reach>,
    y: u32,
    kernel: ptr<function, Kernel>,
) {
    if (row < BELOW) {
        spread(sum, row, 0u, reach, y, kernel);
        spread(sum, row, 1u, reach, y, kernel);
        spread(sum, row, 2u, reach, y, kernel);
        spread(sum, row, 3u, reach, y, kernel);
        spread(sum, row, 4u, reach, y, kernel);
    }
}

fn spread_seven(
    sum: ptr<function, Below>,
    row: u32,
    reach: ptr<function, Reach>,
    y: u32,
    kernel: ptr<function, Kernel>,
) {
    spread_row(sum, row, reach, y, kernel);
    spread_row(sum, row + 1u, reach, y, kernel);
    spread_row(sum, row + 2u, reach, y, kernel);
    spread_row(sum, row + 3u, reach, y, kernel);
    spread_row(sum, row + 4u, reach, y, kernel);
    spread_row(sum, row + 5u, reach, y, kernel);
    spread_row(sum, row + 6u, reach, y, kernel);
}

fn hand_down_row(sum: ptr<function, Below>, row: u32, at: u32) {
    if (row < BELOW) {
        for (var i = 0u; i < WIDTH / 2u; i++) {
            let source = WIDTH * row + 2u * i;
            let left = (*sum)[source] * local(squash_slope(x_at(at + source)));
            let right = (*sum)[source + 1u] * local(squash_slope(x_at(at + source + 1u)));
            dx[(at + source) / 2u] = vec2f(left, right);
        }
    }
}

fn hand_down_four(sum: ptr<function, Below>, row: u32, at: u32) {
    hand_down_row(sum, row, at);
    hand_down_row(sum, row + 1u, at);
    hand_down_row(sum, row + 2u, at);
    hand_down_row(sum, row + 3u, at);
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_input(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let y = BELOW * (item % (HEIGHT / BELOW));
        let n = item / (HEIGHT / BELOW) % SAMPLES;
        let c = item / (HEIGHT / BELOW * SAMPLES);

        var sum = Below();
        let last = table_at(FIRST_OUT + c + 1u);
        var q = table_at(FIRST_OUT + c);
        if (q < last) {
            loop {
                let j = table_at(BY_CHANNEL + q);
                let m = table_at(MAP + j);
                let scale = local(BLOCK_SCALE * p_at(COEFFICIENT + m));
                var kernel = kernel_at(TAPS * j);
                var reach = Reach();
                reach_six(&reach, 0u, y, n * M + m, scale);
                reach_six(&reach, 6u, y, n * M + m, scale);
                reach_six(&reach, 12u, y, n * M + m, scale);
                spread_seven(&sum, 0u, &reach, y, &kernel);
                spread_seven(&sum, 7u, &reach, y, &kernel);
                continuing {
                    q++;
                    break if q == last;
                }
            }
        }

        let at = ((n * C + c) * HEIGHT + y) * WIDTH;
        hand_down_four(&sum, 0u, at);
        hand_down_four(&sum, 4u, at);
        hand_down_four(&sum, 8u, at);
        hand_down_four(&sum, 12u, at);

        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
