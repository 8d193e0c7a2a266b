// gather: the samples of this step, from the data set on the device.
//
//   x[n,y,x] = SCALE * byte + BACKGROUND      (1998, section II.B: background -0.1, ink 1.175; 1990: -1 and 1)
//
// uses: distort, step
// binds:
//   data_set    storage u32   [.., SAMPLE_WORDS] the bytes of the pixels, row by row, each row filled up to
//                             whole words, then the label
//   indices     storage u32   digits in the order of the epoch; with DISTORT digit + DIGITS * view, see
//                             distort.wgsl
//   step_table  storage u32   [.., STEP_WORDS] first entry of indices, samples in the step, learning rate, key of the
//                             distortion, corrections of Adam
//   cursor      storage u32   [1] the step to do
//   step_state  write u32     [8] that row, with the number of the step in place of the key: kept for the updates
//   labels      write u32     [SAMPLES, 4] label, samples in the step (0 where the last batch of an epoch has
//                             no digit), number of the step, unused
//   x           write f32     [SAMPLES, HEIGHT, WIDTH], a sample every X_STRIDE numbers, with 0 between; without
//                             DISTORT the border is background already
//
// BEFORE samples of the step come before these: an earlier shard has those.
// One invocation copies one row of SIDE pixels, or computes one of the distorted picture.

const ROWS = select(SIDE, HEIGHT, DISTORT);

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3u) {
    let step = cursor_at(0u);
    let first = step_table_at(STEP_WORDS * step + STEP_FIRST);
    let count = step_table_at(STEP_WORDS * step + STEP_COUNT);
    let key = step_table_at(STEP_WORDS * step + STEP_KEY);
    if (id.x == 0u) {
        remember_step();
    }
    var item = id.x;
    if (item >= ITEMS) {
        return;
    }
    loop {
        let n = item / ROWS;
        let row = item % ROWS;
        let here = BEFORE + n < count;
        let entry = indices_at(first + select(0u, BEFORE + n, here));
        let digit = select(entry, entry % DIGITS, DISTORT);
        let sample = SAMPLE_WORDS * digit;
        if (row == 0u) {
            labels[4u * n] = data_set_at(sample + (SAMPLE_WORDS - 1u));
            labels[4u * n + 1u] = select(0u, count, here);
            labels[4u * n + 2u] = step;
            for (var i = HEIGHT * WIDTH; i < X_STRIDE; i++) {
                x[n * X_STRIDE + i] = 0.0;
            }
        }
        if (DISTORT) {
            let map = affine_of(key, entry / DIGITS, digit);
            make_row(map, source_of(map, sample, row), n * X_STRIDE + row * WIDTH);
        } else {
            copy_row(sample + row * ROW_WORDS, n * X_STRIDE + (row + BORDER) * WIDTH + BORDER);
        }
        continuing {
            item += THREADS;
            break if item >= ITEMS;
        }
    }
}

fn copy_row(words: u32, at: u32) {
    for (var word = 0u; word < ROW_WORDS; word++) {
        let bytes = data_set_at(words + word);
        for (var byte = 0u; byte < 4u; byte++) {
            if (SIDE % 4u == 0u || 4u * word + byte < SIDE) {
                x[at + 4u * word + byte] = SCALE * f32((bytes >> (8u * byte)) & 255u) + BACKGROUND;
            }
        }
    }
}

fn make_row(map: Affine, source: Source, at: u32) {
    for (var column = 0u; column < WIDTH; column++) {
        x[at + column] = SCALE * distorted(map, source, column) + BACKGROUND;
    }
}
