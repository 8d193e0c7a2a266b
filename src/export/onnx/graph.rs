//! A graph that grows node by node.

use super::proto::{
    AttributeProto, AttributeType, DataType, Dimension, Extent, GraphProto, NodeProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// A constant of a node, behind its name.
pub enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
}

/// Nodes and constant tensors so far.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
}

impl Graph {
    /// Adds an operation, which has the name of the one value that it makes; gives that name.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[Attribute],
    ) -> String {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|name| name.to_string()).collect(),
            output: vec![output.into()],
            name: Some(output.into()),
            op_type: Some(operator.into()),
            attribute: attributes.iter().map(Attribute::message).collect(),
        });
        output.into()
    }

    /// Adds a constant tensor; no sides make a scalar.
    pub fn numbers(&mut self, name: &str, shape: &[usize], numbers: &[f32]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.tensor(name, shape, DataType::Float, bytes);
    }

    /// Adds a constant list of whole numbers.
    pub fn integers(&mut self, name: &str, numbers: &[i64]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.tensor(name, &[numbers.len()], DataType::Int64, bytes);
    }

    fn tensor(&mut self, name: &str, shape: &[usize], element: DataType, bytes: Vec<u8>) {
        self.tensors.push(TensorProto {
            dims: shape.iter().map(|&side| side as i64).collect(),
            data_type: Some(element as i32),
            name: Some(name.into()),
            raw_data: Some(bytes),
        });
    }

    /// The graph between these values.
    pub fn finish(
        self,
        name: &str,
        input: ValueInfoProto,
        output: Vec<ValueInfoProto>,
    ) -> GraphProto {
        GraphProto {
            node: self.nodes,
            name: Some(name.into()),
            initializer: self.tensors,
            input: vec![input],
            output,
        }
    }
}

impl Attribute<'_> {
    fn message(&self) -> AttributeProto {
        let (name, i, ints, kind) = match *self {
            Attribute::Int(name, i) => (name, Some(i), Vec::new(), AttributeType::Int),
            Attribute::Ints(name, ints) => (name, None, ints.to_vec(), AttributeType::Ints),
        };
        AttributeProto { name: Some(name.into()), i, ints, r#type: Some(kind as i32) }
    }
}

/// A value that goes in or comes out, with a line about it.
pub fn value(name: &str, element: DataType, sides: Vec<Extent>, about: &str) -> ValueInfoProto {
    let dim = sides.into_iter().map(|side| Dimension { value: Some(side) }).collect();
    let shape = Some(TensorShapeProto { dim });
    let tensor = TensorTypeProto { elem_type: Some(element as i32), shape };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto { tensor_type: Some(tensor) }),
        doc_string: Some(about.into()),
    }
}
