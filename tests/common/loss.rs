//! The losses in f64, and their second derivatives by differences.

use lenet::network::{Loss, Output};
use lenet::plan::Criterion;

/// The error against +1 and -1, of 1990.
pub const LINEAR_MSE: Criterion = Criterion { output: Output::Linear, loss: Loss::Mse, j: 10.0 };
/// Cross-entropy.
pub const SOFTMAX: Criterion =
    Criterion { output: Output::Softmax, loss: Loss::CrossEntropy, j: 10.0 };
/// Eq. 8 of 1998.
pub const RBF_EQ8: Criterion = Criterion { output: Output::Rbf, loss: Loss::Mse, j: 10.0 };
/// Eq. 9 of 1998.
pub const RBF_EQ9: Criterion = Criterion { output: Output::Rbf, loss: Loss::Map, j: 10.0 };

/// The loss of one sample after an output layer, whose squash, if it has one, gives x.
fn loss(kind: Criterion, x: &[f64], w: &[f64], right: usize) -> f64 {
    let distance = |w: &[f64]| x.iter().zip(w).map(|(x, w)| (x - w).powi(2)).sum::<f64>();
    let y: Vec<f64> = match kind.output {
        Output::Linear | Output::Softmax => x.to_vec(),
        Output::Rbf => w.chunks(x.len()).map(distance).collect(),
    };
    match (kind.output, kind.loss) {
        (Output::Linear, _) => {
            let error = |(c, y): (usize, &f64)| y - if c == right { 1.0 } else { -1.0 };
            y.iter().enumerate().map(|y| error(y).powi(2)).sum::<f64>() / y.len() as f64
        }
        (Output::Rbf, Loss::Mse) => y[right],
        (Output::Softmax, _) => {
            let largest = y.iter().copied().fold(f64::MIN, f64::max);
            y.iter().map(|y| (y - largest).exp()).sum::<f64>().ln() + largest - y[right]
        }
        (Output::Rbf, _) => {
            let j = f64::from(kind.j);
            let least = y.iter().copied().fold(j, f64::min);
            let mass: f64 = y.iter().chain([&j]).map(|y| (least - y).exp()).sum();
            y[right] + mass.ln() - least
        }
    }
}

/// Its second derivative by each number of x: a difference of order 4.
pub fn second(kind: Criterion, x: &[f64], w: &[f64], right: usize) -> Vec<f64> {
    const STEP: f64 = 0.005;
    let mut moved = x.to_vec();
    let mut at = |place: usize, by: f64| {
        moved[place] = x[place] + by;
        let value = loss(kind, &moved, w, right);
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
