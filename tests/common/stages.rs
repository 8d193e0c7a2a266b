//! Convolution stages for the tests of single kernels: few maps, sides that are no squares, tables
//! whose maps have different numbers of connections.

use lenet::network::{Connections, Squash};
use lenet::plan::Profile;
use lenet::plan::kernels::{
    ConvBackwardInput, ConvBackwardWeights, ConvPoolForward, FirstStageBackward, FirstStageForward,
    Stage,
};
use lenet::plan::profile::largest_divisor;

use super::op::{Case, Numbers, Partials, case, empty};

/// Columns of the partials that belong to another stage.
const OTHER_STAGES: u32 = 9;
/// Limit of random weights and gradients.
const LIMIT: f32 = 0.5;

/// A stage without the choices of a profile.
pub struct Shape {
    pub name: &'static str,
    samples: u32,
    height: u32,
    width: u32,
    inputs: usize,
    table: &'static [&'static [usize]],
    block_scale: f32,
    squash: Squash,
}

/// Of the first layer: every feature map sees the one input map.
pub const FIRST: &[Shape] = &[
    Shape {
        name: "1 sample of 8x12, 1 map, mean, tanh",
        samples: 1,
        height: 8,
        width: 12,
        inputs: 1,
        table: &[&[0]],
        block_scale: 0.25,
        squash: Squash::Tanh,
    },
    Shape {
        name: "3 samples of 14x14, 5 maps, sum, scaled",
        samples: 3,
        height: 14,
        width: 14,
        inputs: 1,
        table: &[&[0], &[0], &[0], &[0], &[0]],
        block_scale: 1.0,
        squash: Squash::Scaled,
    },
    Shape {
        name: "7 samples of 6x26, 3 maps, 11 pooled columns, sum, scaled",
        samples: 7,
        height: 6,
        width: 26,
        inputs: 1,
        table: &[&[0], &[0], &[0]],
        block_scale: 1.0,
        squash: Squash::Scaled,
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
        block_scale: 1.0,
        squash: Squash::Scaled,
    },
    Shape {
        name: "7 samples of 6x6, 5 -> 3 maps, one unseen, mean, tanh",
        samples: 7,
        height: 6,
        width: 6,
        inputs: 5,
        table: &[&[4, 0], &[1], &[0, 1, 3, 4]],
        block_scale: 0.25,
        squash: Squash::Tanh,
    },
    Shape {
        name: "1 sample of 8x18, 5 -> 1 map, sum, tanh",
        samples: 1,
        height: 8,
        width: 18,
        inputs: 5,
        table: &[&[0, 1, 2, 3, 4]],
        block_scale: 1.0,
        squash: Squash::Tanh,
    },
];

impl Shape {
    /// The table as the kernels read it.
    pub fn words(&self) -> Vec<u32> {
        Connections::listed(self.inputs, self.table).expect("a sound table").words()
    }

    /// The constants of its kernels.
    pub fn stage(&self, profile: Profile) -> Stage {
        let mut stage = Stage {
            samples: self.samples,
            c: self.inputs as u32,
            m: self.table.len() as u32,
            j: self.table.iter().map(|row| row.len() as u32).sum(),
            height: self.height,
            width: self.width,
            s_stride: 0,
            tile_width: 1,
            tile_height: 1,
            dx_rows: largest_divisor(self.height as usize, profile.tiles.dx_rows),
            block_scale: self.block_scale,
            partial_rows: profile.partial_rows.min(40) as u32,
            stride: 0,
            squash: self.squash,
            curvature: false,
        };
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
        case(shape.name, FirstStageForward(k), vec![x, p, s])
    });
    cases.collect()
}

/// Cases of `conv_pool_forward`.
pub fn conv_pool_forward(profile: Profile) -> Vec<Case> {
    let cases = LATER.iter().map(|shape| {
        let mut k = shape.stage(profile);
        k.tile_height = largest_divisor(k.ph() as usize, profile.tiles.tile_height);
        let Arguments { x, p, h, ds, .. } = Arguments::of(&k, 2);
        let (h, s) = (empty(h.len() as u32), empty(ds.len() as u32));
        case(shape.name, ConvPoolForward(k), vec![x, p, shape.words(), h, s])
    });
    cases.collect()
}

/// Cases of `first_stage_backward`.
pub fn first_stage_backward(profile: Profile) -> Vec<Case> {
    let cases = backward(FIRST, profile).map(|(name, _, k)| {
        let Arguments { x, p, ds, partials, .. } = Arguments::of(&k, 3);
        let case = case(name, FirstStageBackward(k), vec![x, p, ds, partials]);
        Case { partials: owned(&k), ..case }
    });
    cases.collect()
}

/// Cases of `conv_backward_weights`.
pub fn conv_backward_weights(profile: Profile) -> Vec<Case> {
    let cases = backward(LATER, profile).map(|(name, shape, k)| {
        let Arguments { x, p, h, ds, partials } = Arguments::of(&k, 5);
        let arguments = vec![x, p, h, ds, shape.words(), partials];
        let case = case(name, ConvBackwardWeights(k), arguments);
        Case { partials: owned(&k), ..case }
    });
    cases.collect()
}

/// Cases of `conv_backward_input`.
pub fn conv_backward_input(profile: Profile) -> Vec<Case> {
    let cases = backward(LATER, profile).map(|(name, shape, k)| {
        let Arguments { x, p, h, ds, .. } = Arguments::of(&k, 6);
        let dx = empty(x.len() as u32);
        case(name, ConvBackwardInput(k), vec![x, p, h, ds, shape.words(), dx])
    });
    cases.collect()
}
