// The pooling behind a strip, written to s from `at` on.
//
//   s[i] = f( coefficient[m] BLOCK_SCALE (the i-th 2x2 block of the strip) + pooling bias[m] )

fn pool(top: ptr<function, Outputs>, bottom: ptr<function, Outputs>, m: u32, at: u32) {
    let coefficient = BLOCK_SCALE * p_at(COEFFICIENT + m);
    let bias = p_at(POOL_BIAS + m);
    for (var i = 0u; i < STRIP; i++) {
        let upper = (*top)[2u * i] + (*top)[2u * i + 1u];
        let lower = (*bottom)[2u * i] + (*bottom)[2u * i + 1u];
        s[at + i] = squash(coefficient * (upper + lower) + bias);
    }
}
