// linear_forward:  y[n,o] = f( bias[o] + sum over i of w[o,i] x[n,i] )
//
// 1998, section II.B: C5, F6.
// One invocation makes TILE outputs of four samples.

const SAMPLE_TILES = (SAMPLES + 3u) / 4u;

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

        var sum: array<vec4f, TILE>;
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
                let at = n * OUTPUTS + first + tile + a;
                for (var b = 0u; b < 4u; b++) {
                    if (n + b < SAMPLES) {
                        y[at + b * OUTPUTS] = squash(sum[a][b]);
                    }
                }
            }
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
