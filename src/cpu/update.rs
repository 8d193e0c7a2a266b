//! References of `gather`, `update` and `advance`.

use super::Epilogue;
use super::distort::{Affine, distort};
use crate::plan::kernels::{Gather, Update};
use crate::plan::{LABEL_WORDS, STATE_NUMBER, STEP_WORDS, StepSize};

/// Copies the samples of the step that `cursor` names into `x` and `labels`, or distorts them on the
/// way.
#[expect(clippy::too_many_arguments, reason = "the bindings of gather.wgsl, in their order")]
pub fn gather(
    k: &Gather,
    data_set: &[u32],
    indices: &[u32],
    step_table: &[u32],
    cursor: &[u32],
    step_state: &mut [u32],
    labels: &mut [u32],
    x: &mut [f32],
) {
    let step = &step_table[cursor[0] as usize * STEP_WORDS..][..STEP_WORDS];
    let (first, count) = (step[0] as usize, step[1] as usize);
    // The rest of the row says nothing.
    step_state[..6].copy_from_slice(&step[..6]);
    step_state[STATE_NUMBER] = cursor[0];
    let (record, side) = (k.record, k.record.side);
    let (height, width, border) = (k.height as usize, k.width as usize, k.border as usize);
    let stride = k.x_stride as usize;
    for (n, x) in x.chunks_exact_mut(stride).enumerate().take(k.samples as usize) {
        x[height * width..].fill(0.0);
        let place = k.before as usize + n;
        let here = place < count;
        let entry = indices[first + if here { place } else { 0 }];
        let (digit, view) = k.distort.map_or((entry, 0), |k| k.digit_and_view(entry));
        let sample = &data_set[digit as usize * record.words()..][..record.words()];
        let samples = if here { step[1] } else { 0 };
        let label = sample[record.pixel_words()];
        labels[n * LABEL_WORDS..][..3].copy_from_slice(&[label, samples, cursor[0]]);
        if let Some(distortion) = &k.distort {
            let map = Affine::of(distortion, step[3], view, digit);
            for (place, x) in x[..height * width].iter_mut().enumerate() {
                let value =
                    distort(&map, sample, record, (height, width), (place / width, place % width));
                *x = k.scale * value + k.background;
            }
            continue;
        }
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
            let word = sample[row * record.row_words() + column / 4];
            let byte = word >> (8 * (column % 4)) & 255;
            let place = (row + border) * width + column + border;
            x[place] = k.scale * byte as f32 + k.background;
        }
    }
}

/// Adds the rows of partial or shard gradients, and applies the epilogue.
pub fn update(k: &Update, partials: &[f32], step_state: &[u32], mut epilogue: Epilogue) {
    let size = StepSize::of(step_state);
    for place in 0..k.parameters as usize {
        let at = |row: u32| partials[(row * k.stride) as usize + place];
        epilogue.apply(place, (0..k.partial_rows).map(at).sum(), size);
    }
}

/// Moves the cursor on.
pub fn advance(step_state: &[u32], cursor: &mut [u32]) {
    cursor[0] = step_state[STATE_NUMBER] + 1;
}
