//! A meeting point for the threads of a step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Looks at the counter before the processor is offered to others: some ten microseconds, longer
/// than equal shares of a step differ.
const SPINS: usize = 1_000;

/// Where threads wait for each other, once or twice a step: too often to fall asleep.
#[derive(Debug)]
pub struct Meeting {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
}

/// Tells the others if its thread panics, who would wait for ever.
pub struct Member<'a>(&'a Meeting);

impl Meeting {
    pub fn of(threads: usize) -> Self {
        let count = || AtomicUsize::new(0);
        Meeting { threads, arrived: count(), round: count(), broken: AtomicBool::new(false) }
    }

    pub fn join(&self) -> Member<'_> {
        Member(self)
    }
}

impl Member<'_> {
    /// Returns when every thread has come here; what they wrote before can be read then.
    ///
    /// # Panics
    /// If another member panicked.
    pub fn wait(&self) {
        let Meeting { threads, arrived, round, broken } = self.0;
        let now = round.load(Ordering::Relaxed);
        if arrived.fetch_add(1, Ordering::AcqRel) + 1 == *threads {
            arrived.store(0, Ordering::Relaxed);
            round.store(now.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while round.load(Ordering::Acquire) == now {
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

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}
