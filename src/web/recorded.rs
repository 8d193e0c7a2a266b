//! What a trained network makes of ten digits, for browsers without WebGPU.

use serde_json::{Value, json};

use crate::data::Digits;
use crate::error::Result;
use crate::inference::inspect;
use crate::plan::Activation;
use crate::train::model::Model;

/// Classes of digits.
const CLASSES: u8 = 10;

/// The activations of every layer for the first digit of each class.
///
/// # Errors
/// [`crate::Error::Usage`] if the network cannot be planned.
pub(super) fn activations(model: &Model, test: &Digits) -> Result<Value> {
    let first = |class| (0..test.len()).find(|&digit| test.label(digit) == class);
    let numbers: Vec<usize> = (0..CLASSES).filter_map(first).collect();
    let digits = test.pick(numbers.iter().copied());
    let stored = inspect(model, &digits)?;
    let rounded = |value: &f32| (f64::from(*value) * 1e3).round() / 1e3;
    let of_digit = |(place, &number): (usize, &usize)| {
        let layers = stored.iter().map(|(Activation { layer, shape, .. }, values)| {
            let values = &values[place * shape.size()..][..shape.size()];
            let values: Vec<f64> = values.iter().map(rounded).collect();
            json!({ "layer": layer, "shape": shape, "values": values })
        });
        let pixels = digits.digit(place);
        json!({ "number": number, "pixels": pixels, "layers": layers.collect::<Vec<_>>() })
    };
    Ok(Value::Array(numbers.iter().enumerate().map(of_digit).collect()))
}
