//! Whether a log, its key and its checkpoints agree: the rules that start-up, signing and verification share.
//!
//! Promises: a checkpoint agrees only with a log that has its root at its size; the next one may only extend it.

use crate::batch::leaf_hashes;
use crate::frame::Frame;
use crate::merkle::{Frontier, Hash};
use crate::note::{Checkpoint, VerifierKey};
use hedgerow_core::{Problem, code};

/// Grows a tree over a log's frames and compares it with checkpoints where it passes their sizes.
pub(crate) struct Agreement<'a> {
    checkpoints: Vec<&'a Checkpoint>,
    leaves: Vec<Hash>,
}

impl<'a> Agreement<'a> {
    pub fn with(checkpoints: impl IntoIterator<Item = &'a Checkpoint>) -> Agreement<'a> {
        let mut checkpoints = Vec::from_iter(checkpoints);
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        Agreement { checkpoints, leaves: Vec::new() }
    }

    /// Adds frames to the tree; `LOG_BAD_ROOT` if a checkpoint has another root where the tree passes its size.
    pub fn grow<'f>(&mut self, tree: &mut Frontier, frames: impl Iterator<Item = Frame<'f>>) -> Result<(), Problem> {
        leaf_hashes(frames.map(|frame| frame.entry), &mut self.leaves);
        while let Some(checkpoint) = self.checkpoints.last()
            && checkpoint.size < tree.size() + self.leaves.len() as u64
        {
            let mut rest = self.leaves.split_off((checkpoint.size - tree.size()) as usize);
            tree.extend(&mut self.leaves);
            compare(checkpoint, tree)?;
            self.leaves.append(&mut rest);
            self.checkpoints.pop();
        }
        tree.extend(&mut self.leaves);
        Ok(())
    }

    /// To be called once, at the log's end; `LOG_SHORTER` or `LOG_BAD_ROOT`.
    pub fn finish(&self, tree: &Frontier) -> Result<(), Problem> {
        // Those left are as long as the log or longer; the longest stands first.
        match self.checkpoints.first() {
            Some(checkpoint) if checkpoint.size > tree.size() => {
                let detail = format!("{} entries, {} are signed", tree.size(), checkpoint.size);
                Err(Problem::new(code::LOG_SHORTER, detail))
            }
            _ => self.checkpoints.iter().try_for_each(|checkpoint| compare(checkpoint, tree)),
        }
    }
}

fn compare(checkpoint: &Checkpoint, tree: &Frontier) -> Result<(), Problem> {
    let root = tree.root();
    if root == checkpoint.root {
        return Ok(());
    }
    let (seen, signed) = (crate::hex(&root), crate::hex(&checkpoint.root));
    Err(Problem::new(code::LOG_BAD_ROOT, format!("root of {} entries is {seen}, signed is {signed}", tree.size())))
}

/// The key file must be exactly the line of the key that is expected.
pub(crate) fn check_key(line: &[u8], key: &VerifierKey) -> Result<(), Problem> {
    if line == format!("{}\n", key.line()).as_bytes() {
        return Ok(());
    }
    let seen = String::from_utf8_lossy(line).trim_end().to_owned();
    Err(Problem::new(code::LOG_BAD_SIGNATURE, format!("key.pub says {seen:?}, expected {:?}", key.line())))
}

/// A new checkpoint may follow only the stored one that the journal knows to be a prefix of its log.
pub(crate) fn check_successor(
    stored: Option<&Checkpoint>,
    known: Option<&Checkpoint>,
    new: &Checkpoint,
) -> Result<(), Problem> {
    match stored {
        Some(stored) if stored.size > new.size => {
            let detail = format!("{} entries, but {} are signed already", new.size, stored.size);
            Err(Problem::new(code::LOG_SHORTER, detail))
        }
        Some(stored) if stored != new && Some(stored) != known => {
            let detail = format!("another writer signed {} entries; this journal holds {}", stored.size, new.size);
            Err(Problem::new(code::LOG_BAD_ROOT, detail))
        }
        _ => Ok(()),
    }
}
