//! How many threads this process may run at once.

/// At least 1; 1 where the system does not say.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get())
}
