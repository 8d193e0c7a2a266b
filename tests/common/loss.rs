//! The losses in f64, and their second derivatives by differences.

use lenet::plan::constant::LossKind;

/// The loss of one sample behind an output layer, whose squash, if it has one, gives x.
fn loss(kind: LossKind, j: f64, x: &[f64], w: &[f64], right: usize) -> f64 {
    let y: Vec<f64> = match kind {
        LossKind::Targets => x.to_vec(),
        _ => {
            let distance = |w: &[f64]| x.iter().zip(w).map(|(x, w)| (x - w).powi(2)).sum::<f64>();
            w.chunks(x.len()).map(distance).collect()
        }
    };
    match kind {
        LossKind::Targets => {
            let error = |(c, y): (usize, &f64)| y - if c == right { 1.0 } else { -1.0 };
            y.iter().enumerate().map(|y| error(y).powi(2)).sum::<f64>() / y.len() as f64
        }
        LossKind::Distance => y[right],
        LossKind::Competition => {
            let least = y.iter().copied().fold(j, f64::min);
            let mass: f64 = y.iter().chain([&j]).map(|y| (least - y).exp()).sum();
            y[right] + mass.ln() - least
        }
    }
}

/// Its second derivative by each number of x: a difference of order 4.
pub fn second(kind: LossKind, j: f64, x: &[f64], w: &[f64], right: usize) -> Vec<f64> {
    const STEP: f64 = 0.005;
    let mut moved = x.to_vec();
    let mut at = |place: usize, by: f64| {
        moved[place] = x[place] + by;
        let value = loss(kind, j, &moved, w, right);
        moved[place] = x[place];
        value
    };
    let mut of = |place| {
        let near = at(place, STEP) + at(place, -STEP);
        let far = at(place, 2.0 * STEP) + at(place, -2.0 * STEP);
        (16.0 * near - far - 30.0 * at(place, 0.0)) / (12.0 * STEP * STEP)
    };
    (0..x.len()).map(&mut of).collect()
}
