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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_in_a_pause_until_it_is_over_or_the_run_has_to_end() {
        let control = Control::default();
        control.wait();
        let ends: [fn(&Control); 2] = [Control::toggle_pause, |control| assert!(!control.stop())];
        for end in ends {
            let ended = AtomicBool::new(false);
            control.toggle_pause();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(3 * LOOK);
                    ended.store(true, Ordering::SeqCst);
                    end(&control);
                });
                control.wait();
                assert!(ended.load(Ordering::SeqCst), "it did not wait");
            });
        }
        assert!(control.stopped() && control.stop());
    }
}
