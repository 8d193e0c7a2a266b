//! What goes wrong on a device outside of any call.

use std::sync::{Arc, Mutex};

use wgpu::{Device, DeviceLostReason};

use crate::error::{Error, Result};

/// The first thing that wgpu or the driver complained about, for those who ask.
pub struct Fault(Arc<Mutex<Option<String>>>);

impl Fault {
    /// Listens to a device.
    pub fn watch(device: &Device) -> Fault {
        let first = Arc::new(Mutex::new(None));
        let complain = {
            let first = first.clone();
            move |message: String| {
                if let Ok(mut first) = first.lock() {
                    first.get_or_insert(message);
                }
            }
        };
        let lost = complain.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| complain(error.to_string())));
        device.set_device_lost_callback(move |reason, message| {
            if reason != DeviceLostReason::Destroyed {
                lost(format!("the device was lost: {message}"));
            }
        });
        Fault(first)
    }

    /// Returns it as an error, once.
    pub fn check(&self) -> Result<()> {
        match self.0.lock().ok().and_then(|mut first| first.take()) {
            None => Ok(()),
            Some(message) => Err(Error::Adapter(format!(
                "the adapter failed: {}; choose another with --adapter, or --device cpu",
                in_one_line(&message)
            ))),
        }
    }
}

/// Puts a message of wgpu, which may list causes on further lines, on one line without its full stop.
pub(super) fn in_one_line(message: &str) -> String {
    let lines = message.trim_end().trim_end_matches('.').lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && *line != "Caused by:");
    lines.collect::<Vec<_>>().join(": ")
}
