//! A network as the fast executor carries it out: its blocks with their shapes, and its parameters
//! cut into pieces, each of which one thread updates.

use std::ops::Range;

use super::conv::Stage;
use super::linear;
use super::squash::Curve;
use crate::cpu::Affine;
use crate::network::tensors::{Block, aligned};
use crate::network::{Kind, Network, Output, bitmaps};
use crate::plan::abi::Record;
use crate::plan::{Criterion, Distortion, Epilogue, Optimizer, Pass, Plan, kernels};

/// What a block computes.
#[derive(Debug)]
pub enum Work {
    /// Its parameters are one piece.
    Stage { stage: Stage, piece: usize },
    /// Its biases are one piece, every few rows of its weights are another.
    /// Outputs after its `units` stay 0.
    Linear { bias: usize, rows: usize, pieces: Range<usize>, units: usize },
    /// Distances to these centres, `[10, inputs]`.
    Rbf { centres: Vec<f32> },
}

/// Where a piece of the parameters belongs.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// All of a stage.
    Stage,
    /// The biases of the linear block `block`.
    Bias { block: usize },
    /// Rows of its weights, from output `first` on.
    Rows { block: usize, first: usize, rows: usize },
}

/// The network, ready to be carried out.
#[derive(Debug)]
pub struct Program {
    pub blocks: Vec<Work>,
    /// Inputs of each block, then outputs of the last: [`crate::plan::Layout::widths`].
    pub sizes: Vec<usize>,
    /// Pieces of the parameters, one after the other, each with its place.
    pub pieces: Vec<(Piece, Range<usize>)>,
    /// Numbers up to the end of the last stage.
    pub stages: usize,
    /// The activation after every layer, and after the output.
    pub curve: Curve,
    of_output: Curve,
    /// The activation that made the input of each block.
    pub input_curve: Vec<Curve>,
    /// What a sample is in the data set.
    pub record: Record,
    /// Of the input, and pixels of background around the digit.
    pub height: usize,
    pub width: usize,
    pub border: usize,
    /// x = scale * byte + background.
    pub scale: f32,
    pub background: f32,
    pub distortion: Option<Distortion>,
    /// The loss, in a training step.
    output: kernels::Output,
    pub optimizer: Optimizer,
}

impl Program {
    /// The digit that an entry of the order names, and how the step's key distorts it, if it does.
    #[inline(always)]
    pub fn digit(&self, entry: u32, key: u32) -> (usize, Option<Affine>) {
        let Some(distortion) = &self.distortion else { return (entry as usize, None) };
        let (digit, view) = distortion.digit_and_view(entry);
        (digit as usize, Some(Affine::of(distortion, key, view, digit)))
    }

    pub fn new(plan: &Plan) -> Self {
        let (network, optimizer) = (&plan.network, plan.optimizer);
        let layout = &plan.interface.layout;
        let options = network.options;
        let (scale, background) = options.scaling.scale_and_background();
        let mut program = Program {
            blocks: Vec::new(),
            sizes: layout.widths.clone(),
            pieces: Vec::new(),
            stages: layout.stages,
            curve: Curve::of(Some(options.squash)),
            of_output: Curve::of(match options.output {
                Output::Softmax => None,
                Output::Linear | Output::Rbf => Some(options.squash.of_output()),
            }),
            input_curve: (0..layout.blocks.len())
                .map(|block| Curve::of(layout.input_squash(network, block)))
                .collect(),
            record: plan.interface.record,
            height: network.input().height,
            width: network.input().width,
            border: options.border,
            scale,
            background,
            distortion: plan.interface.distortion,
            output: kernels::Output {
                samples: 1,
                before: 0,
                advances: true,
                inputs: layout.widths[layout.blocks.len() - 1] as u32,
                classes: options.classes as u32,
                weights: aligned(options.classes) as u32,
                criterion: Criterion::of(&options),
                squash: options.squash.of_output(),
                input_squash: None,
                curvature: false,
                exact: false,
            },
            optimizer,
        };
        let ends = layout.starts[1..].iter().chain([&layout.size]);
        for (index, (block, (&start, &end))) in
            layout.blocks.iter().zip(layout.starts.iter().zip(ends)).enumerate()
        {
            let work = match *block {
                Block::Stage { conv, pool } => {
                    program.stage(network, conv, pool.is_some(), start..end)
                }
                Block::Linear(at) => {
                    program.linear(index, network.layers[at].output.size(), start..end)
                }
                Block::Rbf(_) => Work::Rbf { centres: bitmaps::centres() },
            };
            program.blocks.push(work);
        }
        program
    }

    /// Whether all stages are such as the papers have, with a tanh. (No other activation stands before or after a
    /// stage then: a network has one, and its output is no stage.)
    pub fn is_papers(&self) -> bool {
        let is_papers = |work: &Work| match work {
            Work::Stage { stage, .. } => stage.is_papers(),
            Work::Linear { .. } | Work::Rbf { .. } => true,
        };
        matches!(self.curve, Curve::Tanh { .. }) && self.blocks.iter().all(is_papers)
    }

    /// The activation after a block.
    #[inline(always)]
    pub fn curve(&self, block: usize) -> Curve {
        if block + 1 == self.blocks.len() { self.of_output } else { self.curve }
    }

    /// The loss, in a pass.
    pub fn output(&self, pass: Pass) -> kernels::Output {
        let exact = matches!(self.optimizer, Optimizer::Sdlm { exact: true, .. });
        let curvature = pass == Pass::Curvature;
        kernels::Output { curvature, exact: curvature && exact, ..self.output }
    }

    /// What a pass does with its gradients, if it has any.
    pub fn epilogue(&self, pass: Pass) -> Option<Epilogue> {
        match pass {
            Pass::Forward => None,
            Pass::Training => Some(Epilogue::Apply(self.optimizer)),
            Pass::Curvature => Some(Epilogue::Accumulate { exact: self.output(pass).exact }),
        }
    }

    fn stage(
        &mut self,
        network: &Network,
        conv: usize,
        is_pooled: bool,
        place: Range<usize>,
    ) -> Work {
        let conv = &network.layers[conv];
        let Kind::Conv(table) = &conv.kind else {
            unreachable!("a stage begins with a convolution")
        };
        self.pieces.push((Piece::Stage, place));
        let stage = Stage::new(conv, table, is_pooled.then_some(network.options.pool));
        Work::Stage { stage, piece: self.pieces.len() - 1 }
    }

    fn linear(&mut self, block: usize, units: usize, place: Range<usize>) -> Work {
        let (inputs, outputs) = (self.sizes[block], self.sizes[block + 1]);
        let rows = linear::rows_of(outputs);
        let bias = self.pieces.len();
        let mut start = place.start + aligned(outputs);
        self.pieces.push((Piece::Bias { block }, place.start..start));
        for first in (0..outputs).step_by(rows) {
            let last = first + rows == outputs;
            // The last piece takes the gap after the layer along.
            let end = if last { place.end } else { start + rows * inputs };
            self.pieces.push((Piece::Rows { block, first, rows }, start..end));
            start = end;
        }
        Work::Linear { bias, rows, pieces: bias + 1..self.pieces.len(), units }
    }
}
