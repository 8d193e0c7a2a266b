//! Memory that the system refuses ends the program with a sentence. The allocator of the standard library aborts with a
//! backtrace instead, and crates that go on without the memory call a sound file broken.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;

use lenet::Error;

/// The allocator of the system, which never returns null.
pub struct Memory;

// SAFETY: all that is asked for and given back is the system's. What is null does not return.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: what holds for the caller holds for the system's allocator.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn given(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() {
        refused(size);
    }
    memory
}

/// Says what was refused and ends the program; nothing here allocates.
#[cold]
fn refused(size: usize) -> ! {
    let _ = writeln!(
        std::io::stderr(),
        "error: out of memory: the system refuses {size} bytes; end other programs, raise the limit (ulimit -v), or \
         work on fewer digits (train --train-limit)"
    );
    let code = i32::from(Error::Other(String::new()).exit_code());
    // Destructors of the driver would want memory, too.
    #[cfg(unix)]
    // SAFETY: it only ends the process.
    unsafe {
        libc::_exit(code)
    }
    #[cfg(not(unix))]
    std::process::exit(code)
}
