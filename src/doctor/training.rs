//! Twenty steps of training on an adapter, beside the CPU reference, and again and again.

use std::time::Instant;

use serde::Serialize;

use super::differences;
use super::kernels::{self, Deviation};
use super::subject::{STEPS, Subject, checksum};
use crate::cpu::Cpu;
use crate::data::Mnist;
use crate::device::{Device, PlanChoice};
use crate::error::{Error, Result};
use crate::gpu::{Adapter, Gpu};
use crate::network::Named;
use crate::recipe::Method;

/// A network and an optimizer.
pub type Case = (&'static str, &'static str);

/// What trains: with sdlm the second derivatives are computed, too.
pub const CASES: [Case; 4] = [("lenet1", "sgd"), ("lenet1", "sdlm"), LENET5, ("lenet5", "sdlm")];
/// The case whose speed is told.
pub const LENET5: Case = ("lenet5", "sgd");
/// Runs that have to leave the same bits.
pub const RUNS: usize = 3;
/// How far a parameter may be from the reference's after the last step.
const TOLERANCE: f32 = 1e-4;

/// One network, optimizer and plan.
#[derive(Debug, Clone, Serialize)]
pub struct Training {
    pub network: String,
    pub optimizer: String,
    pub plan: &'static str,
    /// The largest difference from the reference; `None` where a parameter is no number.
    pub largest_difference: Option<f32>,
    pub allowed: f32,
    /// The tensor with the largest difference.
    pub tensor: String,
    /// CRC-32 of the parameters after each run.
    pub checksums: Vec<String>,
    /// Every kernel against its reference.
    pub kernels: Vec<Deviation>,
    /// The gradient against differences of the loss, by layers and roles; SDLM leaves none.
    pub gradients: Vec<Deviation>,
    /// The first run, compilation included, and the last.
    pub first_seconds: f64,
    pub last_seconds: f64,
    pub digits_per_second: f64,
}

impl Training {
    /// What is wrong, if anything is.
    pub fn fault(&self) -> Option<String> {
        let about = format!("{} by {} in the plan {}", self.network, self.optimizer, self.plan);
        let of_kernels = self.kernels.iter().map(|kernel| (kernel, "its reference"));
        let of_gradients =
            self.gradients.iter().map(|gradient| (gradient, "differences of the loss"));
        if let Some((wrong, what)) =
            of_kernels.chain(of_gradients).find(|(found, _)| !found.passed())
        {
            let Deviation { name, error, place } = wrong;
            return Some(format!(
                "{about}: {name} is off {what} by {error:.1} times what is allowed, at {place}"
            ));
        }
        let is_near = self.largest_difference.is_some_and(|largest| largest <= self.allowed);
        if !is_near {
            let largest =
                self.largest_difference.map_or("NaN".into(), |largest| largest.to_string());
            return Some(format!(
                "{about}: after {STEPS} steps {} is {largest} off the CPU reference, and {} is \
                 allowed",
                self.tensor, self.allowed
            ));
        }
        let is_same = self.checksums.windows(2).all(|pair| pair[0] == pair[1]);
        (!is_same).then(|| {
            let checksums = self.checksums.join(", ");
            format!("{about}: the same {STEPS} steps leave other bits each time ({checksums})")
        })
    }
}

/// One network, optimizer and plan, trained by an adapter and not compared with anything yet.
pub struct Trained {
    case: Case,
    subject: Subject,
    gpu: Gpu,
    /// The parameters that the first run left.
    parameters: Vec<f32>,
    checksums: Vec<String>,
    first_seconds: f64,
    last_seconds: f64,
    digits_per_second: f64,
}

/// Trains a network by an optimizer in a plan, and takes the time.
///
/// # Errors
/// A sentence that names what failed.
pub fn train(
    adapter: &Adapter,
    device: &Device,
    mnist: &Mnist,
    case: Case,
    plan: PlanChoice,
) -> std::result::Result<Trained, String> {
    let trained = || -> Result<Trained> {
        let subject = Subject::new(device, mnist, case, plan)?;
        let start = Instant::now();
        let mut gpu = Gpu::new(adapter, subject.plan.program())?;
        let parameters = subject.run(&mut gpu)?;
        let first_seconds = start.elapsed().as_secs_f64();
        let mut checksums = vec![checksum(&parameters)];
        let mut last = Instant::now();
        for _ in 1..RUNS {
            last = Instant::now();
            checksums.push(checksum(&subject.run(&mut gpu)?));
        }
        let last_seconds = last.elapsed().as_secs_f64();
        let digits_per_second = subject.speed(&mut gpu)?;
        Ok(Trained {
            case,
            subject,
            gpu,
            parameters,
            checksums,
            first_seconds,
            last_seconds,
            digits_per_second,
        })
    };
    trained().map_err(|error| failure(case, plan.name(), error))
}

fn failure((network, optimizer): Case, plan: &str, error: Error) -> String {
    format!("{network} by {optimizer} in the plan {plan}: {error}")
}

/// The parameters that the reference leaves.
///
/// # Errors
/// Those of the settings.
pub fn reference(mnist: &Mnist, case: Case) -> Result<Vec<f32>> {
    let subject = Subject::new(&Device::Naive, mnist, case, PlanChoice::Auto)?;
    subject.run(&mut Cpu::new(subject.plan.clone()))
}

impl Trained {
    /// Compares what was trained with the parameters that the reference leaves, every kernel with its reference,
    /// and the gradient with differences.
    ///
    /// # Errors
    /// A sentence that names what failed.
    pub fn compare(self, expected: &[f32]) -> std::result::Result<Training, String> {
        let Trained { case, subject, mut gpu, parameters, .. } = self;
        let plan = subject.settings.strategy.name();
        let mut compared = || -> Result<[Vec<Deviation>; 2]> {
            let kernels = subject.compared(&mut gpu, |plan, gpu, cpu| {
                kernels::compare(plan, &subject.replay.phases, gpu, cpu)
            })?;
            let gradients = match subject.settings.optimizer {
                Method::Sgd => subject.compared(&mut gpu, differences::compare)?,
                Method::Sdlm | Method::Adam => Vec::new(),
            };
            Ok([kernels, gradients])
        };
        let [kernels, gradients] = compared().map_err(|error| failure(case, plan, error))?;
        let (place, largest) = largest(&parameters, expected);
        let layout = &subject.plan.interface.layout;
        let tensor = layout.tensors.iter().rfind(|tensor| tensor.start <= place);
        let (network, optimizer) = case;
        Ok(Training {
            network: network.into(),
            optimizer: optimizer.into(),
            plan,
            largest_difference: Some(largest).filter(|largest| largest.is_finite()),
            allowed: TOLERANCE,
            tensor: tensor.map(|tensor| tensor.name.clone()).unwrap_or_default(),
            checksums: self.checksums,
            kernels,
            gradients,
            first_seconds: self.first_seconds,
            last_seconds: self.last_seconds,
            digits_per_second: self.digits_per_second,
        })
    }
}

/// Place and size of the largest difference; one that is no number is the largest.
fn largest(found: &[f32], expected: &[f32]) -> (usize, f32) {
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let differences = differences.map(|d| if d.is_nan() { f32::INFINITY } else { d });
    differences.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

#[cfg(test)]
impl Training {
    /// One that has no fault.
    pub fn right(plan: &'static str) -> Self {
        Training {
            network: "lenet1".into(),
            optimizer: "sgd".into(),
            plan,
            largest_difference: Some(0.5 * TOLERANCE),
            allowed: TOLERANCE,
            tensor: "c1.weight".into(),
            checksums: vec!["a".into(); RUNS],
            kernels: Vec::new(),
            gradients: Vec::new(),
            first_seconds: 1.0,
            last_seconds: 1.0,
            digits_per_second: 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a device that computes nothing; no plan was tuned for it.
    #[test]
    fn a_plan_that_gives_an_error_does_not_end_the_others() {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::NOOP;
        descriptor.backend_options.noop.enable = true;
        let instance = wgpu::Instance::new(descriptor);
        let adapter = pollster::block_on(instance.request_adapter(&Default::default())).unwrap();
        let (mnist, plans) =
            (crate::data::builtin().unwrap(), [PlanChoice::Tuned, PlanChoice::Auto]);
        let expected = reference(&mnist, CASES[0]).unwrap();
        let [tuned, auto] = plans.map(|plan| {
            let trained = train(&adapter, &Device::Naive, &mnist, CASES[0], plan)?;
            trained.compare(&expected)
        });
        let failure = tuned.unwrap_err();
        assert!(failure.starts_with("lenet1 by sgd in the plan tuned: "), "{failure}");
        assert!(auto.unwrap().fault().is_some(), "it computes nothing");
    }

    #[test]
    fn finds_what_is_off_and_what_changes() {
        assert_eq!(largest(&[1.0, 2.5, 3.0], &[1.0, 2.0, 2.9]), (1, 0.5));
        assert_eq!(largest(&[1.0, f32::NAN], &[5.0, 2.0]), (1, f32::INFINITY));
        let right = Training::right("layered");
        assert_eq!(right.fault(), None);
        let far = Training { largest_difference: Some(2.0 * TOLERANCE), ..right.clone() };
        assert!(far.fault().is_some_and(|fault| fault.contains("c1.weight")));
        let none = Training { largest_difference: None, ..right.clone() };
        assert!(none.fault().is_some_and(|fault| fault.contains("NaN")));
        let mut checksums = right.checksums.clone();
        checksums[1] = "b".into();
        let other = Training { checksums, ..right.clone() };
        assert!(other.fault().is_some_and(|fault| fault.contains("other bits")));
        let (name, place) = ("c1.first_stage_forward".to_string(), "s[7]".into());
        let kernels = vec![Deviation { name: name.clone(), error: 1.5, place }];
        let wrong = Training { kernels: kernels.clone(), ..right.clone() };
        assert!(wrong.fault().is_some_and(|fault| fault.contains(&name)));
        let wrong = Training { gradients: kernels, ..right };
        assert!(wrong.fault().is_some_and(|fault| fault.contains("differences")));
    }
}
