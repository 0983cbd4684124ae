//! Whether a log, its key and its checkpoints agree: the rules that start-up, signing and verification share.
//!
//! Promises: a checkpoint agrees only with a log that has its root at its size; the next one may only extend it.

use crate::note::{Checkpoint, VerifierKey};
use crate::tile_writer::TileWriter;
use hedgerow_core::{Problem, code};

/// Checkpoints that a growing tree has yet to come to, the largest first.
pub(crate) struct Agreement<'a>(Vec<&'a Checkpoint>);

impl<'a> Agreement<'a> {
    pub fn with(checkpoints: impl IntoIterator<Item = &'a Checkpoint>) -> Agreement<'a> {
        let mut checkpoints = Vec::from_iter(checkpoints);
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        Agreement(checkpoints)
    }

    /// To be called at each size of the tree in turn; `LOG_BAD_ROOT` if a checkpoint of this size has another root.
    #[inline]
    pub fn meet(&mut self, tree: &TileWriter) -> Result<(), Problem> {
        while let Some(checkpoint) = self.0.pop_if(|next| next.size == tree.size()) {
            compare(checkpoint, tree)?;
        }
        Ok(())
    }

    /// To be called once, at the log's end; `LOG_SHORTER` if the tree never came to a checkpoint.
    pub fn finish(&self, tree: &TileWriter) -> Result<(), Problem> {
        self.0.first().map_or(Ok(()), |checkpoint| {
            let detail = format!("{} entries, {} are signed", tree.size(), checkpoint.size);
            Err(Problem::new(code::LOG_SHORTER, detail))
        })
    }
}

fn compare(checkpoint: &Checkpoint, tree: &TileWriter) -> Result<(), Problem> {
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
