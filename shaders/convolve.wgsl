// The convolution of one tile with one kernel, in registers.
//
//   sum[y,x] += sum over ky, kx of w[ky,kx] input[y+ky, x+kx]
//
// Every index of a private array has to become a constant: a dynamic one costs ten times as much on
// a software adapter and spills on a GPU. Drivers unroll two short loops inside each other, not
// three, so that rows are called one by one; those that the tile does not have fall away. Taps are
// written out as well, up to seven in a row; those that the kernel does not have fall away too.
//
// expects: conv_pool, common; x_at; K, WIDTH

// Row y of the input patch of a tile, from `at` on in x.
fn load_patch_row(input: ptr<function, Patch>, y: u32, at: u32) {
    if (y < ROWS + (K - 1u)) {
        for (var i = 0u; i < R; i++) {
            (*input)[R * y + i] = x_at(at + i);
        }
    }
}

// Rows y to y + 3, the first of them from `at` on.
fn load_patch_four(input: ptr<function, Patch>, y: u32, at: u32) {
    load_patch_row(input, y, at);
    load_patch_row(input, y + 1u, at + WIDTH);
    load_patch_row(input, y + 2u, at + 2u * WIDTH);
    load_patch_row(input, y + 3u, at + 3u * WIDTH);
}

// Loads the input patch of a tile, which begins at `at` in x.
fn load_patch(input: ptr<function, Patch>, at: u32) {
    load_patch_four(input, 0u, at);
    load_patch_four(input, 4u, at + 4u * WIDTH);
    load_patch_four(input, 8u, at + 8u * WIDTH);
    load_patch_four(input, 12u, at + 12u * WIDTH);
    load_patch_four(input, 16u, at + 16u * WIDTH);
    load_patch_four(input, 20u, at + 20u * WIDTH);
}

// Loads the first K - 1 rows of the first patch of a column of tiles, from `at` on in x (TILE_HEIGHT = 1). They go
// P rows too low, since move_patch_down shifts them up by P.
fn load_patch_head(input: ptr<function, Patch>, at: u32) {
    load_patch_four(input, P, at);
    load_patch_four(input, P + 4u, at + 4u * WIDTH);
}

fn shift_patch_row(input: ptr<function, Patch>, y: u32) {
    if (y < K - 1u) {
        for (var i = 0u; i < R; i++) {
            (*input)[R * y + i] = (*input)[R * (y + P) + i];
        }
    }
}

// The patch of the tile below: K - 1 rows are known, the P new ones begin at `at` in x.
fn move_patch_down(input: ptr<function, Patch>, at: u32) {
    shift_patch_row(input, 0u);
    shift_patch_row(input, 1u);
    shift_patch_row(input, 2u);
    shift_patch_row(input, 3u);
    shift_patch_row(input, 4u);
    shift_patch_row(input, 5u);
    load_patch_row(input, K - 1u, at);
    load_patch_row(input, K, at + WIDTH);
}

// Row ky of the kernel on a row of the patch, added to a row of sums.
fn add_taps(
    sum: ptr<function, Tile>,
    to: u32,
    input: ptr<function, Patch>,
    source: u32,
    kernel: ptr<function, Kernel>,
    ky: u32,
) {
    let w0 = tap(kernel, ky, 0u);
    let w1 = tap(kernel, ky, 1u);
    let w2 = tap(kernel, ky, 2u);
    let w3 = tap(kernel, ky, 3u);
    let w4 = tap(kernel, ky, 4u);
    let w5 = tap(kernel, ky, 5u);
    let w6 = tap(kernel, ky, 6u);
    for (var i = 0u; i < N; i++) {
        var part = w0 * (*input)[source + i];
        if (K > 1u) { part += w1 * (*input)[source + i + 1u]; }
        if (K > 2u) { part += w2 * (*input)[source + i + 2u]; }
        if (K > 3u) { part += w3 * (*input)[source + i + 3u]; }
        if (K > 4u) { part += w4 * (*input)[source + i + 4u]; }
        if (K > 5u) { part += w5 * (*input)[source + i + 5u]; }
        if (K > 6u) { part += w6 * (*input)[source + i + 6u]; }
        (*sum)[to + i] += part;
    }
}

fn convolve_row(
    sum: ptr<function, Tile>,
    input: ptr<function, Patch>,
    kernel: ptr<function, Kernel>,
    y: u32,
) {
    if (y < ROWS) {
        add_taps(sum, N * y, input, R * y, kernel, 0u);
        if (K > 1u) { add_taps(sum, N * y, input, R * (y + 1u), kernel, 1u); }
        if (K > 2u) { add_taps(sum, N * y, input, R * (y + 2u), kernel, 2u); }
        if (K > 3u) { add_taps(sum, N * y, input, R * (y + 3u), kernel, 3u); }
        if (K > 4u) { add_taps(sum, N * y, input, R * (y + 4u), kernel, 4u); }
        if (K > 5u) { add_taps(sum, N * y, input, R * (y + 5u), kernel, 5u); }
        if (K > 6u) { add_taps(sum, N * y, input, R * (y + 6u), kernel, 6u); }
    }
}

fn convolve_four(
    sum: ptr<function, Tile>,
    input: ptr<function, Patch>,
    kernel: ptr<function, Kernel>,
    y: u32,
) {
    convolve_row(sum, input, kernel, y);
    convolve_row(sum, input, kernel, y + 1u);
    convolve_row(sum, input, kernel, y + 2u);
    convolve_row(sum, input, kernel, y + 3u);
}

fn convolve(
    sum: ptr<function, Tile>,
    input: ptr<function, Patch>,
    kernel: ptr<function, Kernel>,
) {
    convolve_four(sum, input, kernel, 0u);
    convolve_four(sum, input, kernel, 4u);
    convolve_four(sum, input, kernel, 8u);
    convolve_four(sum, input, kernel, 12u);
}

fn squash_row(sum: ptr<function, Tile>, bias: f32, y: u32) {
    if (y < ROWS) {
        for (var i = 0u; i < N; i++) {
            (*sum)[N * y + i] = squash((*sum)[N * y + i] + bias);
        }
    }
}

fn squash_four(sum: ptr<function, Tile>, bias: f32, y: u32) {
    squash_row(sum, bias, y);
    squash_row(sum, bias, y + 1u);
    squash_row(sum, bias, y + 2u);
    squash_row(sum, bias, y + 3u);
}

// From the sums of a tile to h.
fn squash_tile(sum: ptr<function, Tile>, bias: f32) {
    squash_four(sum, bias, 0u);
    squash_four(sum, bias, 4u);
    squash_four(sum, bias, 8u);
    squash_four(sum, bias, 12u);
}
