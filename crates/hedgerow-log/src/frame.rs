//! The bytes of the write-ahead file: its header, frames, and the mark that ends a commit. All numbers little-endian.
//!
//! ```text
//! file   := header item*            then zeros (space made ready) or the end of the file
//! header := "HEDGELOG" version:u32 crc32c:u32(of the 12 bytes before)
//! item   := frame | mark
//! frame  := entry_len:u32 blob_len:u32 body_crc:u32 check:u32 body            entry_len = 16..=65,535
//! body   := entry blob zeros-to-8                                             body_crc = crc32c(body)
//! entry  := kind:u16 flags:u16 count:u32 first_id:u64 payload                 one Merkle leaf
//! mark   := "CMIT" group_bytes:u32 group_entries:u32 check:u32
//! check  := the three words before it, the second rotated by 16 bits, and both halves of the item's offset, xored
//! ```
//! A *segment* is an entry of kind 34 whose payload is `row_kind:u16 zero:u16 row_size:u32 sha256(blob)` and whose
//! blob is `count` rows with consecutive ids from `first_id`; a *sealed* entry is one of kind 35, see `seal.rs`. The check
//! binds an item to its place in the file, so one that was moved or written twice does not pass, and its lengths can be
//! trusted before its body is read. Never: interprets a payload.

use crate::merkle::{Hash, sha256};
use crate::seal::{KIND_SEALED, check_sealed};
use hedgerow_core::{KIND_SEGMENT, Noun, Problem, code};
use std::ops::Range;

/// Length of the file's header, of a frame's head and of a mark.
pub const HEAD_BYTES: usize = 16;
/// Length of an entry without its payload.
pub const ENTRY_HEAD_BYTES: usize = 16;
/// Longest entry, so that it fits a C2SP entry bundle.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// Length of a segment's payload.
pub const SEGMENT_PAYLOAD_BYTES: usize = 40;
/// Version of this format.
pub const VERSION: u32 = 1;
/// First word of a mark; greater than any `entry_len`.
pub(crate) const MARK_WORD: u32 = u32::from_le_bytes(*b"CMIT");

/// The header of a file of this version.
#[must_use]
pub fn file_header() -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..8].copy_from_slice(b"HEDGELOG");
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    let crc = crc32c::crc32c(&head[..12]);
    head[12..].copy_from_slice(&crc.to_le_bytes());
    head
}

/// Binds the words of a frame's head or a mark to their place; any one changed byte changes it.
#[inline]
pub(crate) fn place_check(offset: u64, words: [u32; 3]) -> u32 {
    words[0] ^ words[1].rotate_left(16) ^ words[2] ^ (offset as u32) ^ ((offset >> 32) as u32)
}

/// The head of a frame at `offset` with this body.
#[inline]
pub(crate) fn frame_head(offset: u64, entry_len: usize, blob_len: usize, body: &[u8]) -> [u8; HEAD_BYTES] {
    head(offset, [entry_len as u32, blob_len as u32, crc32c::crc32c(body)])
}

/// The mark at `offset` that ends a commit of so many bytes and entries.
pub(crate) fn mark(offset: u64, group_bytes: u32, group_entries: u32) -> [u8; HEAD_BYTES] {
    head(offset, [MARK_WORD, group_bytes, group_entries])
}

#[inline]
fn head(offset: u64, words: [u32; 3]) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    bytes[..4].copy_from_slice(&words[0].to_le_bytes());
    bytes[4..8].copy_from_slice(&words[1].to_le_bytes());
    bytes[8..12].copy_from_slice(&words[2].to_le_bytes());
    bytes[12..].copy_from_slice(&place_check(offset, words).to_le_bytes());
    bytes
}

/// The first bytes of an entry.
#[inline]
pub(crate) fn entry_head(kind: u16, count: u32, first_id: u64) -> [u8; ENTRY_HEAD_BYTES] {
    let mut head = [0; ENTRY_HEAD_BYTES];
    head[..2].copy_from_slice(&kind.to_le_bytes());
    head[4..8].copy_from_slice(&count.to_le_bytes());
    head[8..].copy_from_slice(&first_id.to_le_bytes());
    head
}

/// The payload of a segment with these rows.
pub(crate) fn segment_payload(row_kind: u16, row_bytes: u32, blob: &[u8]) -> [u8; SEGMENT_PAYLOAD_BYTES] {
    let mut payload = [0; SEGMENT_PAYLOAD_BYTES];
    payload[..2].copy_from_slice(&row_kind.to_le_bytes());
    payload[4..8].copy_from_slice(&row_bytes.to_le_bytes());
    payload[8..].copy_from_slice(&sha256(blob));
    payload
}

/// Bytes of a body with its padding.
#[inline]
pub(crate) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

/// Little-endian numbers out of a slice that is known to hold them.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// A frame whose lengths and checksums were found right; a view into the file's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Where it starts in the file.
    pub offset: u64,
    /// The Merkle leaf, at least 16 bytes.
    pub entry: &'a [u8],
    /// The rows of a segment, the seal of a sealed entry that is too long for it, else empty.
    pub blob: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at `at` of a file that was walked before.
    pub(crate) fn at(file: &'a [u8], at: usize) -> Frame<'a> {
        let (entry_len, blob_len) = (u32_at(file, at) as usize, u32_at(file, at + 4) as usize);
        let (entry, blob) = file[at + HEAD_BYTES..][..entry_len + blob_len].split_at(entry_len);
        Frame { offset: at as u64, entry, blob }
    }

    /// A frame that comes from elsewhere than a file, say out of an entry bundle; its place is 0.
    ///
    /// # Errors
    /// `LOG_ENTRY_SIZE`, `LOG_BLOB`, `LOG_SEQUENCE` or `LOG_UNKNOWN_KIND` if its parts do not fit together.
    pub fn checked(entry: &'a [u8], blob: &'a [u8]) -> Result<Frame<'a>, Problem> {
        if !(ENTRY_HEAD_BYTES..=ENTRY_BYTES_MAX).contains(&entry.len()) || u32::try_from(blob.len()).is_err() {
            let detail = format!("an entry of {} bytes with a blob of {}", entry.len(), blob.len());
            return Err(Problem::new(code::LOG_ENTRY_SIZE, detail));
        }
        let frame = Frame { offset: 0, entry, blob };
        frame.check_shape()?;
        Ok(frame)
    }

    /// Bytes in the file, head and padding included.
    #[must_use]
    pub fn bytes_total(&self) -> usize {
        HEAD_BYTES + padded(self.entry.len() + self.blob.len())
    }

    /// What the entry is: a noun's kind, or one of the `KIND_` numbers.
    #[must_use]
    pub fn kind(&self) -> u16 {
        u16_at(self.entry, 0)
    }

    /// Zero in this version.
    #[must_use]
    pub fn flags(&self) -> u16 {
        u16_at(self.entry, 2)
    }

    /// Records it holds: 1, or the rows of a segment.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32_at(self.entry, 4)
    }

    /// Id of its first record.
    #[must_use]
    pub fn first_id(&self) -> u64 {
        u64_at(self.entry, 8)
    }

    /// The entry without its head.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        &self.entry[ENTRY_HEAD_BYTES..]
    }

    /// Whether its records are the rows of a segment.
    #[must_use]
    pub fn is_segment(&self) -> bool {
        self.kind() == KIND_SEGMENT
    }

    /// Whether its records are behind a key.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.kind() == KIND_SEALED
    }

    /// The epoch whose key opens a sealed entry.
    #[must_use]
    pub fn epoch(&self) -> Option<u32> {
        self.is_sealed().then(|| u32_at(self.payload(), 0))
    }

    /// The digest by which an entry commits to its blob; an entry of no known shape commits to none.
    #[must_use]
    pub fn blob_digest(&self) -> Option<Hash> {
        let (head, digest) = self.payload().split_at_checked(8)?;
        let commits = self.is_segment() || (self.is_sealed() && u32_at(head, 4) != 0);
        digest.try_into().ok().filter(|_| commits)
    }

    /// Record number `row` of the frame, from 0; of a sealed entry's records only the seal.
    #[must_use]
    pub fn record(&self, row: u32) -> Option<Record<'a>> {
        if row >= self.count() {
            return None;
        }
        let id = self.first_id() + u64::from(row);
        if !self.is_segment() {
            return Some(Record { kind: self.kind(), id, bytes: self.payload() });
        }
        let size = u32_at(self.payload(), 4) as usize;
        let bytes = &self.blob[row as usize * size..][..size];
        Some(Record { kind: u16_at(self.payload(), 0), id, bytes })
    }

    /// Its records in order.
    pub fn records(self) -> impl Iterator<Item = Record<'a>> {
        (0..self.count()).filter_map(move |row| self.record(row))
    }

    /// Whether kind, flags, count and lengths fit together.
    pub(crate) fn check_shape(&self) -> Result<(), Problem> {
        let problem = |code, what: String| Err(Problem::new(code, format!("{what} in the frame at {}", self.offset)));
        if self.flags() != 0 {
            return problem(code::LOG_UNKNOWN_KIND, format!("flags {} of kind {}", self.flags(), self.kind()));
        }
        if self.is_sealed() {
            return check_sealed(self);
        }
        if !self.is_segment() {
            return match (self.count(), self.blob.len()) {
                (1, 0) => Ok(()),
                (1, n) => problem(code::LOG_BLOB, format!("{n} bytes after an entry that is no segment")),
                (n, _) => problem(code::LOG_SEQUENCE, format!("count {n} instead of 1")),
            };
        }
        if self.payload().len() != SEGMENT_PAYLOAD_BYTES || u16_at(self.payload(), 2) != 0 {
            return problem(code::LOG_UNKNOWN_KIND, "a segment of another shape".into());
        }
        let (rows, row_bytes) = (u64::from(self.count()), u64::from(u32_at(self.payload(), 4)));
        if rows == 0 || row_bytes == 0 || rows * row_bytes != self.blob.len() as u64 {
            return problem(code::LOG_BLOB, format!("{rows} rows of {row_bytes} bytes in {}", self.blob.len()));
        }
        Ok(())
    }
}

/// The frames that fill a range of a file that was walked before.
pub(crate) fn frames_of(file: &[u8], range: Range<usize>) -> impl Iterator<Item = Frame<'_>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        (at < range.end).then(|| {
            let frame = Frame::at(file, at);
            at += frame.bytes_total();
            frame
        })
    })
}

/// One record of the journal, wherever it lies: an entry of its own or a row of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// A noun's kind, or one of the `KIND_` numbers.
    pub kind: u16,
    /// Its sequence number.
    pub id: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Record<'_> {
    /// The record as a noun.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_KIND` if it is another noun, `CORE_RECORD_SIZE` if its length differs.
    pub fn noun<N: Noun>(&self) -> Result<N, Problem> {
        if self.kind != N::KIND {
            let wanted = N::INFO.name;
            return Err(Problem::new(
                code::LOG_UNKNOWN_KIND,
                format!("record {} is of kind {}, not {wanted}", self.id, self.kind),
            ));
        }
        bytemuck::try_pod_read_unaligned(self.bytes).map_err(|_| {
            Problem::new(
                code::CORE_RECORD_SIZE,
                format!("record {}: {} bytes, {} has {}", self.id, self.bytes.len(), N::INFO.name, N::INFO.size),
            )
        })
    }
}
