//! The writer of a log: records go into memory, `commit` makes them durable together, `publish` signs what is durable.
//!
//! Promises: ids are consecutive; nothing is acknowledged before one write and one sync returned; a commit is found
//! whole or not at all after a crash; opening an existing log and recovering one are the same code; after a failed
//! write the journal refuses all work until it is opened again; what was ever signed is a beginning of what is opened
//! (publication itself is in `publish.rs`). Appending does not allocate once the buffer has grown to the size of a commit.
//! Never: a clock, a random number, a key of its own.

use crate::agreement::check_key;
use crate::batch::leaf_hashes;
use crate::compare::{Comparison, Difference};
use crate::derive::{Batch, Derived};
use crate::frame::{
    ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES, HEAD_BYTES, SEGMENT_PAYLOAD_BYTES, entry_head, file_header, frame_head,
    frames_of, mark, padded, segment_payload,
};
use crate::growing_tree::GrowingTree;
use crate::merkle::{Frontier, Hash};
use crate::note::{Checkpoint, LogSigner, VerifierKey};
use crate::seal::{EpochKey, KIND_SEALED};
use crate::signed;
use crate::storage::Storage;
use crate::tile_writer::TileWriter;
use crate::walk::{Tail, Walk};
use hedgerow_core::{Journaled, KIND_SEGMENT, Problem, RecordId, code};

/// Name of the small file with the last signed checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// Name of the small file with the key line that checks it.
pub const KEY: &str = "key.pub";
/// A segment is closed when it holds this many rows.
pub const SEGMENT_ROWS_MAX: u32 = 4096;
/// A segment is closed before its rows exceed this many bytes (one row may).
pub const SEGMENT_BYTES_MAX: usize = 1 << 20;
/// The journal commits by itself before more than this waits in memory.
pub const PENDING_BYTES_MAX: usize = 64 << 20;
const PENDING_BYTES_READY: usize = 1 << 20;
const LEAVES_READY: usize = PENDING_BYTES_READY / (HEAD_BYTES + ENTRY_HEAD_BYTES);
/// Bytes of a segment's frame before its rows.
const SEGMENT_HEAD_BYTES: usize = HEAD_BYTES + ENTRY_HEAD_BYTES + SEGMENT_PAYLOAD_BYTES;

/// The only writer of one log.
#[derive(Debug)]
pub struct Journal<S: Storage> {
    pub(crate) storage: S,
    pub(crate) key: VerifierKey,
    pending: Vec<u8>,
    pending_entries: u32,
    segment: Option<Segment>,
    next_id: RecordId,
    pub(crate) tree: GrowingTree,
    leaves: Vec<Hash>,
    pub(crate) derived: Derived,
    pub(crate) signed: Known,
    sealer: Option<EpochKey>,
    pub(crate) halted: bool,
}

/// What this journal knows to have been signed: prefixes of its log.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The last-signed record.
    pub record: Option<Checkpoint>,
    /// The checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

/// Rows that are being gathered at the end of the buffer.
#[derive(Debug)]
struct Segment {
    row_kind: u16,
    row_bytes: usize,
    first_id: RecordId,
    rows: u32,
    start: usize,
}

/// What opening a log found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// Entries in whole commits: all of them are kept.
    pub entries: u64,
    /// Records in them.
    pub records: u64,
    /// What lay behind the last whole commit; a torn commit was removed.
    pub tail: Tail,
    /// The checkpoint, if there is one; it was found to be a prefix of the log.
    pub checkpoint: Option<Checkpoint>,
    /// The furthest tree that was ever signed or about to be; it was found to be a prefix of the log.
    pub signed: Option<Checkpoint>,
    /// Published tiles, bundles and blobs that were missing or damaged, and were written anew.
    pub mended: u64,
}

impl Recovery {
    /// Whether a crash came between the last-signed record and its checkpoint; the next publication signs it again.
    #[must_use]
    pub fn is_checkpoint_behind(&self) -> bool {
        self.signed != self.checkpoint
    }
}

impl<S: Storage> Journal<S> {
    /// Starts a log in an empty store; record ids begin at 1.
    ///
    /// # Errors
    /// `LOG_EXISTS` if a log is there; `LOG_IO`.
    pub fn create(mut storage: S, key: VerifierKey) -> Result<Journal<S>, Problem> {
        if !storage.read()?.is_empty() || storage.small(KEY)?.is_some() {
            return Err(Problem::new(code::LOG_EXISTS, format!("wanted to start {}", key.origin())));
        }
        storage.replace(KEY, format!("{}\n", key.line()).as_bytes())?;
        storage.append(&file_header())?;
        storage.sync()?;
        let derived = Derived::new(storage.len(), TileWriter::default());
        Ok(Journal::at(storage, key, Frontier::default(), 1, Known::default(), derived))
    }

    /// Continues a log, after a clean end or a crash alike. A commit that a crash cut short is removed; published
    /// tiles, bundles and blobs that are missing or damaged are written anew.
    ///
    /// # Errors
    /// `LOG_EMPTY` if whoever began it died before anything stood in it; `LOG_NOT_A_LOG`; `LOG_BAD_SIGNATURE` if the log
    /// has another key; `LOG_SHORTER` or `LOG_BAD_ROOT` if it contradicts its checkpoint, its last-signed record or its
    /// tiles; `LOG_SIGNED` if that record is of another log; what [`Walk::next_group`] gives if its bytes were changed;
    /// `LOG_IO`.
    pub fn open(mut storage: S, key: VerifierKey) -> Result<(Journal<S>, Recovery), Problem> {
        let missing = if storage.is_empty() { code::LOG_EMPTY } else { code::LOG_NOT_A_LOG };
        let line = storage.small(KEY)?.ok_or_else(|| Problem::new(missing, "no key.pub"))?;
        check_key(&line, &key)?;
        let checkpoint = storage.small(CHECKPOINT)?.map(|note| key.open(&note)).transpose()?;
        let record = signed::read(&storage, &key)?;
        let signed = match checkpoint.clone() {
            Some(checkpoint) => Some(signed::further(record.clone(), checkpoint)?),
            None => record.clone(),
        };
        let file = storage.read()?;
        let mut walk = Walk::new(&file)?;
        let published = signed.as_ref().map_or(0, |signed| signed.size);
        let mut comparison = Comparison::new(&storage, published, checkpoint.iter().chain(&record))?;
        let (mut anew, mut mended) = (Batch::default(), 0);
        let mut differs = |difference: Difference<'_>| {
            mended += 1;
            anew.add(difference.place.path(), difference.expected);
            Ok(())
        };
        while let Some(group) = walk.next_group()? {
            comparison.grow(&storage, group, &mut differs)?;
        }
        let compared = comparison.finish(&storage, &mut differs)?;
        compared.beyond.map_or(Ok(()), Err)?;
        anew.put(&mut storage)?;
        if storage.len() != walk.committed_bytes() {
            storage.truncate(walk.committed_bytes())?;
        }
        if storage.is_empty() {
            storage.append(&file_header())?;
        }
        // What was found may still be in the cache of a writer that died before its sync.
        storage.sync()?;
        let records = walk.next_id() - 1;
        let (entries, tail) = (compared.tree.size(), walk.tail());
        let known = Known { record, checkpoint: checkpoint.clone() };
        let recovery = Recovery { entries, records, tail, checkpoint, signed, mended };
        Ok((Journal::at(storage, key, compared.tree, records + 1, known, compared.edge), recovery))
    }

    /// Continues a log as [`Journal::open`] does; if a crash came between the last-signed record and its checkpoint,
    /// publishes again.
    ///
    /// # Errors
    /// See [`Journal::open`] and [`Journal::publish`].
    pub fn resume(storage: S, signer: &LogSigner) -> Result<(Journal<S>, Recovery), Problem> {
        let (mut journal, recovery) = Journal::open(storage, signer.verifier())?;
        if recovery.is_checkpoint_behind() {
            journal.publish(signer)?;
        }
        Ok((journal, recovery))
    }

    fn at(
        storage: S,
        key: VerifierKey,
        tree: Frontier,
        next_id: RecordId,
        signed: Known,
        derived: Derived,
    ) -> Journal<S> {
        Journal {
            storage,
            key,
            pending: Vec::with_capacity(PENDING_BYTES_READY),
            pending_entries: 0,
            segment: None,
            next_id,
            tree: GrowingTree::new(tree),
            leaves: Vec::with_capacity(LEAVES_READY),
            derived,
            signed,
            sealer: None,
            halted: false,
        }
    }

    /// From here on entries are sealed under an epoch's key, or with `None` written plainly; see [`EpochKey`].
    pub fn seal_with(&mut self, key: Option<EpochKey>) {
        self.close_segment();
        self.sealer = key;
    }

    /// The epoch in whose key new entries are sealed, if they are.
    #[must_use]
    pub fn sealing(&self) -> Option<&EpochKey> {
        self.sealer.as_ref()
    }

    /// Appends one record as an entry of its own, in memory.
    ///
    /// # Errors
    /// `LOG_SEQUENCE` if its id does not follow; `LOG_ENTRY_SIZE`; `LOG_UNKNOWN_KIND` for the kinds that are the
    /// journal's own; nothing was changed then. `LOG_IO` if a commit was due and failed, or one failed before.
    #[inline]
    pub fn append(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        self.append_entry(kind, id, bytes, true)
    }

    /// Appends one record that everybody may read, in a sealed log too: the genesis, the events that hand out keys.
    ///
    /// # Errors
    /// See [`Journal::append`].
    pub fn append_plain(&mut self, kind: u16, id: RecordId, bytes: &[u8]) -> Result<(), Problem> {
        self.append_entry(kind, id, bytes, false)
    }

    #[inline]
    fn append_entry(&mut self, kind: u16, id: RecordId, bytes: &[u8], sealed: bool) -> Result<(), Problem> {
        let entry_len = ENTRY_HEAD_BYTES + bytes.len();
        if id != self.next_id || entry_len > ENTRY_BYTES_MAX || is_own(kind) || self.halted {
            return Err(self.refusal(kind, id, entry_len));
        }
        if self.segment.is_some() {
            self.close_segment();
        }
        if self.pending.len() + entry_len > PENDING_BYTES_MAX {
            self.commit()?;
        }
        let start = self.pending.len();
        let mut head = [0u8; HEAD_BYTES + ENTRY_HEAD_BYTES];
        head[HEAD_BYTES..].copy_from_slice(&entry_head(kind, 1, id));
        self.pending.extend_from_slice(&head);
        self.pending.extend_from_slice(bytes);
        self.finish_frame(start, entry_len, 0, sealed);
        self.next_id += 1;
        Ok(())
    }

    /// Appends a noun as an entry of its own.
    ///
    /// # Errors
    /// See [`Journal::append`].
    #[inline]
    pub fn append_noun<N: Journaled>(&mut self, noun: &N) -> Result<(), Problem> {
        self.append(N::KIND, noun.id(), bytemuck::bytes_of(noun))
    }

    /// Appends one record to the open segment, which rows of the same kind and length share.
    ///
    /// # Errors
    /// See [`Journal::append`]; an empty row is a `LOG_ENTRY_SIZE`.
    #[inline]
    pub fn append_row(&mut self, kind: u16, id: RecordId, row: &[u8]) -> Result<(), Problem> {
        if id != self.next_id || row.is_empty() || row.len() > ENTRY_BYTES_MAX || is_own(kind) || self.halted {
            return Err(self.refusal(kind, id, row.len()));
        }
        let fits = self.segment.as_ref().is_some_and(|s| {
            s.row_kind == kind
                && s.row_bytes == row.len()
                && s.rows < SEGMENT_ROWS_MAX
                && (s.rows as usize + 1) * s.row_bytes <= SEGMENT_BYTES_MAX
        });
        if !fits {
            self.open_segment(kind, id, row.len())?;
        }
        self.pending.extend_from_slice(row);
        self.segment.as_mut().expect("opened above").rows += 1;
        self.next_id += 1;
        Ok(())
    }

    /// Appends a noun to the open segment.
    ///
    /// # Errors
    /// See [`Journal::append_row`].
    #[inline]
    pub fn append_row_noun<N: Journaled>(&mut self, noun: &N) -> Result<(), Problem> {
        self.append_row(N::KIND, noun.id(), bytemuck::bytes_of(noun))
    }

    /// Makes everything appended durable with one write and one sync; gives the entries now durable.
    ///
    /// # Errors
    /// `LOG_IO`; what was pending is not acknowledged, and the journal must be opened again.
    pub fn commit(&mut self) -> Result<u64, Problem> {
        if self.halted {
            return Err(halted());
        }
        self.close_segment();
        if self.pending_entries == 0 {
            return Ok(self.tree.size());
        }
        let frames_bytes = self.pending.len();
        let place = self.storage.len() + frames_bytes as u64;
        self.pending.extend_from_slice(&mark(place, frames_bytes as u32, self.pending_entries));
        self.halted = true;
        self.storage.append(&self.pending)?;
        self.storage.begin_sync();
        // Hashed while the device works; the tree takes them only once the sync returned.
        self.leaves.clear();
        leaf_hashes(frames_of(&self.pending, 0..frames_bytes).map(|frame| frame.entry), &mut self.leaves);
        self.storage.sync()?;
        self.tree.extend(&self.leaves);
        self.halted = false;
        self.pending.clear();
        self.pending_entries = 0;
        Ok(self.tree.size())
    }

    /// Commits and gives back the space that was made ready, so that the file ends where the log ends.
    ///
    /// # Errors
    /// `LOG_IO`.
    pub fn close(mut self) -> Result<S, Problem> {
        self.commit()?;
        self.storage.truncate(self.storage.len())?;
        self.storage.sync()?;
        Ok(self.storage)
    }

    /// The store as it is, with whatever was not committed lost.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// The store.
    #[must_use]
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// The id that the next record must have.
    #[must_use]
    pub fn next_id(&self) -> RecordId {
        self.next_id
    }

    /// Entries that are durable.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.tree.size()
    }

    /// Merkle root over the entries that are durable.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Bytes that wait for the next commit.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    /// The key that checks this log's checkpoints.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    #[inline]
    fn finish_frame(&mut self, start: usize, mut entry_len: usize, mut blob_len: usize, sealed: bool) {
        if let Some(sealer) = self.sealer.as_ref().filter(|_| sealed) {
            (entry_len, blob_len) = sealer.seal_in_place(&mut self.pending, start, entry_len);
        }
        let end = start + HEAD_BYTES + padded(entry_len + blob_len);
        if end != self.pending.len() {
            self.pending.resize(end, 0);
        }
        let offset = self.storage.len() + start as u64;
        let (head, body) = self.pending[start..].split_at_mut(HEAD_BYTES);
        head.copy_from_slice(&frame_head(offset, entry_len, blob_len, body));
        self.pending_entries += 1;
    }

    fn open_segment(&mut self, row_kind: u16, first_id: RecordId, row_bytes: usize) -> Result<(), Problem> {
        self.close_segment();
        if self.pending.len() + SEGMENT_BYTES_MAX > PENDING_BYTES_MAX {
            self.commit()?;
        }
        let start = self.pending.len();
        self.pending.resize(start + SEGMENT_HEAD_BYTES, 0);
        self.segment = Some(Segment { row_kind, row_bytes, first_id, rows: 0, start });
        Ok(())
    }

    fn close_segment(&mut self) {
        let Some(segment) = self.segment.take() else { return };
        let rows_start = segment.start + SEGMENT_HEAD_BYTES;
        let payload = segment_payload(segment.row_kind, segment.row_bytes as u32, &self.pending[rows_start..]);
        let entry = &mut self.pending[segment.start + HEAD_BYTES..rows_start];
        entry[..ENTRY_HEAD_BYTES].copy_from_slice(&entry_head(KIND_SEGMENT, segment.rows, segment.first_id));
        entry[ENTRY_HEAD_BYTES..].copy_from_slice(&payload);
        let blob_len = self.pending.len() - rows_start;
        self.finish_frame(segment.start, ENTRY_HEAD_BYTES + SEGMENT_PAYLOAD_BYTES, blob_len, true);
    }

    #[cold]
    fn refusal(&self, kind: u16, id: RecordId, bytes: usize) -> Problem {
        if self.halted {
            halted()
        } else if is_own(kind) {
            Problem::new(code::LOG_UNKNOWN_KIND, format!("kind {kind} is the journal's own; append rows or records"))
        } else if id != self.next_id {
            Problem::new(code::LOG_SEQUENCE, format!("record {id} of kind {kind}, next is {}", self.next_id))
        } else {
            let limit = ENTRY_BYTES_MAX;
            Problem::new(code::LOG_ENTRY_SIZE, format!("record {id} of kind {kind}: {bytes} bytes, limit {limit}"))
        }
    }
}

/// Kinds of entries that only the journal makes.
fn is_own(kind: u16) -> bool {
    kind == KIND_SEGMENT || kind == KIND_SEALED
}

pub(crate) fn halted() -> Problem {
    Problem::new(code::LOG_IO, "an earlier write failed; open the log again, which recovers it")
}
