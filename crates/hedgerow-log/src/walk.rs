//! Walking a write-ahead file commit by commit: the one way in for start-up, recovery, readers and verification.
//!
//! Promises: yields only whole commits whose checksums, shape and record numbers are right; tells a commit that
//! a crash cut short (never acknowledged, may be dropped) from bytes that were changed (a named problem); and never
//! drops a commit that can be seen to have been acknowledged. Never: repairs, guesses, panics on any input.
//!
//! How a torn commit is known: of the last, unsynced write a crash leaves a beginning, or any of its sectors; the rest
//! is as it was: zero, or beyond the end of the file. So damage counts as torn only where the file ends, where nothing but
//! zeros follows (the commit's mark is missing), or where a sector of the commit is still zero; and only if no later
//! commit exists, because a commit starts after the one before it was synced. What could be either, a mark without its
//! last few bytes, is reported and not dropped.

use crate::frame::{ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES, Frame, HEAD_BYTES, MARK_WORD, file_header, padded};
use crate::frame::{frames_of, place_check, u32_at};
use hedgerow_core::{Code, Problem, code};
use std::ops::Range;

/// What a disk writes at once.
const SECTOR_BYTES: usize = 512;
/// The least zero bytes that count as a sector left unwritten, where a commit has only part of it.
const HOLE_BYTES_MIN: usize = 16;
/// The least bytes that a torn mark lacks; one changed byte cannot zero so many.
const MARK_LOSS_BYTES_MIN: usize = 8;

/// What lies behind the last commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing: the writer closed the log.
    Clean,
    /// Zeros: space that the writer made ready.
    Zeros(u64),
    /// So many bytes of a commit that a crash cut short.
    Torn(u64),
}

/// One commit: frames that became durable together.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    file: &'a [u8],
    frames: (usize, usize),
    /// Entries in it.
    pub entries: u64,
}

impl<'a> Group<'a> {
    /// Its frames in order.
    pub fn frames(self) -> impl Iterator<Item = Frame<'a>> {
        frames_of(self.file, self.frames.0..self.frames.1)
    }
}

/// A walk over a file; see [`Walk::next_group`].
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    file: &'a [u8],
    at: usize,
    tail: Tail,
    entries: u64,
    next_id: u64,
}

enum Item<'a> {
    End,
    Frame(Frame<'a>),
    Mark { group_bytes: u32, group_entries: u32 },
    Bad(Damage),
}

/// Bytes that are not what a writer finished.
struct Damage {
    range: Range<usize>,
    /// Zeros at the range's end that speak for a torn write, if nothing but zeros follows.
    loss_bytes_min: usize,
    what: &'static str,
}

impl<'a> Walk<'a> {
    /// Starts behind the file's header. A header that a crash cut short is an empty log with a torn tail.
    ///
    /// # Errors
    /// `LOG_NOT_A_LOG` if the file begins otherwise.
    pub fn new(file: &'a [u8]) -> Result<Walk<'a>, Problem> {
        let header = file_header();
        let mut walk = Walk { file, at: HEAD_BYTES, tail: Tail::Clean, entries: 0, next_id: 1 };
        if file.starts_with(&header) {
            return Ok(walk);
        }
        let written = file.len() - file.iter().rev().take_while(|b| **b == 0).count();
        if header.starts_with(&file[..written]) {
            walk.at = 0;
            walk.tail = Tail::Torn(file.len() as u64);
            return Ok(walk);
        }
        let seen = String::from_utf8_lossy(&file[..file.len().min(12)]).into_owned();
        Err(Problem::new(code::LOG_NOT_A_LOG, format!("the file begins with {seen:?}, not HEDGELOG version 1")))
    }

    /// The next whole commit, or `None` at the end of what was committed.
    ///
    /// # Errors
    /// `LOG_BAD_CRC` if bytes were changed; `LOG_SEQUENCE`, `LOG_BLOB` or `LOG_UNKNOWN_KIND` if a frame with right
    /// checksums does not fit; each names entry, record and offset.
    pub fn next_group(&mut self) -> Result<Option<Group<'a>>, Problem> {
        if self.at == 0 {
            return Ok(None);
        }
        let start = self.at;
        let (mut at, mut entries, mut next_id) = (start, 0, self.next_id);
        loop {
            match self.item(at) {
                Item::End => {
                    self.tail = self.tail_from(start, at);
                    return Ok(None);
                }
                Item::Frame(frame) => {
                    frame.check_shape().map_err(|p| self.located(entries, next_id, p.code, at, &p.detail))?;
                    if frame.first_id() != next_id {
                        let seen = format!("record {} where {next_id} follows", frame.first_id());
                        return Err(self.located(entries, next_id, code::LOG_SEQUENCE, at, &seen));
                    }
                    next_id += u64::from(frame.count());
                    entries += 1;
                    at += frame.bytes_total();
                }
                Item::Mark { group_bytes, group_entries } => {
                    if group_bytes as usize != at - start || u64::from(group_entries) != entries || entries == 0 {
                        let seen = "a commit mark that does not fit its frames";
                        return Err(self.located(entries, next_id, code::LOG_BAD_CRC, at, seen));
                    }
                    let group = Group { file: self.file, frames: (start, at), entries };
                    self.at = at + HEAD_BYTES;
                    self.entries += entries;
                    self.next_id = next_id;
                    return Ok(Some(group));
                }
                Item::Bad(damage) => {
                    if !self.is_torn(start, &damage) {
                        return Err(self.located(entries, next_id, code::LOG_BAD_CRC, at, damage.what));
                    }
                    self.tail = Tail::Torn((self.file.len() - start) as u64);
                    return Ok(None);
                }
            }
        }
    }

    /// What lies behind the last commit; known once [`Walk::next_group`] gave `None`.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Entries in the commits so far.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The id that the next record has.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.next_id
    }

    /// Where the commits so far end in the file.
    #[must_use]
    pub fn committed_bytes(&self) -> u64 {
        self.at as u64
    }

    fn item(&self, at: usize) -> Item<'a> {
        let rest = &self.file[at..];
        if rest.first().is_none_or(|first| *first == 0) && is_zero(rest) {
            return Item::End;
        }
        let bad_head = |loss_bytes_min, what| Item::Bad(Damage { range: at..at + HEAD_BYTES, loss_bytes_min, what });
        if rest.len() < HEAD_BYTES {
            return bad_head(0, "an incomplete frame head");
        }
        let words = [u32_at(rest, 0), u32_at(rest, 4), u32_at(rest, 8)];
        if u32_at(rest, 12) != place_check(at as u64, words) {
            // Of a frame's first word the upper half is zero, of a damaged mark's it is not; only a mark is the last.
            let loss_bytes_min = if words[0] >> 16 == 0 { 0 } else { MARK_LOSS_BYTES_MIN };
            return bad_head(loss_bytes_min, "a frame head with a wrong checksum");
        }
        if words[0] == MARK_WORD {
            return Item::Mark { group_bytes: words[1], group_entries: words[2] };
        }
        let (entry_len, blob_len) = (words[0] as usize, words[1] as usize);
        if !(ENTRY_HEAD_BYTES..=ENTRY_BYTES_MAX).contains(&entry_len) {
            return bad_head(MARK_LOSS_BYTES_MIN, "a frame head with an impossible length");
        }
        let end = at + HEAD_BYTES + padded(entry_len + blob_len);
        let bad_body = |what| Item::Bad(Damage { range: at..end, loss_bytes_min: 0, what });
        let Some(body) = self.file.get(at + HEAD_BYTES..end) else {
            return bad_body("a frame that goes beyond the file");
        };
        if words[2] != crc32c::crc32c(body) || !is_zero(&body[entry_len + blob_len..]) {
            return bad_body("a frame with a wrong checksum");
        }
        Item::Frame(Frame::at(self.file, at))
    }

    fn tail_from(&self, start: usize, at: usize) -> Tail {
        match (self.file.len() - start) as u64 {
            0 => Tail::Clean,
            bytes if at == start => Tail::Zeros(bytes),
            bytes => Tail::Torn(bytes),
        }
    }

    /// Whether the damage to the commit at `start` is what a crash leaves; see the head of this file.
    fn is_torn(&self, start: usize, damage: &Damage) -> bool {
        let Damage { range, loss_bytes_min, .. } = damage;
        let cut = range.end > self.file.len() || is_zero(&self.file[range.end - loss_bytes_min..]);
        (cut || self.has_hole(start, range)) && !self.later_commit(start, range.start)
    }

    /// Whether a sector in `range` of the commit at `start` was left unwritten.
    fn has_hole(&self, start: usize, range: &Range<usize>) -> bool {
        (range.start / SECTOR_BYTES..range.end.div_ceil(SECTOR_BYTES)).any(|sector| {
            let low = (sector * SECTOR_BYTES).max(start);
            let high = ((sector + 1) * SECTOR_BYTES).min(self.file.len());
            high - low >= HOLE_BYTES_MIN && is_zero(&self.file[low..high])
        })
    }

    /// Whether a commit that began after the one at `start` can be seen behind `at`.
    fn later_commit(&self, start: usize, at: usize) -> bool {
        (at..self.file.len().saturating_sub(HEAD_BYTES - 1)).step_by(8).any(|place| {
            if u32_at(self.file, place) != MARK_WORD {
                return false;
            }
            match self.item(place) {
                Item::Mark { group_bytes, .. } => place - (group_bytes as usize).min(place) > start,
                _ => false,
            }
        })
    }

    fn located(&self, entries: u64, next_id: u64, code: Code, at: usize, what: &str) -> Problem {
        let index = self.entries + entries;
        Problem::new(code, format!("{what}: entry {index}, record {next_id}, byte {at}"))
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}
