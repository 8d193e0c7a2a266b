//! Threads that keep to a core.

/// Has this thread, and those that it starts from now on, run on one core, that of this index, if it may run
/// on so many in all. With more of them, the system knows better which are free.
pub fn keep_to(index: usize, all: usize) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: a set of all zeros is an empty set, and both calls are told its size.
    unsafe {
        let size = size_of::<libc::cpu_set_t>();
        let mut allowed: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, size, &mut allowed) != 0 {
            return;
        }
        let cores: Vec<usize> = (0..libc::CPU_SETSIZE as usize)
            .filter(|&core| libc::CPU_ISSET(core, &allowed))
            .collect();
        if cores.len() == all {
            let mut own: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(cores[index], &mut own);
            libc::sched_setaffinity(0, size, &own);
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = (index, all);
}
