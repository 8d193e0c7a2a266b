//! The networks, as tables. Adding one is adding a table here and its name to [`ALL`].

use super::connections::{TABLE_1990, TABLE_I};
use super::{Output, PoolForm, Scaling, Squash};

/// A layer as it stands in a table: shapes follow from the layer before.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    /// name, feature maps, connection table (`None`: all to all)
    Conv(&'static str, usize, Option<&'static [&'static [usize]]>),
    /// name
    Pool(&'static str),
    /// name, units
    Linear(&'static str, usize),
}

/// A network as its source has it.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Pixels of background put around the 28x28 digit.
    pub border: usize,
    pub scaling: Scaling,
    pub squash: Squash,
    pub pool: PoolForm,
    /// The layers before the output.
    pub rows: &'static [Row],
    pub output: Output,
}

/// LeCun et al., NIPS 2, 1990, as the notebook builds it: 2,578 parameters.
pub const LENET1: Table = Table {
    name: "lenet1",
    source: "LeCun et al., NIPS 2, 1990, in the notebook's form",
    border: 0,
    scaling: Scaling::Paper,
    squash: Squash::Scaled,
    pool: PoolForm::Mean,
    rows: &[
        Row::Conv("h1", 4, None),
        Row::Pool("h2"),
        Row::Conv("h3", 12, Some(TABLE_1990)),
        Row::Pool("h4"),
    ],
    output: Output::Linear,
};

/// LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998, section II.B: 60,000 parameters.
pub const LENET5: Table = Table {
    name: "lenet5",
    source: "LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998, section II.B",
    border: 2,
    scaling: Scaling::Paper,
    squash: Squash::Scaled,
    pool: PoolForm::Sum,
    rows: &[
        Row::Conv("c1", 6, None),
        Row::Pool("s2"),
        Row::Conv("c3", 16, Some(TABLE_I)),
        Row::Pool("s4"),
        Row::Conv("c5", 120, None),
        Row::Linear("f6", 84),
    ],
    output: Output::Rbf,
};

/// The authors' later variant without F6: C5's 120 units straight to the ten outputs.
pub const LENET5_SHORT: Table = Table {
    name: "lenet5-short",
    source: "the authors' modern re-run: C5's 120 units straight to ten outputs, no F6",
    rows: &[
        Row::Conv("c1", 6, None),
        Row::Pool("s2"),
        Row::Conv("c3", 16, Some(TABLE_I)),
        Row::Pool("s4"),
        Row::Conv("c5", 120, None),
    ],
    output: Output::Linear,
    ..LENET5
};

/// Every network there is.
pub const ALL: &[&Table] = &[&LENET1, &LENET5, &LENET5_SHORT];

/// The table of that name.
pub fn find(name: &str) -> Option<&'static Table> {
    ALL.iter().find(|table| table.name == name).copied()
}
