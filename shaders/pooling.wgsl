// The pooling of a tile of h, written to s from `at` on. (1990: H2, H4. 1998, section II.B: S2, S4.)
//
//   POOLING_TRAINED  s[y,x] = f( coefficient[m] BLOCK_SCALE (sum of the 2x2 block of h at 2y, 2x) + pooling bias[m] )
//   POOLING_AVERAGE  s[y,x] = BLOCK_SCALE (the same sum): no parameters and no activation
//   POOLING_MAX      s[y,x] = the largest of the block
//   POOLING_NONE     s = h
//
// BLOCK_SCALE is 1/4 in the notebook (mean) and 1 in 1998, section II.B (sum).
//
// expects: conv_pool, common; p_at, s; TILE_HEIGHT, TILE_WIDTH, BLOCK_SCALE

fn pool_row(h: ptr<function, Tile>, y: u32, coefficient: f32, bias: f32, at: u32) {
    if (y < TILE_HEIGHT) {
        for (var i = 0u; i < TILE_WIDTH; i++) {
            let to = at + PW * y + i;
            let source = P * (N * y + i);
            if (POOLING == POOLING_NONE) {
                s[to] = (*h)[source];
            } else if (POOLING == POOLING_MAX) {
                let upper = max((*h)[source], (*h)[source + 1u]);
                s[to] = max(upper, max((*h)[source + N], (*h)[source + N + 1u]));
            } else {
                let upper = (*h)[source] + (*h)[source + 1u];
                let lower = (*h)[source + N] + (*h)[source + N + 1u];
                if (POOLING == POOLING_AVERAGE) {
                    s[to] = BLOCK_SCALE * (upper + lower);
                } else {
                    s[to] = squash(coefficient * (upper + lower) + bias);
                }
            }
        }
    }
}

fn pool_four(h: ptr<function, Tile>, y: u32, coefficient: f32, bias: f32, at: u32) {
    pool_row(h, y, coefficient, bias, at);
    pool_row(h, y + 1u, coefficient, bias, at);
    pool_row(h, y + 2u, coefficient, bias, at);
    pool_row(h, y + 3u, coefficient, bias, at);
}

fn pool(h: ptr<function, Tile>, m: u32, at: u32) {
    var coefficient = 0.0;
    var bias = 0.0;
    if (POOLING == POOLING_TRAINED) {
        coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);
        bias = p_at(POOL_BIAS + m);
    }
    pool_four(h, 0u, coefficient, bias, at);
    pool_four(h, 4u, coefficient, bias, at);
    pool_four(h, 8u, coefficient, bias, at);
    pool_four(h, 12u, coefficient, bias, at);
}
