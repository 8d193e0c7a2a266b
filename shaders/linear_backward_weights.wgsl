// linear_backward_weights:  dw[o,i] = sum over n of dy[n,o] x[n,i],  dbias[o] = sum over n of dy[n,o]
//
// A later window of samples (part[1] = 0) adds to what is there.
// One invocation makes four outputs times TILE inputs.

const OUTPUT_TILES = (OUTPUTS + 3u) / 4u;

@compute @workgroup_size(WORKGROUP)
fn linear_backward_weights(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let input = TILE * (item % INPUT_TILES);
        let o = 4u * (item / INPUT_TILES);

        var sum: array<vec4f, TILE>;
        var dbias = vec4f();
        let o1 = min(o + 1u, OUTPUTS - 1u);
        let o2 = min(o + 2u, OUTPUTS - 1u);
        let o3 = min(o + 3u, OUTPUTS - 1u);
        for (var n = 0u; n < SAMPLES; n++) {
            let row = OUTPUTS * n;
            let d = vec4f(dy_at(row + o), dy_at(row + o1), dy_at(row + o2), dy_at(row + o3));
            dbias += d;
            for (var a = 0u; a < TILE; a++) {
                sum[a] += x_at(INPUTS * n + min(input + a, INPUTS - 1u)) * d;
            }
        }

        let starts = part_at(1u) == 1u;
        for (var b = 0u; b < 4u; b++) {
            if (o + b < OUTPUTS) {
                for (var a = 0u; a < TILE; a++) {
                    if (input + a < INPUTS) {
                        let to = WEIGHTS + (o + b) * INPUTS + input + a;
                        if (starts) {
                            gradient[to] = sum[a][b];
                        } else {
                            gradient[to] += sum[a][b];
                        }
                    }
                }
                if (input == 0u) {
                    if (starts) {
                        gradient[o + b] = dbias[b];
                    } else {
                        gradient[o + b] += dbias[b];
                    }
                }
            }
        }
    }
}
