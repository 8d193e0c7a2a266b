//! Convolution stages for the tests of single kernels: few maps, sides that are no squares, tables
//! whose maps have different numbers of connections, every side of a kernel and every pooling.

use lenet::network::{Connections, PoolForm, Squash};
use lenet::plan::kernels::Stage;
use lenet::plan::profile::largest_divisor;
use lenet::plan::{Op, Profile};

use super::op::{Case, Numbers, Partials, case, empty};

/// Columns of the partials that belong to another stage.
const OTHER_STAGES: u32 = 9;
/// Limit of random weights and gradients.
const LIMIT: f32 = 0.5;

/// A stage without the choices of a profile.
pub struct Shape {
    pub name: &'static str,
    samples: u32,
    kernel: u32,
    height: u32,
    width: u32,
    inputs: usize,
    table: &'static [&'static [usize]],
    pooling: Option<PoolForm>,
    squash: Squash,
    /// Whether a plain pooling is in front.
    after_pooling: bool,
}

/// What most of them have.
const USUAL: Shape = Shape {
    name: "",
    samples: 1,
    kernel: 5,
    height: 0,
    width: 0,
    inputs: 1,
    table: &[&[0]],
    pooling: Some(PoolForm::Sum),
    squash: Squash::Scaled,
    after_pooling: false,
};

/// Of the first layer: every feature map sees the one input map.
pub const FIRST: &[Shape] = &[
    Shape {
        name: "1 sample of 8x12, 1 map, mean, tanh",
        height: 8,
        width: 12,
        pooling: Some(PoolForm::Mean),
        squash: Squash::Tanh,
        ..USUAL
    },
    Shape {
        name: "3 samples of 14x14, 5 maps, sum, scaled",
        samples: 3,
        height: 14,
        width: 14,
        table: &[&[0], &[0], &[0], &[0], &[0]],
        ..USUAL
    },
    Shape {
        name: "7 samples of 6x26, 3 maps, 11 pooled columns, sum, scaled",
        samples: 7,
        height: 6,
        width: 26,
        table: &[&[0], &[0], &[0]],
        ..USUAL
    },
    Shape {
        name: "2 samples of 9x13, 4 maps of 3x3, no pooling, relu",
        samples: 2,
        kernel: 3,
        height: 9,
        width: 13,
        table: &[&[0], &[0], &[0], &[0]],
        pooling: None,
        squash: Squash::Relu,
        ..USUAL
    },
    Shape {
        name: "5 samples of 10x12, 3 maps of 7x7, maximum, logistic",
        samples: 5,
        kernel: 7,
        height: 10,
        width: 12,
        table: &[&[0], &[0], &[0]],
        pooling: Some(PoolForm::Max),
        squash: Squash::Logistic,
        ..USUAL
    },
    Shape {
        name: "3 samples of 7x9, 2 maps of 2x2, average, relu",
        samples: 3,
        kernel: 2,
        height: 7,
        width: 9,
        table: &[&[0], &[0]],
        pooling: Some(PoolForm::Average),
        squash: Squash::Relu,
        ..USUAL
    },
];

/// Of a later layer: several input maps, some of which feed few feature maps or none.
pub const LATER: &[Shape] = &[
    Shape {
        name: "3 samples of 14x14, 3 -> 5 maps, sum, scaled",
        samples: 3,
        height: 14,
        width: 14,
        inputs: 3,
        table: &[&[0], &[1, 2], &[0, 1, 2], &[2], &[0, 2]],
        ..USUAL
    },
    Shape {
        name: "7 samples of 6x6, 5 -> 3 maps, one unseen, mean, tanh",
        samples: 7,
        height: 6,
        width: 6,
        inputs: 5,
        table: &[&[4, 0], &[1], &[0, 1, 3, 4]],
        pooling: Some(PoolForm::Mean),
        squash: Squash::Tanh,
        ..USUAL
    },
    Shape {
        name: "1 sample of 8x18, 5 -> 1 map, sum, tanh",
        height: 8,
        width: 18,
        inputs: 5,
        table: &[&[0, 1, 2, 3, 4]],
        squash: Squash::Tanh,
        ..USUAL
    },
    Shape {
        name: "3 samples of 13x11, 2 -> 3 maps of 7x7, no pooling, relu",
        samples: 3,
        kernel: 7,
        height: 13,
        width: 11,
        inputs: 2,
        table: &[&[0], &[0, 1], &[1]],
        pooling: None,
        squash: Squash::Relu,
        ..USUAL
    },
    Shape {
        name: "5 samples of 8x10, 3 -> 2 maps of 3x3, maximum, relu, after a pooling",
        samples: 5,
        kernel: 3,
        height: 8,
        width: 10,
        inputs: 3,
        table: &[&[0, 2], &[0, 1, 2]],
        pooling: Some(PoolForm::Max),
        squash: Squash::Relu,
        after_pooling: true,
    },
    Shape {
        name: "2 samples of 6x8, 2 -> 4 maps of 1x1, average, logistic",
        samples: 2,
        kernel: 1,
        height: 6,
        width: 8,
        inputs: 2,
        table: &[&[0], &[1], &[0, 1], &[1]],
        pooling: Some(PoolForm::Average),
        squash: Squash::Logistic,
        ..USUAL
    },
    Shape {
        name: "2 samples of 5x7, 2 -> 2 maps of 2x2, no pooling, logistic, after a pooling",
        samples: 2,
        kernel: 2,
        height: 5,
        width: 7,
        inputs: 2,
        table: &[&[0, 1], &[1]],
        pooling: None,
        squash: Squash::Logistic,
        after_pooling: true,
    },
    Shape {
        name: "1 sample of 9x15, 2 -> 2 maps of 6x6, sum, logistic",
        kernel: 6,
        height: 9,
        width: 15,
        inputs: 2,
        table: &[&[0, 1], &[1]],
        squash: Squash::Logistic,
        ..USUAL
    },
    Shape {
        name: "4 samples of 7x5, 3 -> 2 maps of 4x4, mean, scaled",
        samples: 4,
        kernel: 4,
        height: 7,
        width: 5,
        inputs: 3,
        table: &[&[0, 1], &[2]],
        pooling: Some(PoolForm::Mean),
        ..USUAL
    },
];

impl Shape {
    /// Whether it takes maxima, whose derivatives jump.
    pub fn takes_maxima(&self) -> bool {
        self.pooling == Some(PoolForm::Max)
    }

    /// Whether its derivatives jump somewhere.
    pub fn has_kinks(&self) -> bool {
        self.takes_maxima() || self.squash == Squash::Relu
    }

    /// The table as the kernels read it.
    pub fn words(&self) -> Vec<u32> {
        Connections::listed(self.inputs, self.table).expect("a sound table").words()
    }

    /// The constants of its kernels.
    pub fn stage(&self, profile: Profile) -> Stage {
        let mut stage = Stage {
            samples: self.samples,
            k: self.kernel,
            c: self.inputs as u32,
            m: self.table.len() as u32,
            j: self.table.iter().map(|row| row.len() as u32).sum(),
            height: self.height,
            width: self.width,
            x_stride: 0,
            s_stride: 0,
            tile_width: 1,
            tile_height: 1,
            dx_rows: largest_divisor(self.height as usize, profile.tiles.dx_rows),
            pooling: self.pooling,
            input_squash: (!self.after_pooling).then_some(self.squash),
            partial_rows: profile.partial_rows.min(40) as u32,
            stride: 0,
            squash: self.squash,
            curvature: false,
        };
        stage.x_stride = (stage.c * stage.height * stage.width).next_multiple_of(8);
        // As in front of a linear layer.
        stage.s_stride = (stage.m * stage.ph() * stage.pw()).next_multiple_of(4);
        stage.tile_width = largest_divisor(stage.pw() as usize, profile.tiles.tile_width);
        stage.partial_rows = stage.partial_rows.min(stage.samples * stage.across());
        stage.stride = stage.parameters() + OTHER_STAGES;
        stage
    }
}

/// Random arguments of a stage.
pub struct Arguments {
    pub x: Vec<u32>,
    pub p: Vec<u32>,
    pub h: Vec<u32>,
    pub ds: Vec<u32>,
    pub partials: Vec<u32>,
}

impl Arguments {
    /// x and h as squashed outputs, the others small.
    pub fn of(k: &Stage, seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let [x, h, s] = k.sizes().map(|size| (size * k.samples) as usize);
        Arguments {
            x: numbers.words(x, 1.0),
            p: numbers.words(k.parameters() as usize, LIMIT),
            h: numbers.words(h, 1.0),
            ds: numbers.words(s, LIMIT),
            partials: numbers.words((k.partial_rows * k.stride) as usize, LIMIT),
        }
    }
}

/// The constants of the backward kernels of these stages, of first derivatives and, in the profile that
/// compiles soon, of second ones: how kernels read does not depend on it.
fn backward(shapes: &[Shape], profile: Profile) -> impl Iterator<Item = (String, &Shape, Stage)> {
    let passes: &[bool] = if profile.uniform { &[false] } else { &[false, true] };
    shapes.iter().flat_map(move |shape| {
        passes.iter().map(move |&curvature| {
            let k = Stage { curvature, ..shape.stage(profile) };
            (format!("{}, curvature {curvature}", shape.name), shape, k)
        })
    })
}

/// All parameters of a stage, which its kernels own in the partials.
pub fn owned(k: &Stage) -> Option<Partials> {
    let owned = 0..k.parameters() as usize;
    Some(Partials { partial_rows: k.partial_rows as usize, stride: k.stride as usize, owned })
}

/// Cases of `first_stage_forward`.
pub fn first_stage_forward(profile: Profile) -> Vec<Case> {
    let cases = FIRST.iter().map(|shape| {
        let k = shape.stage(profile);
        let Arguments { x, p, ds, .. } = Arguments::of(&k, 2);
        let s = empty(ds.len() as u32);
        case(shape.name, Op::FirstStageForward(k), vec![x, p, s])
    });
    cases.collect()
}

/// The stages with a pooling, or those without, whose blocks have as many rows as the profile likes.
fn forward(profile: Profile, pooled: bool) -> impl Iterator<Item = (&'static Shape, Stage)> {
    LATER.iter().filter(move |shape| shape.pooling.is_some() == pooled).map(move |shape| {
        let mut k = shape.stage(profile);
        k.tile_height = largest_divisor(k.ph() as usize, profile.tiles.tile_height);
        (shape, k)
    })
}

/// Cases of `conv_pool_forward`.
pub fn conv_pool_forward(profile: Profile) -> Vec<Case> {
    let cases = forward(profile, true).map(|(shape, k)| {
        let Arguments { x, p, h, ds, .. } = Arguments::of(&k, 2);
        let (h, s) = (empty(h.len() as u32), empty(ds.len() as u32));
        case(shape.name, Op::ConvPoolForward(k), vec![x, p, shape.words(), h, s])
    });
    cases.collect()
}

/// Cases of `conv_forward`.
pub fn conv_forward(profile: Profile) -> Vec<Case> {
    let cases = forward(profile, false).map(|(shape, k)| {
        let Arguments { x, p, ds, .. } = Arguments::of(&k, 2);
        let s = empty(ds.len() as u32);
        case(shape.name, Op::ConvForward(k), vec![x, p, shape.words(), s])
    });
    cases.collect()
}

/// Cases of `first_stage_backward`.
pub fn first_stage_backward(profile: Profile) -> Vec<Case> {
    let cases = backward(FIRST, profile).map(|(name, _, k)| {
        let Arguments { x, p, ds, partials, .. } = Arguments::of(&k, 3);
        let case = case(name, Op::FirstStageBackward(k), vec![x, p, ds, partials]);
        Case { partials: owned(&k), ..case }
    });
    cases.collect()
}

/// Cases of `conv_backward_weights`.
pub fn conv_backward_weights(profile: Profile) -> Vec<Case> {
    let cases = backward(LATER, profile).map(|(name, shape, k)| {
        let Arguments { x, p, h, ds, partials } = Arguments::of(&k, 5);
        let arguments = vec![x, p, h, ds, shape.words(), partials];
        let case = case(name, Op::ConvBackwardWeights(k), arguments);
        Case { partials: owned(&k), ..case }
    });
    cases.collect()
}

/// Cases of `conv_backward_input`.
pub fn conv_backward_input(profile: Profile) -> Vec<Case> {
    input_gradients(profile, false, Op::ConvBackwardInput)
}

/// Cases of `conv_backward_odd_input`.
pub fn conv_backward_odd_input(profile: Profile) -> Vec<Case> {
    input_gradients(profile, true, Op::ConvBackwardOddInput)
}

fn input_gradients(profile: Profile, odd: bool, op: impl Fn(Stage) -> Op) -> Vec<Case> {
    let cases = backward(LATER, profile).filter(|(_, _, k)| k.width.is_multiple_of(2) != odd);
    let cases = cases.map(|(name, shape, k)| {
        let Arguments { x, p, h, ds, .. } = Arguments::of(&k, 6);
        let dx = empty(x.len() as u32);
        case(name, op(k), vec![x, p, h, ds, shape.words(), dx])
    });
    cases.collect()
}
