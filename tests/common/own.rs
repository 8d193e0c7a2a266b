//! Networks of one's own, which no table of the program is like.

use lenet::network::lenet::{Row, Table};
use lenet::network::{Output, PoolForm, Scaling, Squash, build};

use super::run::Trained;

const BASE: Table = Table {
    name: "",
    source: "these tests",
    border: 0,
    scaling: Scaling::Paper,
    squash: Squash::Scaled,
    pool: PoolForm::Sum,
    rows: &[],
    output: Output::Linear,
};

/// Nothing between the digit and the outputs.
pub const NOTHING: Table = Table { name: "nothing", ..BASE };

/// No convolution.
pub const MLP: Table =
    Table { name: "mlp", rows: &[Row::Linear("a", 24), Row::Linear("b", 12)], ..BASE };

/// No convolution, and distances.
pub const DISTANCES: Table = Table {
    name: "distances",
    rows: &[Row::Linear("a", 84)],
    output: Output::Rbf,
    squash: Squash::Tanh,
    ..BASE
};

/// One convolution stage.
pub const ONE_STAGE: Table = Table {
    name: "one-stage",
    rows: &[Row::Conv("a", 3, None), Row::Pool("b"), Row::Linear("c", 8)],
    pool: PoolForm::Mean,
    ..BASE
};

/// Three convolution stages; what the last one makes goes straight to the distances.
pub const THREE_STAGES: Table = Table {
    name: "three-stages",
    border: 8,
    rows: &[
        Row::Conv("a", 3, None),
        Row::Pool("b"),
        Row::Conv("c", 4, Some(&[&[0], &[2, 0], &[2], &[0, 2]])),
        Row::Pool("d"),
        Row::Conv("e", 21, None),
        Row::Pool("f"),
    ],
    output: Output::Rbf,
    ..BASE
};

/// Layers of any width, of which none is a multiple of four.
pub const ODD_MLP: Table = Table {
    name: "odd-mlp",
    rows: &[
        Row::Linear("a", 75),
        Row::Linear("b", 13),
        Row::Linear("c", 7),
        Row::Linear("d", 1),
        Row::Linear("e", 10),
        Row::Linear("f", 3),
        Row::Linear("g", 5),
    ],
    ..BASE
};

/// A second stage of 5x5 numbers and some connections, to a linear layer.
pub const ODD_MAPS: Table = Table {
    name: "odd-maps",
    border: 2,
    rows: &[
        Row::Conv("a", 3, None),
        Row::Pool("b"),
        Row::Conv("c", 7, Some(&[&[0], &[1, 2], &[0, 1, 2], &[2], &[0, 2], &[1], &[0, 1]])),
        Row::Pool("d"),
        Row::Linear("e", 13),
    ],
    ..BASE
};

/// A first stage of 15x15 numbers, straight to a linear layer.
pub const ODD_STAGE: Table = Table {
    name: "odd-stage",
    border: 3,
    rows: &[Row::Conv("a", 3, None), Row::Pool("b"), Row::Linear("c", 5)],
    ..BASE
};

/// A second stage of 5x5 numbers, which one kernel of the next layer sees whole.
pub const ODD_WHOLE: Table = Table {
    name: "odd-whole",
    border: 2,
    rows: &[
        Row::Conv("a", 1, None),
        Row::Pool("b"),
        Row::Conv("c", 3, None),
        Row::Pool("d"),
        Row::Conv("e", 75, None),
    ],
    pool: PoolForm::Mean,
    ..BASE
};

/// Each of them.
pub const ALL: [&Table; 9] = [
    &NOTHING,
    &MLP,
    &DISTANCES,
    &ONE_STAGE,
    &THREE_STAGES,
    &ODD_MLP,
    &ODD_STAGE,
    &ODD_MAPS,
    &ODD_WHOLE,
];

/// Each of them as a network, with a learning rate that suits it.
pub fn networks() -> Vec<Trained> {
    let trained = |table: &Table| Trained {
        name: table.name,
        network: build(table, table.options()).expect("a sound table"),
        rate: if table.output == Output::Rbf { 0.0002 } else { 0.02 },
    };
    ALL.map(trained).into()
}
