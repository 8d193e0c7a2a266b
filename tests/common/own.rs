//! Networks of one's own, which no table of the program is like.

use lenet::network::lenet::{Row, Table};
use lenet::network::{Output, PoolForm, Scaling, Squash};

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

/// Each of them.
pub const ALL: [&Table; 5] = [&NOTHING, &MLP, &DISTANCES, &ONE_STAGE, &THREE_STAGES];
