// linear_backward_input: the input gradient of a linear layer. (1998: C5, F6.)
//
//   dx[n,i] = f'(x[n,i]) sum over o of w[o,i] dy[n,o]
//
// uses: local, input_slope, linear
// binds:
//   x    read vec4f    shapes: linear.wgsl
//   w    read vec4f
//   dy   read f32
//   row  read u32
//   dx   write vec4f
//
// For second derivatives f' and w are squared (local.wgsl).
//
// Where w comes in several windows, the first (STARTS) starts the sum, the later ones add to it, and
// the last (ENDS) multiplies with f'.
// One invocation computes four inputs side by side of TILE samples.

const SAMPLE_TILES = (SAMPLES + TILE - 1u) / TILE;

@compute @workgroup_size(WORKGROUP)
fn linear_backward_input(@builtin(global_invocation_id) id: vec3u) {
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let n = TILE * (item % SAMPLE_TILES);
        let i = item / SAMPLE_TILES;
        let first = row_at(0u);

        var sum = array<vec4f, TILE>();
        for (var o = 0u; o < ROWS; o++) {
            let w = locals(w_at(QUADS * o + i));
            for (var a = 0u; a < TILE; a++) {
                sum[a] += dy_at(OUTPUTS * min(n + a, SAMPLES - 1u) + first + o) * w;
            }
        }

        for (var a = 0u; a < TILE; a++) {
            if (n + a < SAMPLES) {
                let at = QUADS * (n + a) + i;
                var value = sum[a];
                if (!STARTS) {
                    value += dx[at];
                }
                if (ENDS) {
                    value *= locals(input_slopes(x_at(at)));
                }
                dx[at] = value;
            }
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
