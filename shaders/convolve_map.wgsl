// The sums of one tile of a feature map over the input maps that the table names, before bias and activation.
// (1990: H3. 1998, section II.B: C3.)
//
//   sum[y,x] = sum over the connections j of m, ky, kx of w[j,ky,kx] x[n, channel[j], y+ky, x+kx]
//
// expects: conv_pool, convolve; table_at; X_STRIDE, HEIGHT, WIDTH

fn convolve_map(sum: ptr<function, Tile>, n: u32, m: u32, place: vec2u) {
    let last = table_at(m + 1u);
    var j = table_at(m);
    loop {
        let channel = table_at(CHANNEL_AT + j);
        var input = Patch();
        load_patch(&input, n * X_STRIDE + (channel * HEIGHT + P * place.x) * WIDTH + P * place.y);
        var kernel = kernel_at(TAPS * j);
        convolve(sum, &input, &kernel);
        continuing {
            j++;
            break if j == last;
        }
    }
}
