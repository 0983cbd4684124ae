//! A page that parent and child share, and waiting for the child.

use std::io::Error;

/// Memory that a child made by `fork` shares with its parent.
pub struct Shared<T: 'static>(&'static mut T);

impl<T: Copy> Shared<T> {
    /// A page holding `value`.
    pub fn new(value: T) -> Result<Shared<T>, String> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping at a place of the system's choice; it is never unmapped.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), size_of::<T>(), access, kind, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(format!("no shared page: {}", Error::last_os_error()));
        }
        // SAFETY: the mapping is writable, large enough, page-aligned and lives as long as the program.
        let place = unsafe { &mut *page.cast::<T>() };
        *place = value;
        Ok(Shared(place))
    }

    /// What lies there now; the other process may have written it.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: the reference is valid; volatile because another process writes.
        unsafe { std::ptr::read_volatile(self.0) }
    }

    /// Writes it where the other process sees it.
    #[inline(always)]
    pub fn set(&mut self, value: T) {
        // SAFETY: as in `get`.
        unsafe { std::ptr::write_volatile(self.0, value) }
    }

    /// Its address, for a signal handler.
    pub fn address(&mut self) -> *mut T {
        self.0
    }
}

/// Runs `work` in a child that never returns from it; gives the child's number.
pub fn fork(work: impl FnOnce()) -> Result<libc::pid_t, String> {
    // SAFETY: this program has one thread, so the child may do what the parent may.
    match unsafe { libc::fork() } {
        -1 => Err(format!("no child process: {}", Error::last_os_error())),
        0 => {
            work();
            // SAFETY: ends the child at once, without the parent's clean-up.
            unsafe { libc::_exit(0) }
        }
        child => Ok(child),
    }
}

/// Waits until something happens to the child; gives the status word.
pub fn wait(child: libc::pid_t) -> Result<libc::c_int, String> {
    let mut status = 0;
    // SAFETY: `status` is a place for the word.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } == child {
        Ok(status)
    } else {
        Err(format!("lost the child process: {}", Error::last_os_error()))
    }
}
