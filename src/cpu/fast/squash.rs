//! The activation of eight numbers.

use super::conv::PAPERS;
use super::lanes::{Baseline, LANES, Lanes, V};
use crate::network::{Squash, Tanh};

/// Where tanh is 1 to within the last bit of f32.
const LIMIT: f32 = 9.0;
/// tanh t = t P(t^2) / Q(t^2) up to [`LIMIT`], highest power first: the coefficients that Eigen and
/// XLA use.
const P: [f32; 7] = [
    -2.760_768_5e-16,
    2.000_188e-13,
    -8.604_672e-11,
    5.122_297e-8,
    1.485_722_4e-5,
    6.372_619_4e-4,
    4.893_524_6e-3,
];
const Q: [f32; 4] = [1.198_258_4e-6, 1.185_347e-4, 2.268_434_6e-3, 4.893_525e-3];

/// tanh to within 5e-7 (4.3e-7 found without FMA); beyond [`LIMIT`] it stays what it is there.
#[inline(always)]
pub fn tanh<L: Lanes>(t: L) -> L {
    let t = t.clamp(LIMIT);
    let square = t.mul(t);
    let polynomial = |coefficients: &[f32]| {
        let mut value = L::splat(coefficients[0]);
        for &coefficient in &coefficients[1..] {
            value = value.mul_add(square, L::splat(coefficient));
        }
        value
    };
    t.mul(polynomial(&P)).div(polynomial(&Q))
}

/// An activation and its slope, with all numbers ready to use.
#[derive(Debug, Clone, Copy)]
pub enum Curve {
    /// f(a) = A tanh(S a).
    Tanh {
        amplitude: f32,
        slope: f32,
    },
    /// The same around 1/2, with A = S = 1/2.
    Logistic,
    Relu,
    /// f(a) = a: what a softmax or a plain pooling has.
    Identity,
}

impl Curve {
    pub fn of(squash: Option<Squash>) -> Self {
        match squash {
            None => Curve::Identity,
            Some(Squash::Logistic) => Curve::Logistic,
            Some(squash) => match squash.tanh() {
                Some(Tanh { amplitude, slope, .. }) => Curve::Tanh { amplitude, slope },
                None => Curve::Relu,
            },
        }
    }

    /// The same. Where K is [`PAPERS`] it tells the compiler that this is a tanh.
    #[inline(always)]
    pub fn known<const K: usize>(self) -> Self {
        match self {
            _ if K != PAPERS => self,
            Curve::Tanh { amplitude, slope } => Curve::Tanh { amplitude, slope },
            _ => unreachable!("the papers have a tanh after every stage"),
        }
    }

    /// f(a).
    #[inline(always)]
    pub fn squash<L: Lanes>(self, a: L) -> L {
        match self {
            Curve::Tanh { amplitude, slope } => {
                tanh(a.mul(L::splat(slope))).mul(L::splat(amplitude))
            }
            _ => self.apply(a, Curve::other),
        }
    }

    /// Calls a function for the eight numbers together.
    #[inline(always)]
    fn apply<L: Lanes>(self, numbers: L, f: fn(Curve, &mut V)) -> L {
        let mut all = V::ZERO;
        numbers.store(&mut all);
        f(self, &mut all);
        L::load(&all)
    }

    /// f(a) of what is no tanh. A function of its own, so that the loops around a tanh stay short.
    #[inline(never)]
    fn other(self, numbers: &mut V) {
        let half = <Baseline>::splat(0.5);
        match self {
            Curve::Tanh { .. } | Curve::Identity => {}
            Curve::Logistic => {
                tanh(<Baseline>::load(numbers).mul(half)).mul_add(half, half).store(numbers)
            }
            Curve::Relu => numbers.0.iter_mut().for_each(|a| *a = a.max(0.0)),
        }
    }

    /// f'(a) of the same.
    #[inline(never)]
    fn other_slope(self, numbers: &mut V) {
        let slope = |y: f32| match self {
            Curve::Logistic => y - y * y,
            Curve::Relu => f32::from(u8::from(y > 0.0)),
            Curve::Tanh { .. } | Curve::Identity => 1.0,
        };
        numbers.0 = numbers.0.map(slope);
    }

    /// f'(a), from y = f(a): S (A - y^2 / A) of a tanh.
    #[inline(always)]
    pub fn slope<L: Lanes>(self, y: L) -> L {
        match self {
            Curve::Tanh { amplitude, slope } => {
                let square = L::splat(-slope / amplitude);
                y.mul(y).mul_add(square, L::splat(slope * amplitude))
            }
            _ => self.apply(y, Curve::other_slope),
        }
    }
}

/// Replaces each number a by f(a).
#[inline(always)]
pub fn squash_all<L: Lanes>(f: Curve, numbers: &mut [f32]) {
    let mut vectors = numbers.chunks_exact_mut(LANES);
    for numbers in vectors.by_ref() {
        f.squash(L::from(numbers)).to(numbers);
    }
    for number in vectors.into_remainder() {
        *number = f.squash(L::splat(*number)).first();
    }
}

/// Turns derivatives with respect to y = f(a) into those with respect to a: each times f'(a), a local derivative. There
/// may be more y than derivatives.
#[inline(always)]
pub fn through<L: Lanes>(f: Curve, derivatives: &mut [f32], y: &[f32]) {
    let y = &y[..derivatives.len()];
    let mut vectors = derivatives.chunks_exact_mut(LANES);
    for (d, y) in vectors.by_ref().zip(y.chunks_exact(LANES)) {
        L::from(d).mul(f.slope(L::from(y)).local()).to(d);
    }
    let rest = y.chunks_exact(LANES).remainder();
    for (d, y) in vectors.into_remainder().iter_mut().zip(rest) {
        *d *= f.slope(L::splat(*y)).local().first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::fast::lanes::Baseline;

    fn tanh_of(t: f32) -> f32 {
        tanh(<Baseline>::splat(t)).first()
    }

    #[test]
    fn tanh_is_right_to_the_last_bits() {
        let mut worst = 0.0_f64;
        for step in -100_000..=100_000 {
            let t = step as f32 * 1e-4;
            worst = worst.max((f64::from(tanh_of(t)) - f64::from(t).tanh()).abs());
        }
        assert!(worst <= 5e-7, "off by {worst:e}");
        // Small numbers keep their relative precision.
        for t in [1e-3_f32, 1e-10, -1e-30] {
            let error = f64::from(tanh_of(t)) / f64::from(t).tanh() - 1.0;
            assert!(error.abs() <= 4e-7, "{t:e}: {error:e}");
        }
    }

    #[test]
    fn tanh_of_numbers_that_are_none() {
        assert!(tanh_of(f32::NAN).is_nan());
        for sign in [1.0, -1.0] {
            assert!((tanh_of(sign * f32::INFINITY) - sign).abs() <= 4e-7);
        }
    }
}
