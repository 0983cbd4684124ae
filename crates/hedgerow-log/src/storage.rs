//! Where a journal's bytes lie: one write-ahead file that grows, and a few small files replaced as a whole.
//!
//! Promises: after `sync` returned, what was appended survives a crash; after `replace` returned, the small file
//! is the new one, and at no instant neither the old nor the new. Never: looks into the bytes.

use hedgerow_core::{Problem, code};

/// A store for one journal. One owner writes it.
pub trait Storage {
    /// Bytes appended so far, the logical length of the write-ahead file.
    fn len(&self) -> u64;

    /// Whether nothing was appended yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes bytes behind the last ones. They are not safe until [`Storage::sync`] returns.
    ///
    /// # Errors
    /// `LOG_IO`; any part of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem>;

    /// Makes everything appended survive a crash.
    ///
    /// # Errors
    /// `LOG_IO`; nothing is known about the bytes since the last success.
    fn sync(&mut self) -> Result<(), Problem>;

    /// The whole write-ahead file as it lies there, with whatever stands behind the logical length.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn read(&self) -> Result<Vec<u8>, Problem>;

    /// Cuts the write-ahead file to a length; the next append goes there.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn truncate(&mut self, bytes: u64) -> Result<(), Problem>;

    /// A small file, if it is there.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem>;

    /// Replaces a small file as a whole and makes it survive a crash.
    ///
    /// # Errors
    /// `LOG_IO`; the file is the old one or the new one.
    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem>;
}

/// The problem for something the disk refused.
pub(crate) fn io_problem(what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(code::LOG_IO, format!("{what}: {error}"))
}
