//! Plans on an adapter and networks on the CPU, measured in turns: the figures of `lenet bench` and
//! `lenet tune`.

use serde::Serialize;

use super::Say;
use super::engine::{Protocol, Subject, Throughput, Work};
use crate::device::Device;
use crate::error::Result;
use crate::plan::Strategy;
use crate::recipe::Settings;
use crate::train::session::Lists;

/// Who is measured.
pub struct Devices<'a> {
    pub adapter: Option<&'a Device>,
    pub cpu: Option<Device>,
    pub naive: Option<Device>,
}

/// A row of the table.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub network: String,
    pub batch: usize,
    /// Execution plan of the adapter; the CPU has layers only.
    #[serde(rename = "plan")]
    pub strategy: Strategy,
    pub work: Work,
    pub adapter: Option<Throughput>,
    pub cpu: Option<Throughput>,
    pub naive: Option<Throughput>,
    /// The adapter by the CPU.
    pub ratio: Option<f64>,
}

/// A plan that the adapter refused, and why.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    pub network: String,
    pub batch: usize,
    #[serde(rename = "plan")]
    pub strategy: Strategy,
    pub reason: String,
}

/// Measures the plans of one network and batch on the adapter, and the network on the CPU, each once
/// a turn; where there is no adapter, the CPU alone.
pub fn measure(
    plans: &[Settings],
    devices: &Devices,
    lists: &Lists,
    protocol: &Protocol,
    say: Say,
) -> Result<(Vec<Figure>, Vec<LeftOut>)> {
    let (mut adapters, mut left_out) = (Vec::new(), Vec::new());
    let subject =
        |settings: &Settings, device: &Device| Subject::new(settings, device, lists, protocol.work);
    for settings in plans {
        match devices.adapter.map(|device| subject(settings, device)).transpose() {
            Ok(subject) => adapters.push((settings, subject)),
            Err(error) if protocol.leave_out => {
                let Settings { network, batch, strategy, .. } = settings.clone();
                say(&format!("{} is left out at batch {batch}: {error}", strategy.name()));
                let reason = error.to_string();
                left_out.push(LeftOut { network: network.name, batch, strategy, reason });
            }
            Err(error) => return Err(error),
        }
    }
    let Some(&(first, _)) = adapters.first() else { return Ok((Vec::new(), left_out)) };
    let layered = Settings { strategy: Strategy::Layered, ..first.clone() };
    let on = |device: &Option<Device>| {
        device.as_ref().map(|device| subject(&layered, device)).transpose()
    };
    let (mut cpu, mut naive) = (on(&devices.cpu)?, on(&devices.naive)?);
    for _ in 0..protocol.repeats {
        let plans = adapters.iter_mut().filter_map(|(_, subject)| subject.as_mut());
        for subject in plans.chain(&mut cpu).chain(&mut naive) {
            subject.turn(protocol)?;
        }
    }
    let figure = |settings: &Settings, adapter: &Option<Subject>, work: Work| {
        let [adapter, cpu, naive] =
            [adapter, &cpu, &naive].map(|subject| subject.as_ref()?.rates(work));
        Figure {
            network: settings.network.name.clone(),
            batch: settings.batch,
            strategy: settings.strategy,
            work,
            adapter,
            cpu,
            naive,
            ratio: adapter.zip(cpu).map(|(adapter, cpu)| adapter.median / cpu.median),
        }
    };
    let all = |(settings, adapter): &(&Settings, _)| -> Vec<Figure> {
        protocol.work.iter().map(|&work| figure(settings, adapter, work)).collect()
    };
    Ok((adapters.iter().flat_map(all).collect(), left_out))
}
