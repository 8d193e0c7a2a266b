// gather: the samples of this step, from the data set on the device.
//
//   digits  [.., 197] words: 784 bytes of pixels, row by row, then the label
//   order   indices of digits, in the order of the epoch
//   steps   [.., 4]: first entry of order, samples in the step, learning rate, unused
//   cursor  the step to do
//   now     [4]: the row of steps that is being done, and its number: kept for the updates
//   truth   [SAMPLES, 4]: label, samples in the step (0 where the last batch of an epoch has no
//           digit), number of the step, unused
//   x       [SAMPLES, HEIGHT, WIDTH] = SCALE * byte + BACKGROUND; the border already is background
//
// 1998, section II.B: background -0.1, ink 1.175; 1990: -1 and 1.
// One invocation copies one row of 28 pixels.

const RECORD = 197u;

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3u) {
    let step = cursor_at(0u);
    let first = steps_at(4u * step);
    let count = steps_at(4u * step + 1u);
    if (id.x == 0u) {
        now[0] = first;
        now[1] = count;
        now[2] = steps_at(4u * step + 2u);
        now[3] = step;
    }
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let n = item / 28u;
        let row = item % 28u;
        let here = n < count;
        let record = RECORD * order_at(first + select(0u, n, here));
        if (row == 0u) {
            truth[4u * n] = digits_at(record + 196u);
            truth[4u * n + 1u] = select(0u, count, here);
            truth[4u * n + 2u] = step;
        }
        let at = (n * HEIGHT + row + BORDER) * WIDTH + BORDER;
        for (var word = 0u; word < 7u; word++) {
            let bytes = digits_at(record + row * 7u + word);
            for (var byte = 0u; byte < 4u; byte++) {
                x[at + 4u * word + byte] = SCALE * f32((bytes >> (8u * byte)) & 255u) + BACKGROUND;
            }
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}
