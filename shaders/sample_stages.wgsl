// Both convolution stages of a sample, forward: x to s1, s1 to h2 and s2.
//
//   h1[m,y,x] = f( bias[m] + sum over ky, kx of w[m,ky,kx] x[y+ky,x+kx] )
//   h2[m,y,x] = f( bias[m] + sum over the connections j of m, ky, kx of
//                  w[j,ky,kx] s1[channel[j], y+ky, x+kx] )
//   s[m,y,x]  = f( coefficient[m] BLOCK_SCALE (sum of the 2x2 block of h at 2y, 2x) + pooling bias[m] )
//
// (1990: H1-H2 and H3-H4. 1998, section II.B: C1-S2 and C3-S4.) An invocation computes pooled outputs:
// in the first stage one place in all maps, from a patch that it reads once, in the second any.
//
// expects: sample, sample_patch; p_at, table_at
// expects: FIRST_MAPS, MAPS, SECOND, X_H2, FEATURES, WIDTH, WORKGROUP

fn first_stage(t: u32) {
    for (var block = t; block < BLOCKS1; block += WORKGROUP) {
        let corner = X_H2 + 2u * (block / PW1 * WIDTH + block % PW1);
        var values = patch_at(corner, WIDTH);
        for (var m = 0u; m < FIRST_MAPS; m++) {
            let h = squashes(convolve(&values, TAPS * m, false) + p_at(BIAS1 + m));
            memory[m * BLOCKS1 + block] = pool(h, COEFFICIENT1 + m, POOL_BIAS1 + m);
        }
    }
    workgroupBarrier();
}

fn second_stage(t: u32) {
    for (var item = t; item < MAPS * BLOCKS2; item += WORKGROUP) {
        let m = item / BLOCKS2;
        let y = 2u * (item % BLOCKS2 / PW2);
        let x = 2u * (item % PW2);
        var sum = vec4f(p_at(BIAS2 + m));
        let last = table_at(CONNECTIONS_AT + m + 1u);
        for (var j = table_at(CONNECTIONS_AT + m); j < last; j++) {
            var values = patch_at((table_at(CHANNEL_AT + j) * PH1 + y) * PW1 + x, PW1);
            sum += convolve(&values, SECOND + TAPS * j, false);
        }
        let h = squashes(sum);
        put_block(X_H2 + (m * OH2 + y) * OW2 + x, OW2, h);
        memory[FEATURES + item] = pool(h, COEFFICIENT2 + m, POOL_BIAS2 + m);
    }
    // Rows of weights may be longer than s2: the inputs beyond it are 0.
    for (var i = MAPS * BLOCKS2 + t; i < layer_at(0u).inputs; i += WORKGROUP) {
        memory[FEATURES + i] = 0.0;
    }
    workgroupBarrier();
}
