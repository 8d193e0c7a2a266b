//! Networks of one's own, which no table of the program is like.

use lenet::network::{
    ClassNames, Loss, Options, Output, PoolForm, Row, Scaling, Squash, Table, build,
};

use super::run::Trained;

/// A table with a linear output, no border, and whatever `change` makes of it.
pub fn table(name: &str, rows: Vec<Row>, change: impl FnOnce(&mut Options)) -> Table {
    let mut options = Options {
        side: 28,
        classes: 10,
        border: 0,
        scaling: Scaling::Paper,
        squash: Squash::Scaled,
        pool: PoolForm::Sum,
        full_connections: false,
        output: Output::Linear,
        loss: Loss::Mse,
        j: 10.0,
    };
    change(&mut options);
    options.loss = Loss::of(options.output);
    let (name, source) = (name.into(), "these tests".into());
    Table {
        name,
        source,
        side: Some(options.side),
        classes: Some(options.classes),
        names: ClassNames::NUMBERS,
        options,
        rows,
        recipe: Vec::new(),
    }
}

/// A convolution, with the input maps that each feature map sees; none is all.
pub fn conv(name: &str, maps: usize, listed: Option<&[&[usize]]>) -> Row {
    let connections = listed.map(|rows| rows.iter().map(|row| row.to_vec()).collect());
    Row::Conv { name: name.into(), maps, kernel: 5, connections }
}

/// A convolution of every map, with kernels of another side.
pub fn conv_of(kernel: usize, name: &str, maps: usize) -> Row {
    Row::Conv { name: name.into(), maps, kernel, connections: None }
}

pub fn pool(name: &str) -> Row {
    Row::Pool { name: name.into() }
}

pub fn linear(name: &str, units: usize) -> Row {
    Row::Linear { name: name.into(), units }
}

/// Nothing between the digit and the outputs.
pub fn nothing() -> Table {
    table("nothing", vec![], |_| {})
}

/// Each of them.
pub fn all() -> Vec<Table> {
    let stage = || vec![conv("a", 3, None), pool("b")];
    vec![
        nothing(),
        // No convolution.
        table("mlp", vec![linear("a", 24), linear("b", 12)], |_| {}),
        // No convolution, and distances.
        table("distances", vec![linear("a", 84)], |options| {
            (options.output, options.squash) = (Output::Rbf, Squash::Tanh);
        }),
        // One convolution stage.
        table("one-stage", [stage(), vec![linear("c", 8)]].concat(), |options| {
            options.pool = PoolForm::Mean;
        }),
        // Three convolution stages; what the last one makes goes straight to the distances.
        table(
            "three-stages",
            [
                stage(),
                vec![conv("c", 4, Some(&[&[0], &[2, 0], &[2], &[0, 2]])), pool("d")],
                vec![conv("e", 21, None), pool("f")],
            ]
            .concat(),
            |options| (options.output, options.border) = (Output::Rbf, 8),
        ),
        // Few classes of small pictures, whose rows are no whole words.
        table("two-of-nine", vec![linear("a", 12)], |options| {
            (options.side, options.classes) = (9, 2);
        }),
        // Many classes of larger pictures.
        table("letters", [stage(), vec![linear("c", 12)]].concat(), |options| {
            (options.side, options.classes) = (30, 26);
        }),
        // Layers of any width, of which none is a multiple of four.
        table(
            "odd-mlp",
            [("a", 75), ("b", 13), ("c", 7), ("d", 1), ("e", 10), ("f", 3), ("g", 5)]
                .map(|(name, units)| linear(name, units))
                .into(),
            |_| {},
        ),
        // The same where f(0) is not 0: what only fills a layer up has no part in it.
        table("odd-logistic", vec![linear("a", 13), linear("b", 5)], |options| {
            options.squash = Squash::Logistic;
        }),
        // A first stage of 15x15 numbers, straight to a linear layer.
        table("odd-stage", [stage(), vec![linear("c", 5)]].concat(), |options| options.border = 3),
        // A second stage of 5x5 numbers and some connections, to a linear layer.
        table(
            "odd-maps",
            [
                stage(),
                vec![
                    conv("c", 7, Some(&[&[0], &[1, 2], &[0, 1, 2], &[2], &[0, 2], &[1], &[0, 1]])),
                    pool("d"),
                    linear("e", 13),
                ],
            ]
            .concat(),
            |options| options.border = 2,
        ),
        // A second stage of 5x5 numbers, which one kernel of the next layer sees whole.
        table(
            "odd-whole",
            vec![conv("a", 1, None), pool("b"), conv("c", 3, None), pool("d"), conv("e", 75, None)],
            |options| (options.border, options.pool) = (2, PoolForm::Mean),
        ),
        // The LeNet of most tutorials, small: relu, maxima, probabilities.
        table(
            "tutorial",
            vec![conv_of(3, "a", 4), pool("b"), conv_of(4, "c", 6), pool("d"), linear("e", 13)],
            |options| {
                (options.squash, options.pool) = (Squash::Relu, PoolForm::Max);
                options.output = Output::Softmax;
            },
        ),
        // Inputs of 30x30 numbers, of which only windows of 16 samples begin where a binding may.
        table("windows", vec![conv_of(3, "a", 6), pool("b"), linear("c", 8)], |options| {
            options.border = 1;
        }),
        // Convolutions that no pooling follows, of odd sides, after and before poolings.
        table(
            "unpooled",
            vec![
                conv_of(6, "a", 3),
                conv_of(2, "b", 4),
                pool("c"),
                conv_of(7, "d", 5),
                conv_of(3, "e", 2),
            ],
            |options| {
                (options.squash, options.pool) = (Squash::Logistic, PoolForm::Average);
            },
        ),
    ]
}

/// Each of them as a network, with a learning rate that suits it.
pub fn networks() -> Vec<Trained> {
    let trained = |table: Table| Trained {
        name: table.name.clone(),
        network: build(&table, table.options).expect("a sound table"),
        rate: if table.options.output == Output::Rbf { 0.0002 } else { 0.02 },
    };
    all().into_iter().map(trained).collect()
}
