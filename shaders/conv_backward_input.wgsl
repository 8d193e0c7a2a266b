// conv_backward_input: what a convolution by table hands down to the pooling below it.
//
//   dx[n,c,y,x] = f'(x[n,c,y,x]) sum over the connections j that leave c, ky, kx of
//                 w[j,ky,kx] dh[n, map[j], y-ky, x-kx]      where y-ky and x-kx are inside
//
// x is the squashed output below, so dx is the loss by what that squash got.
// One invocation makes two whole rows of one input map. Each value of dh is spread over the five
// inputs of a row that it came from, so that columns outside never come up; rows outside are zero.

alias Spread = array<f32, WIDTH>;
alias Gradients = array<f32, OW>;

fn gradient_row(map: u32, y: u32) -> Gradients {
    // y is unsigned: above the first row it is huge.
    let inside = select(0.0, 1.0, y < OH);
    let at = (map * OH + min(y, OH - 1u)) * OW;
    var row: Gradients;
    for (var i = 0u; i < OW; i++) {
        row[i] = inside * dh_at(at + i);
    }
    return row;
}

fn spread(
    top: ptr<function, Spread>,
    bottom: ptr<function, Spread>,
    upper: ptr<function, Gradients>,
    lower: ptr<function, Gradients>,
    w: u32,
) {
    let w0 = p_at(w);
    let w1 = p_at(w + 1u);
    let w2 = p_at(w + 2u);
    let w3 = p_at(w + 3u);
    let w4 = p_at(w + 4u);
    for (var i = 0u; i < OW; i++) {
        let t = (*upper)[i];
        let b = (*lower)[i];
        (*top)[i] += w0 * t;
        (*top)[i + 1u] += w1 * t;
        (*top)[i + 2u] += w2 * t;
        (*top)[i + 3u] += w3 * t;
        (*top)[i + 4u] += w4 * t;
        (*bottom)[i] += w0 * b;
        (*bottom)[i + 1u] += w1 * b;
        (*bottom)[i + 2u] += w2 * b;
        (*bottom)[i + 3u] += w3 * b;
        (*bottom)[i + 4u] += w4 * b;
    }
}

@compute @workgroup_size(WORKGROUP)
fn conv_backward_input(@builtin(global_invocation_id) id: vec3u) {
    for (var item = id.x; item < ITEMS; item += THREADS) {
        let y = 2u * (item % (HEIGHT / 2u));
        let n = item / (HEIGHT / 2u) % SAMPLES;
        let c = item / (HEIGHT / 2u * SAMPLES);

        var top: Spread;
        var bottom: Spread;
        let last = table_at(FIRST_OUT + c + 1u);
        for (var q = table_at(FIRST_OUT + c); q < last; q++) {
            let j = table_at(BY_CHANNEL + q);
            let map = n * M + table_at(MAP + j);
            var lower = gradient_row(map, y + 1u);
            for (var k = 0u; k < 5u; k++) {
                var upper = gradient_row(map, y - k);
                spread(&top, &bottom, &upper, &lower, 25u * j + 5u * k);
                lower = upper;
            }
        }

        let at = ((n * C + c) * HEIGHT + y) * WIDTH;
        for (var i = 0u; i < WIDTH; i++) {
            dx[at + i] = top[i] * squash_slope(x_at(at + i));
            dx[at + WIDTH + i] = bottom[i] * squash_slope(x_at(at + WIDTH + i));
        }
    }
}
