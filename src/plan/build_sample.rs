//! The dispatches of [`Strategy::Sample`].

use super::builder::Builder;
use super::kernels::{Advance, Op, Sample, SampleUpdate};
use super::sample::{LAYER_WORDS, Shapes};
use super::{Dispatch, Epilogue, Optimizer, Plan, Replica, Start, Steps, Strategy};
use crate::error::Result;

impl Builder<'_> {
    /// The plan of a training step of two dispatches, and of an evaluation.
    pub(super) fn samples(mut self) -> Result<Plan> {
        let Shapes { sample, table, .. } =
            Shapes::of(self.network, &self.layout, self.shard_samples)?;
        self.add("table", table.len(), Start::Words(table));
        self.add("traces", self.shard_samples * sample.trace as usize, Start::Zero);
        self.sample_launch(Op::SampleForward(sample));
        self.sample_launch(Op::Advance(Advance {}));
        let forward = self.take();
        let training = self.sample_step(sample, Epilogue::Apply(self.optimizer));
        let curvature = match self.optimizer {
            Optimizer::Sgd { .. } | Optimizer::Adam { .. } => Vec::new(),
            Optimizer::Sdlm { exact, .. } => self.sample_step(
                Sample { curvature: true, exact, ..sample },
                Epilogue::Accumulate { exact },
            ),
        };
        let [forward, training, curvature] =
            [forward, training, curvature].map(|compute| Steps { compute, apply: Vec::new() });
        Ok(self.finish(Strategy::Sample, vec![Replica { forward, training, curvature }]))
    }

    fn sample_step(&mut self, sample: Sample, epilogue: Epilogue) -> Vec<Dispatch> {
        self.sample_launch(Op::SampleStep(sample));
        let update = SampleUpdate {
            samples: sample.samples,
            parameters: self.layout.size as u32,
            stages: self.layout.stages as u32,
            layers: sample.layers,
            trace: sample.trace,
            parts: SampleUpdate::parts_of(sample.samples),
            epilogue,
        };
        self.sample_launch(Op::SampleUpdate(update));
        self.take()
    }

    fn sample_launch(&mut self, op: Op) {
        let output = self.network.layers.last().expect("a network has an output");
        let (stages, size) = (self.layout.stages, self.layout.size);
        self.launch(&self.network.name, op, |builder, name| match (name, op) {
            ("p", _) => builder.view("parameters", 0, stages),
            ("w", _) => builder.view("parameters", stages, size - stages),
            ("y", _) => builder.view(&output.name, 0, builder.batch * output.output.size()),
            ("layers", Op::SampleUpdate(k)) => {
                builder.view("table", 0, LAYER_WORDS * k.layers as usize)
            }
            _ => builder.whole(name),
        });
    }
}
