//! Asks an adapter what `shaders/probe.wgsl` answers.

use serde::{Deserialize, Serialize};
use wgpu::util::{BufferInitDescriptor, DeviceExt};
use wgpu::{Adapter, BindGroupDescriptor, BindGroupEntry, BufferUsages, ComputePipelineDescriptor};

use super::{buffers, device, pipeline};
use crate::error::Result;
use crate::network::Squash;
use crate::plan::constant::{Constant, Constants};

/// Iterations that are asked for; a driver that runs them all has no limit that matters.
pub const LOOPS_ASKED: u32 = 200_000;

/// What is known of an adapter that computes rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Loop iterations that an invocation really runs, up to [`LOOPS_ASKED`].
    pub loops: u32,
}

/// Words of the answer.
const ANSWER: usize = 3;

/// The whole text of the probe.
pub fn wgsl() -> String {
    let mut constants = Constants::default();
    Squash::Scaled.declare("SQUASH", &mut constants);
    let files = [
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/common.wgsl")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/probe.wgsl")),
    ];
    constants.text + &files.join("\n")
}

/// Asks for a number of loop iterations. The inner error says what the adapter computes wrongly.
///
/// # Errors
/// [`crate::Error::Adapter`] if the adapter gives no device or stops answering.
pub fn ask(adapter: &Adapter, loops: u32) -> Result<std::result::Result<Health, String>> {
    let (device, queue) = device::open(adapter, 0)?;
    let label = Some("probe");
    // As the kernels are compiled, for which the answer is to hold.
    // SAFETY: its one loop counts to a number in a buffer that nobody writes.
    let module = unsafe { pipeline::module(&device, "probe", wgsl()) };
    let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
        label,
        layout: None,
        module: &module,
        entry_point: Some("probe"),
        compilation_options: Default::default(),
        cache: None,
    });
    let asked = device.create_buffer_init(&BufferInitDescriptor {
        label,
        contents: bytemuck::bytes_of(&loops),
        usage: BufferUsages::STORAGE,
    });
    let size = 4 * ANSWER as u64;
    let buffer = |usage| buffers::make_staging(&device, size, usage);
    let told = buffer(BufferUsages::STORAGE | BufferUsages::COPY_SRC);
    let staging = buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST);
    let group = device.create_bind_group(&BindGroupDescriptor {
        label,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[
            BindGroupEntry { binding: 0, resource: asked.as_entire_binding() },
            BindGroupEntry { binding: 1, resource: told.as_entire_binding() },
        ],
    });
    let mut encoder = device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(1, 1, 1);
    }
    encoder.copy_buffer_to_buffer(&told, 0, &staging, 0, size);
    queue.submit([encoder.finish()]);
    Ok(judge(&buffers::mapped::<u32>(&device, &staging)?, loops))
}

/// Whether two numbers are close; NaN is close to nothing.
pub fn near(a: f32, b: f32, tolerance: f32) -> bool {
    (a - b).abs() <= tolerance
}

fn judge(answer: &[u32], asked: u32) -> std::result::Result<Health, String> {
    let amplitude = Squash::Scaled.limits()[1];
    for (value, right) in answer[1..].iter().zip([amplitude, -amplitude]) {
        let value = f32::from_bits(*value);
        if !near(value, right, 1e-5) {
            let sign = if right > 0.0 { "" } else { "-" };
            return Err(format!("the squash of {sign}100 is {value} where {right} is right"));
        }
    }
    if answer[0] == 0 || answer[0] > asked {
        return Err(format!("a loop of {asked} iterations ran {} times", answer[0]));
    }
    Ok(Health { loops: answer[0] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_wrong_answers() {
        let bits = |value: f32| value.to_bits();
        let right = [65_535, bits(1.7159), bits(-1.7159)];
        assert_eq!(judge(&right, 200_000), Ok(Health { loops: 65_535 }));
        let nan = [65_535, bits(f32::NAN), bits(-1.7159)];
        assert!(judge(&nan, 200_000).is_err_and(|what| what.contains("NaN")));
        assert!(judge(&[0, right[1], right[2]], 200_000).is_err());
    }
}
