// Writes a sum into a row of partials, or adds it to what an earlier window of the step left.

fn put(at: u32, sum: f32, starts: bool) {
    if (starts) {
        partials[at] = sum;
    } else {
        partials[at] += sum;
    }
}
