// linear_backward_input:  dx[n,i] = f'(x[n,i]) sum over o of w[o,i] dy[n,o]
//
// Where w comes in several windows, the first (part[1] = 1) starts the sum, the later ones add to
// it, and the last (part[2] = 1) multiplies with f'.
// One invocation makes TILE inputs of four samples.

@compute @workgroup_size(WORKGROUP)
fn linear_backward_input(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let n = 4u * (item % SAMPLE_TILES);
        let input = TILE * (item / SAMPLE_TILES);

        var sum: array<vec4f, TILE>;
        let d0 = OUTPUTS * min(n, SAMPLES - 1u) + part_at(0u);
        let d1 = OUTPUTS * min(n + 1u, SAMPLES - 1u) + part_at(0u);
        let d2 = OUTPUTS * min(n + 2u, SAMPLES - 1u) + part_at(0u);
        let d3 = OUTPUTS * min(n + 3u, SAMPLES - 1u) + part_at(0u);
        for (var o = 0u; o < ROWS; o++) {
            let d = vec4f(dy_at(d0 + o), dy_at(d1 + o), dy_at(d2 + o), dy_at(d3 + o));
            for (var a = 0u; a < TILE; a++) {
                sum[a] += w_at(INPUTS * o + min(input + a, INPUTS - 1u)) * d;
            }
        }

        for (var a = 0u; a < TILE; a++) {
            if (input + a < INPUTS) {
                let at = n * INPUTS + input + a;
                for (var b = 0u; b < 4u; b++) {
                    if (n + b < SAMPLES) {
                        let to = at + b * INPUTS;
                        var value = sum[a][b];
                        if (part_at(1u) == 0u) {
                            value += dx[to];
                        }
                        if (part_at(2u) == 1u) {
                            value *= squash_slope(x_at(to));
                        }
                        dx[to] = value;
                    }
                }
            }
        }
    }
}
