//! Opening a device of an adapter.

use wgpu::{Adapter, Device, DeviceDescriptor, Features, Limits, Queue};

use super::adapter;
use super::fault::in_one_line;
use crate::disk;
use crate::error::{Error, Result};
use crate::text::thousands;

/// The largest file in which a driver may want to keep a buffer.
const LARGEST_FILE: u64 = 1 << 30;

/// Opens a device with WebGPU's default limits, or with room for a buffer of `largest` bytes if that is more.
///
/// # Errors
/// [`Error::Adapter`] if the adapter gives none.
pub(super) fn open(adapter: &Adapter, largest: u64) -> Result<(Device, Queue)> {
    let no_device = |what: &str| {
        Error::Adapter(format!(
            "{} gives no device: {what}; choose another with --adapter (see \
             `lenet adapters`), or compute with --device cpu",
            adapter::describe(&adapter.get_info())
        ))
    };
    if let Some(limit) = disk::size_limit().filter(|&limit| limit < LARGEST_FILE.max(largest))
        && adapter::keeps_memory_in_files(&adapter.get_info())
    {
        return Err(no_device(&format!(
            "its driver may keep memory in files, and none may have more than {} bytes here; `ulimit -f unlimited` \
             takes the limit away, --device cpu needs no such files",
            thousands(limit as usize)
        )));
    }
    let Limits { max_storage_buffer_binding_size: binding, max_buffer_size, .. } =
        Limits::default();
    let required_limits = Limits {
        max_storage_buffer_binding_size: binding.max(largest),
        max_buffer_size: max_buffer_size.max(largest),
        ..Limits::default()
    };
    let made = pollster::block_on(adapter.request_device(&DeviceDescriptor {
        label: Some("lenet"),
        required_features: adapter.features() & Features::TIMESTAMP_QUERY,
        required_limits,
        ..Default::default()
    }));
    let (device, queue) = made.map_err(|error| no_device(&in_one_line(&error.to_string())))?;
    match adapter::can_wait(adapter, &device) {
        true => Ok((device, queue)),
        false => {
            // Even giving the device back would wait for it.
            std::mem::forget((device, queue));
            Err(no_device(
                "its driver file says Vulkan 1.0, and the driver needs more: correct the api_version in it",
            ))
        }
    }
}

/// The error of a device that answers no more.
pub(super) fn stopped(error: impl std::fmt::Display) -> Error {
    let what = in_one_line(&error.to_string());
    Error::Adapter(format!("the adapter stopped answering: {what}"))
}
