// A digit under the planar affine map of its view.
//
//   x_source = (1 + scale + squeeze) x + shear y + shift_x        x, y from the centre of the picture
//   y_source = (1 + scale - squeeze) y + shift_y                  [HEIGHT, WIDTH], sources from the
//                                                                 centre of the digit [SIDE, SIDE]
//   value = bilinear in the four pixels around the source; 0 outside of the digit
//
//   indices [..]  digit + DIGITS * view; view 0 is the digit as it is
//
// shift_x, shift_y, scale, squeeze and shear are uniform in +-MAX_SHIFT (2^-12 pixels) and
// +-MAX_SCALE, +-MAX_SQUEEZE, +-MAX_SHEAR (2^-16), drawn by a hash of (key, view, digit). Translation,
// scaling, squeezing, horizontal shear: 1998, section III.A, which gives no ranges.
//
// Whole numbers throughout, modulo 2^32, so that every device draws the same map and every value has
// the same bits: places in 2^-17 pixels, 1,024 pixels added so that a shift to the right finds no
// sign, and eight bits of each fraction, so that value * 2^16 fits the 24 bits of a float.
//
// expects: data_set_at; SIDE, ROW_WORDS, HEIGHT, WIDTH, MAX_SHIFT, MAX_SCALE, MAX_SQUEEZE, MAX_SHEAR

const ONE = 65536u;
// The centre of the digit, (SIDE - 1) / 2, and 1,024, in 2^-17.
const CENTRE = ((SIDE - 1u) << 16u) + (1024u << 17u);

struct Affine {
    xx: u32,
    xy: u32,
    yy: u32,
    /// In 2^-17 pixels, the others in 2^-16.
    x: u32,
    y: u32,
}

/// A row of the picture, and the two rows of the digit around its source.
struct Source {
    /// Where column 0 comes from.
    x: u32,
    /// Their first words in `data_set`.
    upper: u32,
    lower: u32,
    /// Weight of the row, of 256; 0 for a row outside of the digit.
    upper_weight: u32,
    lower_weight: u32,
}

// pcg4d of Jarzynski and Olano, Hash Functions for GPU Rendering, JCGT 9(3), 2020.
fn pcg4d(counter: vec4u) -> vec4u {
    var v = counter * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4u(16u);
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

// In -most .. most, from the upper half of a word.
fn within(most: u32, word: u32) -> u32 {
    return ((most * (word >> 16u)) >> 15u) - most;
}

fn affine_of(key: u32, view: u32, digit: u32) -> Affine {
    if (view == 0u) {
        return Affine(ONE, 0u, ONE, 0u, 0u);
    }
    let drawn = pcg4d(vec4u(key, view, digit, 0u));
    let more = pcg4d(vec4u(key, view, digit, 1u));
    let scale = ONE + within(MAX_SCALE, drawn.z);
    let squeeze = within(MAX_SQUEEZE, drawn.w);
    return Affine(
        scale + squeeze,
        within(MAX_SHEAR, more.x),
        scale - squeeze,
        within(MAX_SHIFT, drawn.x) << 5u,
        within(MAX_SHIFT, drawn.y) << 5u,
    );
}

fn source_of(map: Affine, sample: u32, row: u32) -> Source {
    let down = 2u * row + 1u - HEIGHT;
    let y = map.yy * down + map.y + CENTRE;
    let fraction = (y >> 9u) & 255u;
    // Above the digit this is huge.
    let upper = (y >> 17u) - 1024u;
    let upper_inside = upper < SIDE;
    let lower_inside = upper + 1u < SIDE;
    return Source(
        map.xy * down + map.x + CENTRE - map.xx * (WIDTH - 1u),
        sample + ROW_WORDS * select(0u, upper, upper_inside),
        sample + ROW_WORDS * select(0u, upper + 1u, lower_inside),
        select(0u, 256u - fraction, upper_inside),
        select(0u, fraction, lower_inside),
    );
}

// Both rows together at a column of the digit, times 2^8.
fn blend(source: Source, column: u32) -> u32 {
    let inside = column < SIDE;
    let at = select(0u, column, inside);
    let bits = 8u * (at % 4u);
    let upper = (data_set_at(source.upper + at / 4u) >> bits) & 255u;
    let lower = (data_set_at(source.lower + at / 4u) >> bits) & 255u;
    return select(0u, source.upper_weight * upper + source.lower_weight * lower, inside);
}

// The grey value, 0 to 255, that column `column` of the picture gets.
fn distorted(map: Affine, source: Source, column: u32) -> f32 {
    let x = source.x + 2u * map.xx * column;
    let fraction = (x >> 9u) & 255u;
    let left = (x >> 17u) - 1024u;
    let sum = (256u - fraction) * blend(source, left) + fraction * blend(source, left + 1u);
    return f32(sum) * 0x1p-16f;
}
