//! Parts of an ONNX graph: data types, attributes, inputs and outputs.

use crate::protobuf::Message;
use Attribute::{Int, Ints};

/// `TensorProto.DataType`.
#[derive(Clone, Copy)]
pub(super) enum DataType {
    Float = 1,
    Uint8 = 2,
    Int64 = 7,
}

/// A constant of a node after its name.
pub(super) enum Attribute {
    Int(&'static str, i64),
    Ints(&'static str, Vec<i64>),
}

/// A convolution without padding. Some readers insist on what others find out or assume.
pub(super) fn convolution(side: usize) -> Vec<Attribute> {
    vec![
        Ints("dilations", vec![1, 1]),
        Int("group", 1),
        Ints("kernel_shape", vec![side as i64; 2]),
        Ints("pads", vec![0; 4]),
        Ints("strides", vec![1, 1]),
    ]
}

/// A pooling of 2x2 blocks.
pub(super) fn pooling() -> Vec<Attribute> {
    vec![Ints("kernel_shape", vec![2, 2]), Ints("pads", vec![0; 4]), Ints("strides", vec![2, 2])]
}

/// `AttributeProto`.
pub(super) fn attribute(attribute: &Attribute) -> Message {
    match attribute {
        Int(name, number) => Message::default().bytes(1, name).int(3, *number).int(20, 2),
        Ints(name, numbers) => Message::default().bytes(1, name).ints(8, numbers).int(20, 7),
    }
}

/// `ValueInfoProto`: a value that goes in or comes out, of as many rows as there are digits, with a
/// line about it.
pub(super) fn value(name: &str, element: DataType, sides: &[usize], about: &str) -> Message {
    let fixed = sides.iter().map(|&side| Message::default().int(1, side as i64));
    let shape = [Message::default().bytes(2, "N")].into_iter().chain(fixed);
    let shape = Message::default().each(1, shape);
    let tensor = Message::default().int(1, element as i64).bytes(2, shape);
    let kind = Message::default().bytes(1, tensor);
    Message::default().bytes(1, name).bytes(2, kind).bytes(3, about)
}
