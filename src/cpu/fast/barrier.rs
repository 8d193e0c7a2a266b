//! A spin barrier for the threads of a step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Looks at the counter before a thread yields the processor: some ten microseconds, longer than
/// the times differ that threads need for equal parts of a step.
const SPINS: usize = 1_000;

/// Where threads wait for each other, once or twice a step: too often to fall asleep.
#[derive(Debug)]
pub struct SpinBarrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
}

/// A thread's place at the barrier. If the thread panics, the others do too instead of waiting for
/// ever.
pub struct Participant<'a>(&'a SpinBarrier);

impl SpinBarrier {
    pub fn new(threads: usize) -> Self {
        let [arrived, round] = [0, 0].map(AtomicUsize::new);
        SpinBarrier { threads, arrived, round, broken: AtomicBool::new(false) }
    }

    pub fn join(&self) -> Participant<'_> {
        Participant(self)
    }
}

impl Participant<'_> {
    /// Returns when every thread has arrived; what they wrote before can then be read.
    ///
    /// # Panics
    /// If another participant panicked.
    pub fn wait(&self) {
        let SpinBarrier { threads, arrived, round, broken } = self.0;
        let this_round = round.load(Ordering::Relaxed);
        if arrived.fetch_add(1, Ordering::AcqRel) + 1 == *threads {
            arrived.store(0, Ordering::Relaxed);
            round.store(this_round.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while round.load(Ordering::Acquire) == this_round {
            assert!(!broken.load(Ordering::Relaxed), "another thread of the step panicked");
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

impl Drop for Participant<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}
