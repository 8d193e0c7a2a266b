//! What is special to llvmpipe, Mesa's software adapter: how many threads it computes on, where they
//! run, what memory its compiler leaves behind, what Mesa says without a desktop, and what it does on a full
//! disk. Nothing here changes a bit of a result.
//!
//! llvmpipe gives each dispatch to threads of its own and waits for them, for 15 to 60
//! microseconds. With one or two cores small steps are done sooner by the thread that submits them.

use std::env;
use std::path::{Path, PathBuf};

use wgpu::{Adapter, AdapterInfo};

use super::{adapter, device};
use crate::disk;

/// How the adapter calls itself.
const NAME: &str = "llvmpipe";
/// How many threads it computes on; it looks when an instance is made.
const DRIVER_THREADS: &str = "LP_NUM_THREADS";
/// Cores up to which the thread that submits is worth trying.
const FEW_CORES: usize = 2;
/// Replicas of a step, and so instances: it computes one dispatch of an instance at a time.
pub const REPLICAS: usize = 2;
/// Largest batch for which a second core never paid.
pub const ALONE: usize = 64;
/// Where Mesa keeps compiled shaders: the first of these that is set, else a folder of the user's home.
const CACHES: [&str; 3] = ["MESA_SHADER_CACHE_DIR", "MESA_GLSL_CACHE_DIR", "XDG_CACHE_HOME"];
/// Free bytes that its cache needs: an index of 1.3 MB, and the shaders.
const CACHE_ROOM: u64 = 8 << 20;

/// The same adapter twice, each of an instance of its own, which computes in the thread that submits. `None`
/// for other adapters, with many cores, and where the environment says how many threads there shall be.
///
/// # Safety
/// No other thread may read or write the environment meanwhile.
pub unsafe fn single_threaded(info: &AdapterInfo, cores: usize) -> Option<[Adapter; REPLICAS]> {
    let is_set = env::var_os(DRIVER_THREADS).is_some();
    if !info.name.starts_with(NAME) || cores > FEW_CORES || is_set {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { env::set_var(DRIVER_THREADS, "0") };
    let same = || {
        let mut same = adapter::all();
        same.retain(|other| other.get_info() == *info);
        match same.len() {
            1 => same.pop(),
            // Two driver files may name one driver, and one of them wrongly.
            _ => same.into_iter().find(|other| device::open(other, 0).is_ok()),
        }
    };
    let found = same().zip(same()).map(<[Adapter; REPLICAS]>::from);
    // SAFETY: as above.
    unsafe { env::remove_var(DRIVER_THREADS) };
    found
}

/// Switches Mesa's device-select layer off where it could only complain: it asks the desktop which
/// device it uses, and without a desktop, as in a container, it writes "error: XDG_RUNTIME_DIR is
/// invalid or not set in the environment" for every instance. Without it devices are chosen the same.
///
/// # Safety
/// No other thread may read or write the environment meanwhile.
pub unsafe fn keep_device_select_quiet() {
    let desktop = env::var_os("XDG_RUNTIME_DIR");
    if !desktop.is_some_and(|folder| Path::new(&folder).is_absolute()) {
        // SAFETY: the caller's promise.
        unsafe { env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// The folder for the shaders that Mesa compiles, if its disk is full; `None` on other systems than Linux.
pub fn full_cache() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let named = CACHES.iter().find_map(env::var_os).map(PathBuf::from);
    let folder = named.or_else(|| Some(env::home_dir()?.join(".cache")))?;
    disk::free(&folder).is_some_and(|free| free < CACHE_ROOM).then_some(folder)
}

/// Switches Mesa's cache off where its disk is full. Mesa maps the cache's index into memory before the disk has
/// given it room, and where there is none the process ends with SIGBUS.
///
/// # Safety
/// No other thread may read or write the environment meanwhile.
pub unsafe fn keep_off_full_disks() {
    if full_cache().is_some() {
        // SAFETY: the caller's promise.
        unsafe { env::set_var("MESA_SHADER_CACHE_DISABLE", "true") };
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
