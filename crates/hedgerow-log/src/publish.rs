//! Publication: what is committed becomes tiles, bundles and blobs that anyone can fetch, and then a signed checkpoint.
//!
//! Promises: in this order, each step durable before the next: commit, tiles and blobs, the last-signed record
//! (compared with what this journal knows, then replaced), the signature, the checkpoint. So a checkpoint never stands
//! there without its tiles, and no tree is ever signed that is smaller than, or contradicts, one signed before. Files of
//! earlier checkpoints stay. After a failed step the journal refuses all work until it is opened again.
//! Never: a clock; who publishes on a cadence gives the time.

use crate::agreement::check_successor;
use crate::batch::leaf_hashes;
use crate::derive::{Derived, frame_in};
use crate::frame::Frame;
use crate::journal::{CHECKPOINT, Journal, Known, halted};
use crate::note::{Checkpoint, LogSigner};
use crate::signed::{self, SIGNED};
use crate::storage::Storage;
use hedgerow_core::{Problem, code};

/// Bytes of the write-ahead file that are read back at once to derive tiles.
const CHUNK_BYTES: usize = 8 << 20;

/// When a writer publishes while it goes on: after so much time, or so many entries, whichever comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cadence {
    interval_ns: i64,
    entries: u64,
    published_ns: Option<i64>,
}

impl Cadence {
    /// Publishes every `interval_ns` of the writer's own time, and sooner once `entries` wait.
    #[must_use]
    pub fn new(interval_ns: i64, entries: u64) -> Cadence {
        Cadence { interval_ns, entries, published_ns: None }
    }

    /// Whether it is time, with so many entries waiting; with none it never is. Time counts from the first asking.
    #[inline]
    fn is_due(&mut self, now_ns: i64, waiting: u64) -> bool {
        let since = *self.published_ns.get_or_insert(now_ns);
        waiting > 0 && (waiting >= self.entries || now_ns.saturating_sub(since) >= self.interval_ns)
    }
}

impl<S: Storage> Journal<S> {
    /// Commits, publishes tiles, bundles and blobs of all that is committed, signs it and replaces the checkpoint.
    ///
    /// A checkpoint of the same tree stays as it is, with the cosignatures that it has.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the signer is not this log's; `LOG_SHORTER` or `LOG_BAD_ROOT` if the last-signed record
    /// is not the one this journal knows, so that signing might contradict it; `LOG_BAD_CRC` if the write-ahead file
    /// reads back otherwise than it was written; `LOG_IO`.
    pub fn publish(&mut self, signer: &LogSigner) -> Result<Checkpoint, Problem> {
        self.commit()?;
        self.publish_durable(signer)
    }

    /// Publishes what is durable if the cadence says that it is time; what a writer that goes on calls after each piece
    /// of work. What was not committed stays in memory, so that the write-ahead file is the same under every cadence.
    ///
    /// # Errors
    /// See [`Journal::publish`].
    #[inline]
    pub fn publish_due(&mut self, signer: &LogSigner, cadence: &mut Cadence, now_ns: i64) -> Result<bool, Problem> {
        let waiting = self.tree.size() - self.signed.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
        if !cadence.is_due(now_ns, waiting) {
            return Ok(false);
        }
        self.publish_durable(signer)?;
        cadence.published_ns = Some(now_ns);
        Ok(true)
    }

    fn publish_durable(&mut self, signer: &LogSigner) -> Result<Checkpoint, Problem> {
        if self.halted {
            return Err(halted());
        }
        if signer.verifier() != self.key {
            let (given, own) = (signer.verifier().line(), self.key.line());
            return Err(Problem::new(code::LOG_BAD_SIGNATURE, format!("signer {given}, the log's key is {own}")));
        }
        self.halted = true;
        self.derive()?;
        let new = Checkpoint { origin: self.key.origin().to_owned(), size: self.tree.size(), root: self.tree.root() };
        let shown = self.shown()?;
        let recorded = signed::read(&self.storage, &self.key)?;
        check_successor(recorded.as_ref(), self.signed.record.as_ref(), &new)?;
        check_successor(shown.as_ref(), self.signed.checkpoint.as_ref(), &new)?;
        if recorded.as_ref() != Some(&new) {
            self.storage.replace(SIGNED, new.body().as_bytes())?;
        }
        if shown.as_ref() != Some(&new) {
            self.storage.replace(CHECKPOINT, signer.sign(new.size, &new.root).as_bytes())?;
        }
        self.halted = false;
        self.signed = Known { record: Some(new.clone()), checkpoint: Some(new.clone()) };
        Ok(new)
    }

    /// The checkpoint that stands there.
    pub(crate) fn shown(&self) -> Result<Option<Checkpoint>, Problem> {
        self.storage.small(CHECKPOINT)?.map(|note| self.key.open(&note)).transpose()
    }

    /// Writes tiles, bundles and blobs of the commits since the last time.
    fn derive(&mut self) -> Result<(), Problem> {
        let since = self.derived.tiles.size();
        while self.derived.at < self.storage.len() {
            let chunk = self.read_back(CHUNK_BYTES)?;
            self.derive_chunk(&chunk)?;
        }
        let tiles = &self.derived.tiles;
        // Leaves that were all compared have the root that they had.
        if tiles.size() != self.tree.size() || !self.tree.has_from(since) && tiles.root() != self.tree.root() {
            let [seen, committed] = [tiles.root(), self.tree.root()].map(|root| crate::hex(&root));
            let (size, entries) = (tiles.size(), self.tree.size());
            let detail =
                format!("read back, {size} entries have root {seen}; committed were {entries}, root {committed}");
            return Err(Problem::new(code::LOG_BAD_CRC, detail));
        }
        self.tree.settle(tiles.frontier());
        self.derived.finish(&mut self.storage)
    }

    /// The next bytes of the write-ahead file, at least one whole item of it.
    fn read_back(&self, bytes: usize) -> Result<Vec<u8>, Problem> {
        let left = (self.storage.len() - self.derived.at) as usize;
        let chunk = self.storage.read_at(self.derived.at, left.min(bytes))?;
        match Derived::item_bytes(&chunk) {
            Some(needed) if needed <= chunk.len() => Ok(chunk),
            Some(needed) if needed <= left => self.storage.read_at(self.derived.at, needed),
            _ => Err(self.derived.changed()),
        }
    }

    fn derive_chunk(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let mut frames: Vec<Frame<'_>> = Vec::new();
        let mut end = 0;
        while let Some(bytes) = Derived::item_bytes(&chunk[end..])
            && let Some(item) = chunk.get(end..end + bytes)
        {
            if let Some(frame) = frame_in(item, self.derived.at + end as u64)? {
                frames.push(frame);
            }
            end += bytes;
        }
        let mut leaves = Vec::new();
        leaf_hashes(frames.iter().map(|frame| frame.entry), &mut leaves);
        if let Some(index) = self.tree.first_other(self.derived.tiles.size(), &leaves) {
            return Err(Problem::new(
                code::LOG_BAD_CRC,
                format!("entry {index} reads back otherwise than it was committed"),
            ));
        }
        for (frame, leaf) in frames.iter().zip(leaves) {
            self.derived.push(&mut self.storage, frame, leaf)?;
        }
        self.derived.at += end as u64;
        Ok(())
    }
}
