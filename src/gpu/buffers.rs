//! Buffers: those of a program, and those through which the host reads.

use bytemuck::Pod;
use wgpu::{BufferDescriptor, BufferUsages, Device, MapMode, PollType};

use super::device::stopped;
use super::fault::in_one_line;
use crate::error::{Error, Result};
use crate::plan::{Buffer, Start};

/// A buffer of `size` bytes that the host or queries fill.
pub(super) fn make_staging(device: &Device, size: u64, usage: BufferUsages) -> wgpu::Buffer {
    let label = Some("staging");
    device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation: false })
}

/// Waits for the device, and copies what a buffer holds for the host.
///
/// # Errors
/// [`Error::Adapter`] if the adapter stops answering, or nothing can be mapped.
pub(super) fn mapped<T: Pod>(device: &Device, staging: &wgpu::Buffer) -> Result<Vec<T>> {
    let (sender, receiver) = futures::channel::oneshot::channel();
    staging.map_async(MapMode::Read, .., move |mapped| {
        // The receiver is gone only if the wait below failed.
        let _ = sender.send(mapped);
    });
    device.poll(PollType::wait_indefinitely()).map_err(stopped)?;
    let failed = |error: String| {
        Error::Adapter(format!("cannot read back from the adapter: {}", in_one_line(&error)))
    };
    pollster::block_on(receiver)
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))?;
    let view = staging.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
    Ok(bytemuck::pod_collect_to_vec(&view))
}

/// A buffer of a program, with what it holds at the start.
pub(super) fn make_buffer(device: &Device, buffer: &Buffer) -> wgpu::Buffer {
    // A device zeroes its buffers by itself.
    let contents = (buffer.start != Start::Zero).then(|| buffer.contents());
    let made = device.create_buffer(&BufferDescriptor {
        label: Some(&buffer.name),
        size: 4 * buffer.words as u64,
        usage: BufferUsages::STORAGE
            | BufferUsages::UNIFORM
            | BufferUsages::COPY_SRC
            | BufferUsages::COPY_DST,
        mapped_at_creation: contents.is_some(),
    });
    if let Some(contents) = contents {
        if let Ok(mut view) = made.get_mapped_range_mut(..) {
            view.copy_from_slice(bytemuck::cast_slice(&contents));
        }
        made.unmap();
    }
    made
}
