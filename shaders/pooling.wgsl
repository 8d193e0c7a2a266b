// The pooling of a block h, written to s from `at` on. (1990: H2, H4. 1998, section II.B: S2, S4.)
//
//   s[y,x] = f( coefficient[m] BLOCK_SCALE (the 2x2 block of h at 2y, 2x) + pooling bias[m] )
//
// expects: conv_pool, common; p_at, s; TILE_HEIGHT, TILE_WIDTH, BLOCK_SCALE

fn pool_row(h: ptr<function, Block>, y: u32, coefficient: f32, bias: f32, at: u32) {
    if (y < TILE_HEIGHT) {
        for (var i = 0u; i < TILE_WIDTH; i++) {
            let source = 2u * (N * y + i);
            let upper = (*h)[source] + (*h)[source + 1u];
            let lower = (*h)[source + N] + (*h)[source + N + 1u];
            s[at + PW * y + i] = squash(coefficient * (upper + lower) + bias);
        }
    }
}

fn pool(h: ptr<function, Block>, m: u32, at: u32) {
    let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);
    let bias = p_at(POOL_BIAS + m);
    pool_row(h, 0u, coefficient, bias, at);
    pool_row(h, 1u, coefficient, bias, at);
    pool_row(h, 2u, coefficient, bias, at);
    pool_row(h, 3u, coefficient, bias, at);
    pool_row(h, 4u, coefficient, bias, at);
    pool_row(h, 5u, coefficient, bias, at);
    pool_row(h, 6u, coefficient, bias, at);
    pool_row(h, 7u, coefficient, bias, at);
}
