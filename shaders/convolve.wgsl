// The convolution of one block with one kernel, in registers.
//
//   sum[y,x] += sum over ky, kx of w[ky,kx] seen[y+ky, x+kx]
//
// Every index of a private array has to become a constant: a dynamic one costs ten times as much on
// a software adapter and spills on a GPU. Drivers unroll two short loops inside each other, not
// three, so that rows are called one by one; those that the block does not have fall away. Taps are
// written out as well: for K = 5.
//
// expects: conv_pool, common; x_at; K, WIDTH

// Row y of what a block sees, from `at` on in x.
fn see_row(seen: ptr<function, Seen>, y: u32, at: u32) {
    if (y < ROWS + (K - 1u)) {
        for (var i = 0u; i < R; i++) {
            (*seen)[R * y + i] = x_at(at + i);
        }
    }
}

// Rows y to y + 3, the first of them from `at` on.
fn see_four(seen: ptr<function, Seen>, y: u32, at: u32) {
    see_row(seen, y, at);
    see_row(seen, y + 1u, at + WIDTH);
    see_row(seen, y + 2u, at + 2u * WIDTH);
    see_row(seen, y + 3u, at + 3u * WIDTH);
}

// Reads what a block sees, the first of it at `at` in x.
fn see(seen: ptr<function, Seen>, at: u32) {
    see_four(seen, 0u, at);
    see_four(seen, 4u, at + 4u * WIDTH);
    see_four(seen, 8u, at + 8u * WIDTH);
    see_four(seen, 12u, at + 12u * WIDTH);
    see_four(seen, 16u, at + 16u * WIDTH);
}

fn keep_seen_row(seen: ptr<function, Seen>, y: u32) {
    for (var i = 0u; i < R; i++) {
        (*seen)[R * y + i] = (*seen)[R * (y + 2u) + i];
    }
}

// One block further down, where blocks are one pooled row each (TALL = 1): four rows are known, the two
// new ones begin at `at` in x. Above the first block, see_four(seen, 2, ..) has read those four.
fn see_further(seen: ptr<function, Seen>, at: u32) {
    keep_seen_row(seen, 0u);
    keep_seen_row(seen, 1u);
    keep_seen_row(seen, 2u);
    keep_seen_row(seen, 3u);
    see_row(seen, 4u, at);
    see_row(seen, 5u, at + WIDTH);
}

fn add_taps(
    sum: ptr<function, Block>,
    to: u32,
    seen: ptr<function, Seen>,
    source: u32,
    kernel: ptr<function, Kernel>,
    first: u32,
) {
    let w0 = (*kernel)[first];
    let w1 = (*kernel)[first + 1u];
    let w2 = (*kernel)[first + 2u];
    let w3 = (*kernel)[first + 3u];
    let w4 = (*kernel)[first + 4u];
    for (var i = 0u; i < N; i++) {
        (*sum)[to + i] += w0 * (*seen)[source + i] + w1 * (*seen)[source + i + 1u]
            + w2 * (*seen)[source + i + 2u] + w3 * (*seen)[source + i + 3u]
            + w4 * (*seen)[source + i + 4u];
    }
}

fn convolve_row(
    sum: ptr<function, Block>,
    seen: ptr<function, Seen>,
    kernel: ptr<function, Kernel>,
    y: u32,
) {
    if (y < ROWS) {
        add_taps(sum, N * y, seen, R * y, kernel, 0u);
        add_taps(sum, N * y, seen, R * (y + 1u), kernel, K);
        add_taps(sum, N * y, seen, R * (y + 2u), kernel, 2u * K);
        add_taps(sum, N * y, seen, R * (y + 3u), kernel, 3u * K);
        add_taps(sum, N * y, seen, R * (y + 4u), kernel, 4u * K);
    }
}

fn convolve_four(
    sum: ptr<function, Block>,
    seen: ptr<function, Seen>,
    kernel: ptr<function, Kernel>,
    y: u32,
) {
    convolve_row(sum, seen, kernel, y);
    convolve_row(sum, seen, kernel, y + 1u);
    convolve_row(sum, seen, kernel, y + 2u);
    convolve_row(sum, seen, kernel, y + 3u);
}

fn convolve(
    sum: ptr<function, Block>,
    seen: ptr<function, Seen>,
    kernel: ptr<function, Kernel>,
) {
    convolve_four(sum, seen, kernel, 0u);
    convolve_four(sum, seen, kernel, 4u);
    convolve_four(sum, seen, kernel, 8u);
    convolve_four(sum, seen, kernel, 12u);
}

fn squash_row(sum: ptr<function, Block>, bias: f32, y: u32) {
    if (y < ROWS) {
        for (var i = 0u; i < N; i++) {
            (*sum)[N * y + i] = squash((*sum)[N * y + i] + bias);
        }
    }
}

fn squash_four(sum: ptr<function, Block>, bias: f32, y: u32) {
    squash_row(sum, bias, y);
    squash_row(sum, bias, y + 1u);
    squash_row(sum, bias, y + 2u);
    squash_row(sum, bias, y + 3u);
}

// From the sums of a block to h.
fn squash_block(sum: ptr<function, Block>, bias: f32) {
    squash_four(sum, bias, 0u);
    squash_four(sum, bias, 4u);
    squash_four(sum, bias, 8u);
    squash_four(sum, bias, 12u);
}
