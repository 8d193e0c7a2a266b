//! What a person may ask of a run that is under way: to stop or to pause.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a pausing run checks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);

/// Requests from one thread to the run on another, which checks them between two submissions.
#[derive(Debug, Default)]
pub struct Control {
    stop: AtomicBool,
    pause: AtomicBool,
}

impl Control {
    /// Ends the run after the submission that is under way, also in a pause; returns whether that was
    /// requested before.
    pub fn stop(&self) -> bool {
        self.stop.swap(true, Ordering::Relaxed)
    }

    /// Whether the run is to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Pauses the run, or resumes it.
    pub fn toggle_pause(&self) {
        self.pause.fetch_xor(true, Ordering::Relaxed);
    }

    /// Whether the run is to pause.
    pub fn paused(&self) -> bool {
        self.pause.load(Ordering::Relaxed)
    }

    /// Returns once the run may go on or has to end, with the time that passed.
    pub fn wait(&self) -> Duration {
        let start = Instant::now();
        while self.paused() && !self.stopped() {
            std::thread::sleep(LOOK);
        }
        start.elapsed()
    }
}
