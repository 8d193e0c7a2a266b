//! Every setting of a run, described once.
//!
//! A row is a setting: its help, its name and type, its default, its unit and its range. Flag, key of a
//! TOML file, entry of `run.json`, the printed table, recipes and the check of its value all follow from
//! the row, so that a setting is added by a row here and the code that uses it. The default in the help
//! of a flag follows from the row and the recipes.

use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::distortion::{Copies, MAX_DISTORTIONS, Switch};
use super::network::{ConnectionChoice, NetworkChoice};
use super::optimizer::{Curvature, Method};
use super::range::Range;
use super::recipes::{MAX_BATCH, MAX_EPOCHS, names};
use super::setting::{Held, Origins, Row, flag, group, settings};
use super::{Schedule, Shuffle};
use crate::error::Result;
use crate::network::init::Init;
use crate::network::{Loss, Network, Output, PoolForm, Scaling, Squash};
use crate::plan::{Ranges, Strategy};

group! {
    /// The network and what can be chosen about it.
    "Network" NetworkArgs {
        /// Network: lenet1, lenet5, lenet5-short, lenet5-tutorial, or the path of a file as docs/networks.md describes
        network: NetworkChoice, "NAME|FILE", Range::Any;
        /// Scaling of the pixels: paper -0.1..1.175, symmetric -1..1
        input: Scaling, "INPUT", Range::Any;
        /// Pixels of background around the picture
        border: usize, "PIXELS", Range::Any;
        /// Activation (squashing function) of every layer
        squash: Squash, "SQUASH", Range::Any;
        /// Form of the weighted 2x2 pooling
        pool: PoolForm, "POOL", Range::Any;
        /// Connections of the convolutions that have a table
        connections: ConnectionChoice, "CONNECTIONS", Range::Any;
        /// Output layer
        output: Output, "OUTPUT", Range::Any;
        /// Loss: mse (with rbf: eq. 8) or map (eq. 9); an output brings its own
        loss: Loss, "LOSS", Range::Any;
        /// j of eq. 9, a positive number
        j: f32, "J", Range::Positive;
    }
}

settings! {
    /// How a run trains.
    "Training" training: TrainingArgs {
        /// First weights, in +-2.4/F, +-1.2/sqrt(F) or +-1/sqrt(F), F the fan-in
        init: Init = Init::Lecun, "INIT", Range::Any;
        /// Samples in a step, 1 to 1,024
        batch: usize = 16, "N", Range::Count(MAX_BATCH, "samples a batch may have");
        /// Passes over the training digits
        epochs: usize = 12, "N", Range::Count(MAX_EPOCHS, "epochs a run may have");
        /// Steps in all, instead of --epochs
        steps: usize = 0, "N", Range::Any;
        /// Seed of weights, order and drawn digits
        seed: u64 = 1, "SEED", Range::Any;
        /// Order of the digits: on, a new one in every epoch; once, a random one; off, as they are
        /// stored
        shuffle: Shuffle = Shuffle::On, "SHUFFLE", Range::Any;
        /// Hold back the last N training digits and report the error on them
        validate: usize = 0, "N", Range::Any;
        /// Training digits, drawn at random by the seed
        train_limit: usize = 0, "N", Range::Any;
        /// Test digits, drawn at random by the seed
        test_limit: usize = 0, "N", Range::Any;
        /// Learning rate; depends on optimizer, output and loss too, and sdlm multiplies it with
        /// --eta-scale
        lr: f32 = 0.03, "RATE", Range::Positive;
        /// Learning rate over the run: constant, cosine, step:EPOCH:FACTOR, lecun1998
        schedule: Schedule = Schedule::Cosine, "SCHEDULE", Range::Any;
        /// sgd, sdlm: momentum m of v = m v + g, w = w - lr v; 0 to below 1
        momentum: f32 = 0.9, "M", Range::BelowOne;
        /// sgd, adam: weight decay d: g + d w takes the place of g
        weight_decay: f32 = 0.0, "D", Range::NotNegative;
        /// With --distort: the digits and N distorted copies of each, fixed, of which an epoch takes
        /// its share; 9 in the paper
        distortions: Copies = Copies::New, "N",
            Range::Count(MAX_DISTORTIONS, "distorted copies each digit may have");
    }

    /// How the parameters move.
    "Optimizer" optimizer: OptimizerArgs {
        /// Optimizer: sgd; adam; or sdlm, stochastic diagonal Levenberg-Marquardt, whose rate for each
        /// parameter is lr x eta-scale / (mu + h), h its curvature
        optimizer: Method = Method::Sgd, "OPTIMIZER", Range::Any;
        /// sdlm: what every learning rate is multiplied with
        // At the paper's 1 training is less even (docs/results.md).
        eta_scale: f32 = 0.2, "FACTOR", Range::Positive;
        /// sdlm: mu, what is added to a curvature, a positive number
        // The 1998 paper, appendix C.
        mu: f32 = 0.02, "MU", Range::Positive;
        /// sdlm: second derivatives of eq. 9 at F6: constant 2, or exact
        curvature: Curvature = Curvature::Constant, "CURVATURE", Range::Any;
        /// sdlm: training digits that each pass's curvature is the mean over
        // The 1998 paper, appendix C.
        curvature_patterns: usize = 500, "N", Range::Any;
        /// adam: what the mean of the gradients keeps of itself in a step
        beta1: f32 = 0.9, "BETA", Range::BelowOne;
        /// adam: what the mean of their squares keeps
        beta2: f32 = 0.999, "BETA", Range::BelowOne;
        /// adam: what is added to the root of the mean of the squares
        epsilon: f32 = 1e-8, "EPSILON", Range::Positive;
    }

    /// Whether digits are distorted.
    "Distortion" distort: DistortArgs {
        /// Distort the training digits, differently in every epoch
        distort: Switch = Switch::Off, "DISTORT", Range::Any;
    }

    /// How far digits are distorted.
    "Distortion" ranges: RangeArgs {
        /// Horizontal and vertical shift, each at random up to this many pixels
        shift: f32 = Ranges::default().shift, "PIXELS", Range::UpTo(Ranges::MOST.shift);
        /// Larger or smaller by up to this fraction
        scale: f32 = Ranges::default().scale, "FRACTION", Range::UpTo(Ranges::MOST.scale);
        /// Narrower and taller, or the reverse, by up to this fraction
        squeeze: f32 = Ranges::default().squeeze, "FRACTION", Range::UpTo(Ranges::MOST.squeeze);
        /// Slant: up to this many columns to the side for a row down
        shear: f32 = Ranges::default().shear, "COLUMNS", Range::UpTo(Ranges::MOST.shear);
    }
}
