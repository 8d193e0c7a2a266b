//! What a trained network makes of ten digits, for browsers without WebGPU.

use serde_json::{Value, json};

use crate::cpu::Cpu;
use crate::data::Digits;
use crate::error::Result;
use crate::plan::{Activation, Optimizer, Plan, Profile, Strategy};
use crate::train::model::Model;
use crate::train::session::{Lists, Session};

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
    let count = digits.len();
    let lists = Lists::new(&[&digits], 0, vec![(0..count as u32).collect()]);
    let (profile, capacity) = (Profile::reference(), lists.capacity(count));
    let (network, strategy) = (&model.network, Strategy::Inspect);
    let plan = Plan::new(network, strategy, profile, count, Optimizer::NONE, capacity)?;
    let mut session = Session::new(Box::new(Cpu::new(plan)), &lists)?;
    session.set_parameters(&model.parameters)?;
    session.scores(0)?;
    let executor = session.executor();
    let stored = executor.interface().activations.clone();
    let mut layers = Vec::new();
    for Activation { layer, buffer, shape, stride } in stored {
        let values = executor.read_f32(buffer, stride * count)?;
        let rows = values.chunks_exact(stride);
        let rounded = |value: &f32| (f64::from(*value) * 1e3).round() / 1e3;
        let rows = rows.map(|row| row[..shape.size()].iter().map(rounded).collect::<Vec<f64>>());
        layers.push((layer, shape, rows.collect::<Vec<_>>()));
    }
    let of_digit = |(place, &number): (usize, &usize)| {
        let layers = layers.iter().map(
            |(layer, shape, rows)| json!({ "layer": layer, "shape": shape, "values": rows[place] }),
        );
        let pixels = digits.digit(place);
        json!({ "number": number, "pixels": pixels, "layers": layers.collect::<Vec<_>>() })
    };
    Ok(Value::Array(numbers.iter().enumerate().map(of_digit).collect()))
}
