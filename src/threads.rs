//! How many threads this process may run at once.

use std::io;
use std::sync::Mutex;
use std::thread::{self, Builder, JoinHandle, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How long a thread that was granted is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// At least 1; 1 where the system does not say.
pub fn available() -> usize {
    thread::available_parallelism().map_or(1, |threads| threads.get())
}

/// How many of `wanted` threads the system gives, the calling one included: it may limit a user's. All are tried at
/// once.
pub fn granted(wanted: usize) -> usize {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let wait = || drop(gate.lock());
        let starts = |_: &usize| Builder::new().spawn_scoped(scope, wait).is_ok();
        let others = (1..wanted).take_while(starts).count();
        drop(closed);
        1 + others
    })
}

/// Starts one of the threads that were [`granted`]. Its place may not be free yet.
///
/// # Panics
/// If the system gives none for ten seconds.
pub fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Clone + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let begin = Instant::now();
    loop {
        match Builder::new().spawn_scoped(scope, work.clone()) {
            Ok(handle) => return handle,
            Err(_) if begin.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(1)),
            Err(error) => panic!("the system took a thread back: {error}"),
        }
    }
}

/// Works on every item with up to `threads` threads; results come in the order of the items. Where the system gives
/// no further thread, the others do more.
pub fn each<T: Send, R: Send>(
    items: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    let (items, results) = (Mutex::new(items.into_iter().enumerate()), Mutex::new(Vec::new()));
    let next = || items.lock().expect(NO_PANIC).next();
    let work = || {
        while let Some((at, item)) = next() {
            let result = work(item);
            results.lock().expect(NO_PANIC).push((at, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            let _ = Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut results = results.into_inner().expect(NO_PANIC);
    results.sort_by_key(|&(at, _)| at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Why no lock is poisoned.
const NO_PANIC: &str = "nothing panics while it is held";

/// Starts a thread.
pub fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    Builder::new().spawn(work).map_err(refused)
}

/// The error that the system gives no thread.
pub fn refused(error: io::Error) -> Error {
    Error::Other(format!(
        "the system gives no further thread: {error}; end other programs, or raise the limits (ulimit -u, -v)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_wanted_start_and_end() {
        assert_eq!([0, 1, 4].map(granted), [1, 1, 4]);
        let sum = thread::scope(|scope| start(scope, || 1).join().unwrap() + 1);
        assert_eq!(sum, 2);
        assert_eq!(each((0..100).collect(), 3, |number| 2 * number)[99], 198);
        assert!(each(Vec::new(), 3, |never: u8| never).is_empty());
    }
}
