// The gradients of one map and one connection to it, from the tiles of one map of h and their input
// patches: back-propagation through a stage (1990: H1-H2, H3-H4. 1998: C1-S2, C3-S4).
//
//   dcoefficient  += ds[y,x] (BLOCK_SCALE sum of the 2x2 block of h)
//   dpool_bias    += ds[y,x]
//   dh[y,x]        = (coefficient BLOCK_SCALE) ds[y/2,x/2] f'(h[y,x])
//   dbias         += dh[y,x]
//   dw[ky,kx]     += dh[y,x] input[y+ky, x+kx]
//
// The factors are those of a trained pooling; of the others pooling_backward.wgsl. Without a pooling dh is ds.
// Taps are written out, up to seven in a row, as in convolve.wgsl.
// For second derivatives f', input and what stands in brackets are squared (local.wgsl).
//
// expects: conv_pool, common, local, pooling_backward; ds_at, partials; K, TILE_WIDTH, STRIDE, BLOCK_SCALE

struct Gradients {
    dw: Kernel,
    dbias: f32,
    dcoefficient: f32,
    dpool_bias: f32,
}

// The gradients of row ky of the kernel, from a row of dh and the row of the patch that it saw.
fn add_tap_gradients(
    g: ptr<function, Gradients>,
    ky: u32,
    input: ptr<function, Patch>,
    source: u32,
    dh: ptr<function, Tile>,
    at: u32,
) {
    var d0 = 0.0;
    var d1 = 0.0;
    var d2 = 0.0;
    var d3 = 0.0;
    var d4 = 0.0;
    var d5 = 0.0;
    var d6 = 0.0;
    for (var i = 0u; i < N; i++) {
        let d = (*dh)[at + i];
        d0 += d * local((*input)[source + i]);
        if (K > 1u) { d1 += d * local((*input)[source + i + 1u]); }
        if (K > 2u) { d2 += d * local((*input)[source + i + 2u]); }
        if (K > 3u) { d3 += d * local((*input)[source + i + 3u]); }
        if (K > 4u) { d4 += d * local((*input)[source + i + 4u]); }
        if (K > 5u) { d5 += d * local((*input)[source + i + 5u]); }
        if (K > 6u) { d6 += d * local((*input)[source + i + 6u]); }
    }
    let first = K * ky;
    (*g).dw[first] += d0;
    if (K > 1u) { (*g).dw[first + 1u] += d1; }
    if (K > 2u) { (*g).dw[first + 2u] += d2; }
    if (K > 3u) { (*g).dw[first + 3u] += d3; }
    if (K > 4u) { (*g).dw[first + 4u] += d4; }
    if (K > 5u) { (*g).dw[first + 5u] += d5; }
    if (K > 6u) { (*g).dw[first + 6u] += d6; }
}

fn row_gradients(
    g: ptr<function, Gradients>,
    input: ptr<function, Patch>,
    dh: ptr<function, Tile>,
    y: u32,
) {
    if (y < P) {
        add_tap_gradients(g, 0u, input, R * y, dh, N * y);
        if (K > 1u) { add_tap_gradients(g, 1u, input, R * (y + 1u), dh, N * y); }
        if (K > 2u) { add_tap_gradients(g, 2u, input, R * (y + 2u), dh, N * y); }
        if (K > 3u) { add_tap_gradients(g, 3u, input, R * (y + 3u), dh, N * y); }
        if (K > 4u) { add_tap_gradients(g, 4u, input, R * (y + 4u), dh, N * y); }
        if (K > 5u) { add_tap_gradients(g, 5u, input, R * (y + 5u), dh, N * y); }
        if (K > 6u) { add_tap_gradients(g, 6u, input, R * (y + 6u), dh, N * y); }
    }
}

// From a row of ds, which begins at `at`, to dh where h was; `scale` is the derivative of the pooling.
fn pooling_gradients(g: ptr<function, Gradients>, h: ptr<function, Tile>, scale: f32, at: u32) {
    for (var i = 0u; i < TILE_WIDTH; i++) {
        let d = ds_at(at + i);
        let e = scale * d;
        let upper = 2u * i;
        let lower = upper + N;
        let block = (*h)[upper] + (*h)[upper + 1u] + (*h)[lower] + (*h)[lower + 1u];
        var taken = vec4f(1.0);
        if (POOLING == POOLING_MAX) {
            taken = winner(vec4f((*h)[upper], (*h)[upper + 1u], (*h)[lower], (*h)[lower + 1u]));
        }
        (*h)[upper] = e * local(squash_slope((*h)[upper])) * taken.x;
        (*h)[upper + 1u] = e * local(squash_slope((*h)[upper + 1u])) * taken.y;
        (*h)[lower] = e * local(squash_slope((*h)[lower])) * taken.z;
        (*h)[lower + 1u] = e * local(squash_slope((*h)[lower + 1u])) * taken.w;
        (*g).dpool_bias += d;
        (*g).dcoefficient += d * local(BLOCK_SCALE * block);
        (*g).dbias += (*h)[upper] + (*h)[upper + 1u] + (*h)[lower] + (*h)[lower + 1u];
    }
}

fn unpooled_gradients(g: ptr<function, Gradients>, h: ptr<function, Tile>, at: u32) {
    for (var i = 0u; i < N; i++) {
        (*h)[i] = ds_at(at + i);
        (*g).dbias += (*h)[i];
    }
}

// Adds the gradients of a tile of one row of s (TILE_HEIGHT = 1), and replaces h by dh; its ds begins at
// `at`.
fn tile_gradients(
    g: ptr<function, Gradients>,
    input: ptr<function, Patch>,
    h: ptr<function, Tile>,
    scale: f32,
    at: u32,
) {
    if (POOLING == POOLING_NONE) {
        unpooled_gradients(g, h, at);
    } else {
        pooling_gradients(g, h, scale, at);
    }
    row_gradients(g, input, h, 0u);
    row_gradients(g, input, h, 1u);
}

// Writes the gradients of connection j of map m into row `row` of the partials: those of bias and
// pooling, which are the same for every connection of a map, only once.
fn put_gradients(g: ptr<function, Gradients>, row: u32, j: u32, m: u32, is_first: bool) {
    let to = row * STRIDE;
    for (var i = 0u; i < TAPS; i++) {
        partials[to + TAPS * j + i] = (*g).dw[i];
    }
    if (is_first) {
        partials[to + BIAS + m] = (*g).dbias;
        if (POOLING == POOLING_TRAINED) {
            partials[to + COEFFICIENT + m] = (*g).dcoefficient;
            partials[to + POOL_BIAS + m] = (*g).dpool_bias;
        }
    }
}
