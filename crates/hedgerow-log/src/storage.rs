//! Where a log's bytes lie: one write-ahead file that grows, and small files (tiles among them) replaced as a whole.
//!
//! Promises: after `sync` returned, what was appended survives a crash; after `put` returned, each small file is the
//! new one and survives, and at no instant is it neither the old nor the new. Never: looks into the bytes.

use hedgerow_core::{Problem, code};

/// The small files of a log, to read: names are relative paths with `/`.
pub trait Files {
    /// A small file, if it is there.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem>;

    /// Names of all small files below a folder, sorted; none if there is no such folder.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn names(&self, folder: &str) -> Result<Vec<String>, Problem>;
}

impl<F: Files + ?Sized> Files for &F {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        (**self).small(name)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        (**self).names(folder)
    }
}

/// `None` is a log that was not published.
impl<F: Files> Files for Option<F> {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.as_ref().map_or(Ok(None), |files| files.small(name))
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        self.as_ref().map_or(Ok(Vec::new()), |files| files.names(folder))
    }
}

/// A store for one log. One owner writes it.
pub trait Storage: Files {
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

    /// Has the device begin with what was appended, where the store can: a sync has less to wait for then.
    fn begin_sync(&mut self) {}

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

    /// Some bytes of the write-ahead file, below its logical length.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn read_at(&self, at: u64, bytes: usize) -> Result<Vec<u8>, Problem>;

    /// Replaces small files, each as a whole, and makes all of them survive a crash.
    ///
    /// # Errors
    /// `LOG_IO`; each file is the old one or the new one.
    fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), Problem>;

    /// Replaces one small file as a whole and makes it survive a crash.
    ///
    /// # Errors
    /// See [`Storage::put`].
    fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        self.put(&[(name.to_owned(), bytes.to_vec())])
    }

    /// Every copy of a small file: a store may keep one on a second device, which `put` then writes too.
    ///
    /// # Errors
    /// `LOG_IO`.
    fn copies(&self, name: &str) -> Result<Vec<Vec<u8>>, Problem> {
        Ok(self.small(name)?.into_iter().collect())
    }
}

/// The problem for something the disk refused.
pub(crate) fn io_problem(what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(code::LOG_IO, format!("{what}: {error}"))
}
