// How the gradient goes back through a pooling: dE/dh of the 2x2 block of h from dE/ds of the pooled value s.
// (1990: H2, H4. 1998, section II.B: S2, S4.)
//
//   POOLING_TRAINED  coefficient[m] BLOCK_SCALE ds for each of the four
//   POOLING_AVERAGE  BLOCK_SCALE ds for each
//   POOLING_MAX      ds for the largest, the first of equals in row order; 0 for the others
//
// For second derivatives the factors are squared (local.wgsl).
//
// expects: conv_pool, local; p_at; BLOCK_SCALE

// The factor of map m.
fn pooling_slope(m: u32) -> f32 {
    if (POOLING == POOLING_TRAINED) {
        return local(BLOCK_SCALE * p_at(COEFFICIENT + m));
    }
    return local(BLOCK_SCALE);
}

// 1 for the value of a block that was taken, 0 for the others: upper left, upper right, lower left, lower right.
fn winner(block: vec4f) -> vec4f {
    let largest = max(max(block.x, block.y), max(block.z, block.w));
    var taken = vec4f();
    if (block.x == largest) {
        taken.x = 1.0;
    } else if (block.y == largest) {
        taken.y = 1.0;
    } else if (block.z == largest) {
        taken.z = 1.0;
    } else {
        taken.w = 1.0;
    }
    return taken;
}
