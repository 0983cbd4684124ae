//! The small files of a log in a folder: read by anyone, written many at a time.
//!
//! Promises: a file is written in full under `.new/`, synced, and only then renamed into its place, so that a reader
//! or a crash finds the old one or the new one; when `put` returns, files and names are on the device. Many files
//! are synced by one call for the whole file system, a few one by one. Processes that write take turns (an advisory lock
//! on the folder, held only while files are put). Never: follows a name out of the folder.

use crate::storage::{Files, io_problem};
use hedgerow_core::{Problem, code};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

/// Where files wait until they are whole.
const UNFINISHED: &str = ".new";
/// From so many files on, one sync of the file system is cheaper than one of each file.
const FILES_SYNCED_SINGLY_MAX: usize = 32;

/// A log's folder, to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at a path, whether or not it is there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        let path: PathBuf = path.into();
        Folder { path: if path.as_os_str().is_empty() { PathBuf::from(".") } else { path } }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new name in a folder survives a crash only once the folder is synced.
    pub(crate) fn sync(&self) -> Result<(), Problem> {
        File::open(&self.path).and_then(|f| f.sync_all()).map_err(|e| io_problem("cannot sync the folder", &e))
    }

    /// The right to write here, held by one at a time until it is dropped. What a writer that died had not yet renamed
    /// is removed.
    pub(crate) fn writing(&self) -> Result<Writing<'_>, Problem> {
        let lock = || {
            let root = File::open(&self.path)?;
            root.lock()?;
            match fs::remove_dir_all(self.path.join(UNFINISHED)) {
                Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
                _ => Ok(root),
            }
        };
        let root = lock().map_err(|e| io_problem("cannot lock the folder or clear it of unfinished files", &e))?;
        Ok(Writing { folder: self, root })
    }

    fn place(&self, name: &str) -> Result<PathBuf, Problem> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !inside {
            return Err(Problem::new(code::LOG_IO, format!("{name:?} is no name of a file in a log")));
        }
        Ok(self.path.join(name))
    }

    fn walk(&self, below: &Path, names: &mut Vec<String>) -> std::io::Result<()> {
        for item in fs::read_dir(below)? {
            let item = item?;
            if item.file_type()?.is_dir() {
                self.walk(&item.path(), names)?;
            } else {
                let path = item.path();
                let name = path.strip_prefix(&self.path).unwrap_or(&path);
                names.push(name.to_string_lossy().into_owned());
            }
        }
        Ok(())
    }
}

impl Files for Folder {
    fn small(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        match fs::read(self.place(name)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(io_problem(&format!("cannot read {name}"), &e)),
        }
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Problem> {
        let mut names = Vec::new();
        match self.walk(&self.place(folder)?, &mut names) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(io_problem(&format!("cannot list {folder}"), &e)),
            _ => {
                names.sort();
                Ok(names)
            }
        }
    }
}

/// The right to write small files of a folder.
pub(crate) struct Writing<'a> {
    folder: &'a Folder,
    root: File,
}

impl Writing<'_> {
    /// Writes files as [`crate::Storage::put`] promises.
    pub fn put(&self, files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        files.iter().try_for_each(|(name, _)| self.folder.place(name).map(drop))?;
        self.write_all(files).map_err(|e| {
            let (what, others) = (files.first().map_or("nothing", |(name, _)| name), files.len().saturating_sub(1));
            let folder = self.folder.path.display();
            io_problem(&format!("cannot replace {what} and {others} others in {folder}"), &e)
        })
    }

    fn write_all(&self, files: &[(String, Vec<u8>)]) -> std::io::Result<()> {
        let (folder, together) = (self.folder.path.as_path(), files.len() > FILES_SYNCED_SINGLY_MAX);
        let unfinished = folder.join(UNFINISHED);
        make_folder(&unfinished)?;
        for (number, (_, bytes)) in files.iter().enumerate() {
            let mut file = File::create(unfinished.join(number.to_string()))?;
            file.write_all(bytes)?;
            if !together {
                file.sync_all()?;
            }
        }
        if together {
            rustix::fs::syncfs(&self.root)?;
        }
        let mut changed = BTreeSet::new();
        for (number, (name, _)) in files.iter().enumerate() {
            let place = folder.join(name);
            let parent = place.parent().unwrap_or(folder);
            make_folders(folder, parent, &mut changed)?;
            fs::rename(unfinished.join(number.to_string()), &place)?;
            changed.insert(parent.to_owned());
        }
        fs::remove_dir(&unfinished)?;
        if together {
            return Ok(rustix::fs::syncfs(&self.root)?);
        }
        changed.iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }
}

/// Makes a folder and those above it up to `root`, and notes which folders have a new name in them.
fn make_folders(root: &Path, folder: &Path, changed: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if folder == root || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(root);
    make_folders(root, above, changed)?;
    changed.insert(above.to_owned());
    make_folder(folder)
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
