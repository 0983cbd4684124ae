//! Reading a log's records in order, or one by its id, without copying them.
//!
//! Promises: gives only whole commits with right checksums and consecutive ids. Never: checks signatures or digests;
//! `verify` does that.

use crate::frame::{Frame, Record};
use crate::merkle::leaf_hash;
use crate::proof::Subtrees;
use crate::walk::{Tail, Walk};
use hedgerow_core::{Problem, RecordId, code};

/// A log's write-ahead file with an index of its frames; `B` owns or borrows the bytes.
#[derive(Clone, Debug)]
pub struct LogReader<B: AsRef<[u8]>> {
    file: B,
    frames: Vec<FramePlace>,
    next_id: RecordId,
    tail: Tail,
}

#[derive(Clone, Copy, Debug)]
struct FramePlace {
    first_id: RecordId,
    offset: u64,
}

impl<B: AsRef<[u8]>> LogReader<B> {
    /// Walks the file once and notes where each frame lies.
    ///
    /// # Errors
    /// What [`Walk::new`] and [`Walk::next_group`] give.
    pub fn new(file: B) -> Result<LogReader<B>, Problem> {
        let mut frames = Vec::new();
        let mut walk = Walk::new(file.as_ref())?;
        while let Some(group) = walk.next_group()? {
            frames.extend(group.frames().map(|f| FramePlace { first_id: f.first_id(), offset: f.offset }));
        }
        let (next_id, tail) = (walk.next_id(), walk.tail());
        Ok(LogReader { file, frames, next_id, tail })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        self.file.as_ref()
    }

    /// Entries, which are the leaves of the Merkle tree.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.frames.len()
    }

    /// Records, whose ids are 1 to this number.
    #[must_use]
    pub fn records_total(&self) -> u64 {
        self.next_id - 1
    }

    /// What lies behind the last whole commit.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Frame number `index`, from 0.
    #[must_use]
    pub fn frame(&self, index: usize) -> Option<Frame<'_>> {
        self.frames.get(index).map(|place| Frame::at(self.file.as_ref(), place.offset as usize))
    }

    /// All frames in order.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.frames.iter().map(|place| Frame::at(self.file.as_ref(), place.offset as usize))
    }

    /// All records in order of their ids.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.frames().flat_map(Frame::records)
    }

    /// Index of the entry that holds a record; with it goes the record's inclusion proof.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID`.
    pub fn entry_of(&self, id: RecordId) -> Result<usize, Problem> {
        if id == 0 || id >= self.next_id {
            let detail = format!("record {id}, the log holds 1 to {}", self.records_total());
            return Err(Problem::new(code::LOG_UNKNOWN_ID, detail));
        }
        Ok(self.frames.partition_point(|place| place.first_id <= id) - 1)
    }

    /// One record.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID`.
    pub fn record(&self, id: RecordId) -> Result<Record<'_>, Problem> {
        let place = self.frames[self.entry_of(id)?];
        let row = (id - place.first_id) as u32;
        Ok(Frame::at(self.file.as_ref(), place.offset as usize).record(row).expect("the index covers every id"))
    }

    /// The bytes of all records of one kind, in order, one behind the other: a column store's view of a noun.
    #[must_use]
    pub fn rows_of(&self, kind: u16) -> Vec<u8> {
        let mut rows = Vec::new();
        for frame in self.frames() {
            match frame.record(0) {
                Some(first) if first.kind == kind => {
                    rows.extend_from_slice(if frame.is_segment() { frame.blob } else { first.bytes });
                }
                _ => {}
            }
        }
        rows
    }

    /// The Merkle tree over the entries, for proofs.
    #[must_use]
    pub fn subtrees(&self) -> Subtrees {
        let mut tree = Subtrees::default();
        self.frames().for_each(|frame| tree.push(leaf_hash(frame.entry)));
        tree
    }
}
