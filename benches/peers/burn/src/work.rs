//! Steps of training and of inference, and how many digits a second they take.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;

use crate::digits::COUNT;
use crate::lenet::{self, LeNet};

const LEARNING_RATE: f64 = 0.01;
/// Steps at most between two waits for the device.
const MOST_STEPS: usize = 200;

/// A network, its digits on a device, and the position in the epoch.
pub struct Work {
    device: Device,
    batch: usize,
    model: LeNet,
    mask: Tensor<4>,
    optimizer: ModuleOptimizer,
    inputs: Tensor<4>,
    targets: Tensor<2>,
    order: Tensor<1, Int>,
    position: usize,
    /// Sum of the losses, or count of the errors: what a program would want of an epoch.
    total: Tensor<1>,
}

impl Work {
    /// `digits` are inputs and targets from [`digits::tensors`](crate::digits::tensors).
    pub fn new(
        network: &str,
        batch: usize,
        digits: &(Tensor<4>, Tensor<2>),
        device: &Device,
    ) -> Self {
        let (inputs, targets) = digits.clone();
        let mut order: Vec<i32> = (0..COUNT as i32).collect();
        order.shuffle(&mut rand::rng());
        let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
        Self {
            device: device.clone(),
            batch,
            model: LeNet::new(network, &device.clone().autodiff()),
            mask: lenet::mask(network, device),
            optimizer: SgdConfig::new().with_momentum(Some(momentum)).init(),
            inputs,
            targets,
            order: Tensor::from_data(TensorData::new(order, [COUNT]), device),
            position: 0,
            total: Tensor::zeros([1], device),
        }
    }

    /// Where the next batch begins; after the last whole batch at the start again.
    fn next(&mut self) -> std::ops::Range<usize> {
        let start = self.position;
        self.position = if start + 2 * self.batch > COUNT { 0 } else { start + self.batch };
        start..start + self.batch
    }

    /// Gathers a shuffled batch, forward and backward pass, update; so many times.
    pub fn train(&mut self, steps: usize) {
        let mut model = self.model.clone();
        let id = model.sparse.weight.id;
        for _ in 0..steps {
            let chosen = self.order.clone().slice([self.next()]);
            let inputs = self.inputs.clone().select(0, chosen.clone()).autodiff();
            let targets = self.targets.clone().select(0, chosen).autodiff();
            let loss = MseLoss::new().forward(model.forward(inputs), targets, Reduction::Mean);
            let mut grads = GradientsParams::from_grads(loss.backward(), &model);
            if let Some(grad) = grads.remove::<4>(id) {
                grads.register(id, grad * self.mask.clone());
            }
            model = self.optimizer.step(LEARNING_RATE, model, grads);
            self.total = self.total.clone() + loss.inner();
        }
        self.model = model;
    }

    /// Forward pass of a batch in order, and its errors; so many times.
    pub fn infer(&mut self, steps: usize) {
        let model = self.model.valid();
        for _ in 0..steps {
            let range = self.next();
            let inputs = self.inputs.clone().slice([range.clone()]);
            let targets = self.targets.clone().slice([range]);
            let scores = model.forward(inputs);
            let errors = scores.argmax(1).not_equal(targets.argmax(1)).float().sum();
            self.total = self.total.clone() + errors;
        }
    }

    /// The first steps, which compile and tune.
    pub fn warm_up(&mut self, work: fn(&mut Self, usize)) -> Result<(), String> {
        self.time(work, 1)?;
        self.time(work, 1)?;
        Ok(())
    }

    /// Digits a second of as many steps as fit into `seconds`, at least one.
    ///
    /// A device works behind the host, so the count follows from a step that is waited for. That
    /// step is the measurement if it takes the whole time, and is not counted else.
    pub fn rate(&mut self, work: fn(&mut Self, usize), seconds: f64) -> Result<f64, String> {
        let goal = Duration::from_secs_f64(seconds);
        let one = self.time(work, 1)?;
        if one >= goal {
            return Ok(self.batch as f64 / one.as_secs_f64());
        }
        let steps = (goal.as_secs_f64() / one.as_secs_f64()).ceil() as usize;
        let steps = steps.clamp(1, MOST_STEPS);
        let (mut count, mut spent) = (0, Duration::ZERO);
        while spent < goal {
            spent += self.time(work, steps)?;
            count += steps;
        }
        Ok((count * self.batch) as f64 / spent.as_secs_f64())
    }

    /// The time of that many steps, the wait for the last one included.
    fn time(&mut self, work: fn(&mut Self, usize), steps: usize) -> Result<Duration, String> {
        let start = Instant::now();
        work(self, steps);
        self.device.sync().map_err(|error| format!("{error:?}"))?;
        Ok(start.elapsed())
    }
}
