//! Ctrl-C.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::dashboard::screen;
use crate::cli::output;
use crate::error::{Error, Result};
use crate::threads;
use crate::train::control::Control;

/// How long a run may take to stop without a word.
const LONG: Duration = Duration::from_secs(2);

/// Stops the run; the second time without waiting for the submission under way.
pub fn interrupt(control: &Control) {
    if control.stop() {
        screen::restore();
        std::process::exit(130);
    }
}

/// Returns the control of a run that Ctrl-C stops. Where that takes long, a note says why.
pub fn stop_on_ctrl_c() -> Result<Arc<Control>> {
    let control = Arc::new(Control::default());
    let asked = control.clone();
    let stop = move || {
        interrupt(&asked);
        // Without a thread there is no note.
        let _ = threads::spawn(|| {
            thread::sleep(LONG);
            output::note(
                "stopping as soon as what the device computes, or its driver compiles, is done; Ctrl-C again ends \
                 at once, and the last checkpoint stays",
            );
        });
    };
    keep_nohup(|| ctrlc::set_handler(stop)).map_err(|error| {
        Error::Other(format!(
            "cannot listen for Ctrl-C: {error}; end other programs, or raise the limits (ulimit -u, -v, -n)"
        ))
    })?;
    Ok(control)
}

/// Sets a handler of signals, but leaves the end of the terminal ignored where it is: `nohup` asked for that.
fn keep_nohup<T>(set: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    // SAFETY: to ignore a signal runs no code of ours in a handler.
    let before = unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    let result = set();
    #[cfg(unix)]
    if before == libc::SIG_IGN {
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
    result
}
