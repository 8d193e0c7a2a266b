// linear_forward: a linear layer. (1998, section II.B: C5, F6.)
//
//   y[n,o] = f( bias[o] + sum over i of w[o,i] x[n,i] )
//
// uses: common, linear
// binds:
//   x     read vec4f   shapes: linear.wgsl
//   w     read vec4f
//   bias  read f32     [OUTPUTS]
//   row   read u32
//   y     write f32
//
// One invocation computes TILE outputs of four samples. Outputs that only fill y up are no rows of w here: they
// stay 0, where f(0) need not be 0.

const SAMPLE_TILES = (SAMPLES + 3u) / 4u;

// Sums of samples n to n + 3 to y, the first of them to `at`.
fn put(sum: vec4f, n: u32, at: u32) {
    y[at] = squash(sum.x);
    if (n + 1u < SAMPLES) {
        y[at + OUTPUTS] = squash(sum.y);
    }
    if (n + 2u < SAMPLES) {
        y[at + 2u * OUTPUTS] = squash(sum.z);
    }
    if (n + 3u < SAMPLES) {
        y[at + 3u * OUTPUTS] = squash(sum.w);
    }
}

@compute @workgroup_size(WORKGROUP)
fn linear_forward(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let n = 4u * (item % SAMPLE_TILES);
        let tile = TILE * (item / SAMPLE_TILES);
        let first = row_at(0u);

        var sum = array<vec4f, TILE>();
        for (var a = 0u; a < TILE; a++) {
            sum[a] = vec4f(bias_at(first + min(tile + a, ROWS - 1u)));
        }
        let x0 = QUADS * min(n, SAMPLES - 1u);
        let x1 = QUADS * min(n + 1u, SAMPLES - 1u);
        let x2 = QUADS * min(n + 2u, SAMPLES - 1u);
        let x3 = QUADS * min(n + 3u, SAMPLES - 1u);
        for (var i = 0u; i < QUADS; i++) {
            let v = transpose(mat4x4f(x_at(x0 + i), x_at(x1 + i), x_at(x2 + i), x_at(x3 + i)));
            for (var a = 0u; a < TILE; a++) {
                sum[a] += v * w_at(QUADS * min(tile + a, ROWS - 1u) + i);
            }
        }

        for (var a = 0u; a < TILE; a++) {
            if (tile + a < ROWS) {
                put(sum[a], n, n * OUTPUTS + first + tile + a);
            }
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
