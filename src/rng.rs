//! The program's only source of chance: PCG-XSH-RR 64/32 (O'Neill, 2014), so that a seed gives the
//! same run on every platform and in every language that follows these few lines.

/// Multiplier of the 64-bit linear congruential generator under PCG32.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// A PCG32 generator.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
    increment: u64,
}

/// What a generator is for: equal seeds give independent streams for different purposes.
#[derive(Debug, Clone, Copy)]
pub enum Stream {
    /// The first weights.
    Weights = 1,
    /// The order of the training digits.
    Order = 2,
    /// The subset of the training digits that a run trains on.
    Subset = 3,
    /// Numbers for tests and self-tests.
    Test = 4,
    /// The digits that curvatures are estimated on.
    Curvature = 5,
    /// The key of the distortions.
    Distortion = 8,
}

impl Rng {
    /// A generator seeded as PCG's reference code does it (`pcg32_srandom`).
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut rng = Rng { state: 0, increment: (stream as u64) << 1 | 1 };
        rng.next_u32();
        rng.state = rng.state.wrapping_add(seed);
        rng.next_u32();
        rng
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        let xorshifted = (((old >> 18) ^ old) >> 27) as u32;
        xorshifted.rotate_right((old >> 59) as u32)
    }

    /// Uniform in 0 .. bound, without bias (by rejection).
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let value = self.next_u32();
            if value >= threshold {
                return value % bound;
            }
        }
    }

    /// Uniform in -limit .. limit, in steps of 2^-23 of the limit.
    pub fn symmetric(&mut self, limit: f32) -> f32 {
        let unit = (self.next_u32() >> 8) as f32 / (1 << 24) as f32;
        limit * (2.0 * unit - 1.0)
    }

    /// Fisher-Yates, from the last place to the first.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

/// Four random words from four that count: a hash, so that any invocation of a kernel draws its
/// numbers without a state. pcg4d of Jarzynski and Olano, Hash Functions for GPU Rendering, JCGT 9(3),
/// 2020; in step with `pcg4d` in `shaders/distort.wgsl`.
pub fn pcg4d(counter: [u32; 4]) -> [u32; 4] {
    let mix = |v: [u32; 4]| {
        let [mut x, mut y, mut z, mut w] = v;
        x = x.wrapping_add(y.wrapping_mul(w));
        y = y.wrapping_add(z.wrapping_mul(x));
        z = z.wrapping_add(x.wrapping_mul(y));
        w = w.wrapping_add(y.wrapping_mul(z));
        [x, y, z, w]
    };
    let v = counter.map(|word| word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    mix(mix(v).map(|word| word ^ (word >> 16)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of PCG's own demonstration: seed 42, sequence 54.
    #[test]
    fn repeats_the_reference_sequence() {
        let mut rng = Rng { state: 0, increment: 54 << 1 | 1 };
        rng.next_u32();
        rng.state = rng.state.wrapping_add(42);
        rng.next_u32();
        let drawn: Vec<u32> = (0..6).map(|_| rng.next_u32()).collect();
        let expected =
            [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e];
        assert_eq!(drawn, expected);
    }
}
