//! A sample group: eight samples from their bytes to the gradients of the stages.

use super::instructions::Kernel;
use super::lanes::{LANES, Lanes, V};
use super::linear;
use super::program::{Program, Work};
use super::samples::{Backward, Samples, Source, local, numbers, numbers_mut};
use super::squash::through;
use crate::plan::Pass;
use crate::plan::kernels::Output;

/// The memory of eight samples.
#[derive(Debug)]
pub struct SampleGroup {
    pub samples: Samples<LANES>,
    /// Inputs of each linear block, squared in a curvature pass, a row a sample; else empty.
    pub rows: Vec<Vec<V>>,
}

/// The step of a sample group up to the loss, and but for [`Pass::Forward`] the backward pass as far
/// as the first stage. K says for which stages it is compiled (`conv.rs`).
pub struct GroupPass<'a, const K: usize> {
    pub group: &'a mut SampleGroup,
    pub program: &'a Program,
    pub source: Source<'a>,
    /// The parameters.
    pub pieces: &'a [&'a [f32]],
    pub pass: Pass,
}

impl<const K: usize> Kernel for GroupPass<'_, K> {
    #[inline(always)]
    fn run<L: Lanes>(self) {
        let GroupPass { group, program, source, pieces, pass } = self;
        group.samples.gather(program, source);
        for block in 0..program.blocks.len() {
            group.forward::<L, K>(program, block, pieces, pass);
        }
        let output = program.output(pass);
        group.samples.judge(&output, source.step.count);
        for block in (0..program.blocks.len()).rev() {
            match pass {
                Pass::Forward => {}
                Pass::Training => group.backward::<L, K>(program, &output, block, pieces),
                Pass::Curvature => group.backward::<L::Squares, K>(program, &output, block, pieces),
            }
        }
    }
}

impl SampleGroup {
    /// The samples from number `first` of the batch on.
    pub fn new(program: &Program, first: usize) -> Self {
        let rows = program.blocks.iter().zip(&program.sizes).map(|(work, size)| match work {
            Work::Linear { .. } => vec![V::ZERO; LANES * size.div_ceil(LANES)],
            _ => Vec::new(),
        });
        SampleGroup { samples: Samples::new(program, first), rows: rows.collect() }
    }

    #[inline(always)]
    fn forward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        block: usize,
        parameters: &[&[f32]],
        pass: Pass,
    ) {
        match &program.blocks[block] {
            Work::Stage { stage, piece } => {
                self.samples.stage_forward::<L, K>(program, block, stage, parameters[*piece]);
            }
            Work::Linear { bias, rows, pieces, units } => {
                let (x, y) = self.samples.forward(block);
                let biases = parameters[*bias].chunks(*rows);
                let tiles = parameters[pieces.clone()].iter().zip(biases);
                for ((w, bias), y) in tiles.zip(y.chunks_exact_mut(*rows)) {
                    linear::forward::<L>(program.curve(block), w, bias, x, y);
                }
                y[*units..].fill(V::ZERO);
                let rows = &mut self.rows[block];
                match pass {
                    Pass::Forward => {}
                    Pass::Training => linear::transpose(x, rows, |x| x),
                    Pass::Curvature => linear::transpose(x, rows, |x| x * x),
                }
            }
            Work::Rbf { centres } => {
                let (x, y) = self.samples.forward(block);
                linear::distances::<L>(centres, x, y);
            }
        }
    }

    #[inline(always)]
    fn backward<L: Lanes, const K: usize>(
        &mut self,
        program: &Program,
        output: &Output,
        block: usize,
        parameters: &[&[f32]],
    ) {
        match &program.blocks[block] {
            Work::Stage { stage, piece } => {
                let p = parameters[*piece];
                self.samples.stage_backward::<L, K>(program, block, (stage, *piece), p);
                return;
            }
            Work::Linear { rows, pieces, .. } => {
                let Backward { dy, dx: Some(dx), .. } = self.samples.backward(block) else {
                    return;
                };
                dx.fill(V::ZERO);
                for (w, dy) in parameters[pieces.clone()].iter().zip(dy.chunks_exact(*rows)) {
                    linear::backward::<L::Plain>(&local::<L>(w), dy, dx);
                }
            }
            Work::Rbf { centres } if output.curvature => {
                self.samples.distance_seeds(output, block, centres);
            }
            Work::Rbf { centres } => {
                let Backward { x, dy, dx: Some(dx) } = self.samples.backward(block) else { return };
                linear::distances_backward::<L>(centres, x, dy, dx);
            }
        }
        let Backward { x, dx: Some(dx), .. } = self.samples.backward(block) else { return };
        through::<L>(program.input_curve[block], numbers_mut(dx), numbers(x));
    }
}
