//! Memory that a driver's compiler has done with.

/// Gives it back to the system. The allocator of the GNU C library keeps it, 250 MB once llvmpipe has
/// compiled a training step of LeNet-5; others do not have to be asked.
pub fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes the allocator's own locks and leaves alone what is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
