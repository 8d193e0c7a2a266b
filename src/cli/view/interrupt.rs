//! Ctrl-C.

use std::sync::Arc;

use super::dashboard::screen;
use crate::error::{Error, Result};
use crate::train::control::Control;

/// Stops the run; the second time without waiting for the submission under way.
pub fn interrupt(control: &Control) {
    if control.stop() {
        screen::restore();
        std::process::exit(130);
    }
}

/// Returns the control of a run that Ctrl-C stops.
pub fn stop_on_ctrl_c() -> Result<Arc<Control>> {
    let control = Arc::new(Control::default());
    let asked = control.clone();
    ctrlc::set_handler(move || interrupt(&asked))
        .map_err(|error| Error::Other(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(control)
}
