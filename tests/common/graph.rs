//! A reference for exported graphs: every operator that they use, in naive loops over f64.

use std::collections::HashMap;

use super::onnx::{DataType, GraphProto, NodeProto, TensorProto};

/// A value: sides, outermost first, and numbers row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub shape: Vec<usize>,
    pub numbers: Vec<f64>,
}

impl Value {
    fn of(tensor: &TensorProto) -> Value {
        let bytes = tensor.raw_data.as_deref().expect("raw data");
        let numbers = match tensor.data_type() {
            DataType::Float => {
                bytemuck::pod_collect_to_vec::<u8, f32>(bytes).into_iter().map(f64::from).collect()
            }
            DataType::Int64 => bytemuck::pod_collect_to_vec::<u8, i64>(bytes)
                .into_iter()
                .map(|number| number as f64)
                .collect(),
            other => panic!("a constant of {other:?}"),
        };
        let value =
            Value { shape: tensor.dims.iter().map(|&side| side as usize).collect(), numbers };
        assert_eq!(value.shape.iter().product::<usize>(), value.numbers.len(), "{:?}", tensor.name);
        value
    }

    /// A value of this shape, each number from its place.
    fn from_fn(shape: &[usize], mut number: impl FnMut(&[usize]) -> f64) -> Value {
        let count: usize = shape.iter().product();
        let numbers = (0..count).map(|flat| {
            let mut rest = flat;
            let mut place: Vec<usize> = shape
                .iter()
                .rev()
                .map(|&side| {
                    let at = rest % side;
                    rest /= side;
                    at
                })
                .collect();
            place.reverse();
            number(&place)
        });
        Value { numbers: numbers.collect(), shape: shape.to_vec() }
    }

    fn at(&self, place: &[usize]) -> f64 {
        assert_eq!(place.len(), self.shape.len());
        let flat = place.iter().zip(&self.shape).fold(0, |flat, (&at, &side)| {
            assert!(at < side, "{place:?} of {:?}", self.shape);
            flat * side + at
        });
        self.numbers[flat]
    }

    /// Two values number by number, one-sided dimensions stretched.
    fn with(&self, other: &Value, f: impl Fn(f64, f64) -> f64) -> Value {
        let rank = self.shape.len().max(other.shape.len());
        let side = |value: &Value, i: usize| {
            (i + value.shape.len()).checked_sub(rank).map_or(1, |i| value.shape[i])
        };
        let shape: Vec<usize> = (0..rank).map(|i| side(self, i).max(side(other, i))).collect();
        let read = |value: &Value, place: &[usize]| {
            let own = &place[rank - value.shape.len()..];
            let own =
                own.iter().zip(&value.shape).map(|(&at, &side)| if side == 1 { 0 } else { at });
            value.at(&own.collect::<Vec<usize>>())
        };
        Value::from_fn(&shape, |place| f(read(self, place), read(other, place)))
    }
}

/// Every value of a graph that gets this input.
pub fn run(graph: &GraphProto, input: Value) -> HashMap<String, Value> {
    let constants = graph.initializer.iter();
    let mut values: HashMap<String, Value> =
        constants.map(|tensor| (tensor.name().to_string(), Value::of(tensor))).collect();
    values.insert(graph.input[0].name().to_string(), input);
    for node in &graph.node {
        let inputs: Vec<&Value> = node.input.iter().map(|name| &values[name]).collect();
        let made = operate(node, &inputs);
        let name = node.output[0].clone();
        assert!(values.insert(name, made).is_none(), "{} is made twice", node.output[0]);
    }
    values
}

fn operate(node: &NodeProto, x: &[&Value]) -> Value {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name() == name);
    let int = |name: &str| attribute(name).map(|attribute| attribute.i());
    let ints = |name: &str| attribute(name).map(|attribute| attribute.ints.clone());
    match node.op_type() {
        "Cast" => {
            assert_eq!(int("to"), Some(DataType::Float as i64));
            x[0].clone()
        }
        "Pad" => pad(x[0], &x[1].numbers),
        "Mul" => x[0].with(x[1], |a, b| a * b),
        "Add" => x[0].with(x[1], |a, b| a + b),
        "Sub" => x[0].with(x[1], |a, b| a - b),
        "Clip" => {
            let (least, largest) = (x[1].numbers[0], x[2].numbers[0]);
            Value {
                numbers: x[0].numbers.iter().map(|a| a.clamp(least, largest)).collect(),
                ..x[0].clone()
            }
        }
        "Tanh" => {
            Value { numbers: x[0].numbers.iter().map(|a| a.tanh()).collect(), ..x[0].clone() }
        }
        "Conv" => conv(x[0], x[1], x[2]),
        "AveragePool" => {
            assert_eq!(
                [ints("kernel_shape"), ints("strides")],
                [Some(vec![2, 2]), Some(vec![2, 2])]
            );
            average(x[0])
        }
        "Flatten" => {
            let (first, rest) = x[0].shape.split_first().expect("a batch");
            Value { shape: vec![*first, rest.iter().product()], numbers: x[0].numbers.clone() }
        }
        "Gemm" => {
            assert_eq!(int("transB"), Some(1));
            let product = Value::from_fn(&[x[0].shape[0], x[1].shape[0]], |place| {
                (0..x[0].shape[1]).map(|i| x[0].at(&[place[0], i]) * x[1].at(&[place[1], i])).sum()
            });
            product.with(x[2], |a, b| a + b)
        }
        "Unsqueeze" => {
            let mut shape = x[0].shape.clone();
            shape.insert(x[1].numbers[0] as usize, 1);
            Value { shape, ..x[0].clone() }
        }
        "ReduceSumSquare" => {
            assert_eq!((ints("axes"), int("keepdims")), (Some(vec![2]), Some(0)));
            Value::from_fn(&x[0].shape[..2], |place| {
                (0..x[0].shape[2]).map(|i| x[0].at(&[place[0], place[1], i]).powi(2)).sum()
            })
        }
        "ArgMax" => first_best(x[0], |a, b| a > b),
        "ArgMin" => first_best(x[0], |a, b| a < b),
        other => panic!("no operator {other} was expected"),
    }
}

fn pad(x: &Value, pads: &[f64]) -> Value {
    let before: Vec<usize> = pads[..4].iter().map(|&pad| pad as usize).collect();
    let shape: Vec<usize> = (0..4).map(|i| before[i] + x.shape[i] + pads[4 + i] as usize).collect();
    Value::from_fn(&shape, |place| {
        let own = place.iter().zip(&before).map(|(&at, &before)| at.checked_sub(before));
        let own: Option<Vec<usize>> = own.collect();
        let inside = own.filter(|own| own.iter().zip(&x.shape).all(|(at, side)| at < side));
        inside.map_or(0.0, |own| x.at(&own))
    })
}

fn conv(x: &Value, w: &Value, bias: &Value) -> Value {
    let [n, channels, height, width] = x.shape[..] else {
        panic!("a convolution of {:?}", x.shape)
    };
    let [maps, inputs, kh, kw] = w.shape[..] else { panic!("kernels {:?}", w.shape) };
    assert_eq!(inputs, channels);
    Value::from_fn(&[n, maps, height - kh + 1, width - kw + 1], |place| {
        let [n, m, y, left] = place[..] else { unreachable!() };
        let mut sum = bias.numbers[m];
        for c in 0..channels {
            for ky in 0..kh {
                for kx in 0..kw {
                    sum += w.at(&[m, c, ky, kx]) * x.at(&[n, c, y + ky, left + kx]);
                }
            }
        }
        sum
    })
}

fn average(x: &Value) -> Value {
    let [n, maps, height, width] = x.shape[..] else { panic!("a pooling of {:?}", x.shape) };
    Value::from_fn(&[n, maps, height / 2, width / 2], |place| {
        let [n, m, y, left] = place[..] else { unreachable!() };
        let corners = [(0, 0), (0, 1), (1, 0), (1, 1)];
        corners.iter().map(|(dy, dx)| x.at(&[n, m, 2 * y + dy, 2 * left + dx])).sum::<f64>() / 4.0
    })
}

fn first_best(x: &Value, better: impl Fn(f64, f64) -> bool) -> Value {
    Value::from_fn(&x.shape[..1], |place| {
        let score = |class: usize| x.at(&[place[0], class]);
        let best = |best, class| if better(score(class), score(best)) { class } else { best };
        (1..x.shape[1]).fold(0, best) as f64
    })
}
