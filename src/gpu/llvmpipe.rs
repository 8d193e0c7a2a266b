//! What is special to llvmpipe, Mesa's software adapter: how many threads it computes on, where they
//! run, what memory its compiler leaves behind, and what Mesa says without a desktop. Nothing here
//! changes a bit of a result.
//!
//! llvmpipe gives each dispatch to threads of its own and waits for them, for 15 to 60
//! microseconds. With one or two cores small steps are done sooner by the thread that submits them.

use std::path::Path;

use wgpu::{Adapter, AdapterInfo};

use super::adapter;

/// How the adapter calls itself.
const NAME: &str = "llvmpipe";
/// How many threads it computes on; it looks when an instance is made.
const DRIVER_THREADS: &str = "LP_NUM_THREADS";
/// Cores up to which the thread that submits is worth trying.
const FEW_CORES: usize = 2;
/// Replicas of a step, and so instances: it computes one dispatch of an instance at a time.
pub const REPLICAS: usize = 2;
/// Samples of a step up to which a second core was never worth the handing over to it.
pub const ALONE: usize = 64;

/// The same adapter twice, each of an instance of its own, which computes in the thread that submits. `None`
/// for other adapters, with many cores, and where the environment says how many threads there shall be.
///
/// # Safety
/// No other thread may read or write the environment meanwhile.
pub unsafe fn single_threaded(info: &AdapterInfo, cores: usize) -> Option<[Adapter; REPLICAS]> {
    let is_set = std::env::var_os(DRIVER_THREADS).is_some();
    if !info.name.starts_with(NAME) || cores > FEW_CORES || is_set {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { std::env::set_var(DRIVER_THREADS, "0") };
    let same = || adapter::all().into_iter().find(|other| other.get_info() == *info);
    let found = same().zip(same()).map(<[Adapter; REPLICAS]>::from);
    // SAFETY: as above.
    unsafe { std::env::remove_var(DRIVER_THREADS) };
    found
}

/// Switches Mesa's device-select layer off where it could only complain: it asks the desktop which
/// device it uses, and without a desktop, as in a container, it writes "error: XDG_RUNTIME_DIR is
/// invalid or not set in the environment" for every instance. Without it devices are chosen the same.
///
/// # Safety
/// No other thread may read or write the environment meanwhile.
pub unsafe fn keep_device_select_quiet() {
    let desktop = std::env::var_os("XDG_RUNTIME_DIR");
    if !desktop.is_some_and(|folder| Path::new(&folder).is_absolute()) {
        // SAFETY: the caller's promise.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Pins this thread, and those that it starts from now on, to the `index`-th of the cores that it may run
/// on, if these are exactly `count`. With more of them the system knows better which are free.
pub fn keep_to_core(index: usize, count: usize) {
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
        if cores.len() == count {
            let mut own: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(cores[index], &mut own);
            libc::sched_setaffinity(0, size, &own);
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = (index, count);
}

/// Gives the memory that a driver's compiler has freed back to the system. The allocator of the GNU C
/// library keeps it, 250 MB once llvmpipe has compiled a training step of LeNet-5; others do not.
pub fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes the allocator's own locks and leaves alone what is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
