//! A write-ahead file built in memory from entries that exist already: a sealed log opened, a lost one rebuilt.
//!
//! Promises: the file holds these entries in this order, so that its Merkle tree is theirs; [`unseal`] keeps commits,
//! ids and the number of entries, and what it gives is read and replayed like any plain log. Never: signs, touches a disk.

use crate::frame::{HEAD_BYTES, file_header, frame_head, mark, padded};
use crate::seal::Keyring;
use crate::walk::Walk;
use hedgerow_core::Problem;

/// A write-ahead file that grows in memory.
#[derive(Debug)]
pub(crate) struct Image {
    file: Vec<u8>,
    commit_start: usize,
    commit_entries: u32,
}

impl Default for Image {
    fn default() -> Image {
        Image { file: file_header().to_vec(), commit_start: HEAD_BYTES, commit_entries: 0 }
    }
}

impl Image {
    /// Adds an entry of whatever shape; a walk names what is wrong with it.
    pub fn add(&mut self, entry: &[u8], blob: &[u8]) {
        let start = self.file.len();
        self.file.extend_from_slice(&[0; HEAD_BYTES]);
        self.file.extend_from_slice(entry);
        self.file.extend_from_slice(blob);
        self.file.resize(start + HEAD_BYTES + padded(entry.len() + blob.len()), 0);
        let (head, body) = self.file[start..].split_at_mut(HEAD_BYTES);
        head.copy_from_slice(&frame_head(start as u64, entry.len(), blob.len(), body));
        self.commit_entries += 1;
    }

    /// Ends the open commit, if it holds an entry.
    pub fn commit(&mut self) {
        if self.commit_entries > 0 {
            let end = self.file.len();
            let bytes = (end - self.commit_start) as u32;
            self.file.extend_from_slice(&mark(end as u64, bytes, self.commit_entries));
        }
        (self.commit_start, self.commit_entries) = (self.file.len(), 0);
    }

    /// The file.
    pub fn finish(mut self) -> Vec<u8> {
        self.commit();
        self.file
    }
}

/// The plain write-ahead file that a sealed one stands for; a file without sealed entries comes out as it went in.
///
/// # Errors
/// `LOG_SEAL_EPOCH` if a key is missing, `LOG_SEAL_TAMPERED` if an entry does not open, and what a walk gives.
pub fn unseal(file: &[u8], keys: &Keyring) -> Result<Vec<u8>, Problem> {
    let mut walk = Walk::new(file)?;
    let mut image = Image { file: Vec::with_capacity(file.len()), ..Image::default() };
    image.file.extend_from_slice(&file_header());
    while let Some(group) = walk.next_group()? {
        for frame in group.frames() {
            if frame.is_sealed() {
                let opened = keys.open(&frame)?;
                image.add(opened.entry(), opened.blob());
            } else {
                image.add(frame.entry, frame.blob);
            }
        }
        image.commit();
    }
    Ok(image.finish())
}
