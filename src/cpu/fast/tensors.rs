//! The numbers of a sample group, or of a batch of one, on their way through the network.

use super::conv::{SLACK, Stage};
use super::lanes::{LANES, Lanes, V};
use super::program::{Program, Step};

/// The tensors of a step; with T numbers from a column to the next, as in `conv.rs`. With T = 1 only
/// the first numbers of each count, then comes slack.
#[derive(Debug)]
pub struct Tensors<const T: usize> {
    /// `activations[b]` is the input of block b; the last are the scores.
    pub activations: Vec<Vec<V>>,
    /// Of each stage what its convolution gives, then the loss by what the squash there got; else
    /// empty.
    hidden: Vec<Vec<V>>,
    /// The loss by what the squash of each block got; for the RBF by its outputs.
    pub deltas: Vec<Vec<V>>,
    /// Gradients of the stages, laid out as their parameters.
    pub partials: Vec<V>,
}

impl<const T: usize> Tensors<T> {
    pub fn new(program: &Program) -> Self {
        let slack = if T == LANES { 0 } else { SLACK };
        let zeros = |size: usize| vec![V::ZERO; (size * T + slack).div_ceil(LANES)];
        let of_sizes = |sizes: &[usize]| sizes.iter().map(|&size| zeros(size)).collect();
        let mut activations: Vec<Vec<V>> = of_sizes(&program.sizes);
        // The border stays as it is.
        activations[0].fill(V([program.background; LANES]));
        let hidden = program.steps.iter().map(|step| match step {
            Step::Stage { stage, .. } => zeros(stage.hidden::<T>() / T),
            _ => Vec::new(),
        });
        let (deltas, partials) = (of_sizes(&program.sizes[1..]), zeros(program.stages));
        Tensors { hidden: hidden.collect(), activations, deltas, partials }
    }

    /// Input and output of a block.
    #[inline(always)]
    pub fn forward(&mut self, block: usize) -> (&[V], &mut [V]) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        (&below[block], &mut above[0])
    }

    /// Input of a block, the derivatives by its output, and the place of those by its input, unless
    /// it is the first.
    #[inline(always)]
    pub fn backward(&mut self, block: usize) -> (&[V], &[V], Option<&mut [V]>) {
        let (below, here) = self.deltas.split_at_mut(block);
        (&self.activations[block], &here[0], below.last_mut().map(Vec::as_mut_slice))
    }

    /// The forward pass of the block `block`, a stage with the parameters `p`.
    #[inline(always)]
    pub fn stage_forward<L: Lanes>(
        &mut self,
        program: &Program,
        block: usize,
        stage: &Stage,
        p: &[f32],
    ) {
        let (below, above) = self.activations.split_at_mut(block + 1);
        let (x, s) = (numbers(&below[block]), numbers_mut(&mut above[0]));
        stage.forward::<L, T>(program.curve, p, x, numbers_mut(&mut self.hidden[block]), s);
    }

    /// Its backward pass: returns the gradients of its parameters.
    #[inline(always)]
    pub fn stage_backward<L: Lanes>(
        &mut self,
        program: &Program,
        block: usize,
        (stage, piece): (&Stage, usize),
        p: &[f32],
    ) -> &[f32] {
        let (below, here) = self.deltas.split_at_mut(block);
        let (ds, dx) = (numbers(&here[0]), below.last_mut().map(|dx| numbers_mut(dx)));
        let (x, h) = (numbers(&self.activations[block]), numbers_mut(&mut self.hidden[block]));
        let place = &program.pieces[piece].1;
        let dp = &mut numbers_mut(&mut self.partials)[place.start * T..place.end * T];
        stage.backward::<L, T>(program.curve, p, x, h, ds, dp, dx);
        dp
    }
}

/// The numbers of vectors.
#[inline(always)]
pub fn numbers(vectors: &[V]) -> &[f32] {
    bytemuck::cast_slice(vectors)
}

#[inline(always)]
pub fn numbers_mut(vectors: &mut [V]) -> &mut [f32] {
    bytemuck::cast_slice_mut(vectors)
}
