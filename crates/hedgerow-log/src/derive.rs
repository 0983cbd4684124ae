//! Files derived from the write-ahead file: gathered, and put into the store many at a time.
//!
//! Promises: what it puts is exactly what the entries say; at most [`BATCH_BYTES`] wait in memory. Never: signs.

use crate::frame::{Frame, HEAD_BYTES, MARK_WORD, padded, place_check, u32_at};
use crate::merkle::Hash;
use crate::storage::Storage;
use crate::tile::{Tile, blob_path};
use crate::tile_writer::TileWriter;
use hedgerow_core::{Problem, code};

/// Files wait together until they hold so many bytes, or are so many.
const BATCH_BYTES: usize = 32 << 20;
const BATCH_FILES: usize = 4096;

/// How far tiles, bundles and blobs were derived, and those that wait to be put.
#[derive(Debug)]
pub(crate) struct Derived {
    /// Where in the write-ahead file the next item starts.
    pub at: u64,
    /// The tree's right edge there.
    pub tiles: TileWriter,
    /// Entries of the last tree whose partial tiles are there.
    pub published: u64,
    waiting: Batch,
}

/// Files that wait to be put.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    files: Vec<(String, Vec<u8>)>,
    bytes: usize,
}

impl Batch {
    /// Adds a file.
    pub fn add(&mut self, name: String, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.files.push((name, bytes.to_vec()));
    }

    /// Puts the files if many wait.
    pub fn put_many<S: Storage>(&mut self, storage: &mut S) -> Result<(), Problem> {
        if self.bytes < BATCH_BYTES && self.files.len() < BATCH_FILES { Ok(()) } else { self.put(storage) }
    }

    /// Puts the files.
    pub fn put<S: Storage>(&mut self, storage: &mut S) -> Result<(), Problem> {
        if !self.files.is_empty() {
            storage.put(&self.files)?;
        }
        self.files.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl Derived {
    /// Everything up to here is derived and put.
    pub fn new(at: u64, tiles: TileWriter) -> Derived {
        Derived { at, published: tiles.size(), tiles, waiting: Batch::default() }
    }

    /// Adds the next frame.
    pub fn push<S: Storage>(&mut self, storage: &mut S, frame: &Frame<'_>, leaf: Hash) -> Result<(), Problem> {
        if let Some(digest) = frame.blob_digest() {
            self.waiting.add(blob_path(&digest), frame.blob);
        }
        let waiting = &mut self.waiting;
        self.tiles.push(frame.entry, leaf, &mut keep(waiting))?;
        self.waiting.put_many(storage)
    }

    /// Puts what waits, with the partial tiles at the right edge.
    pub fn finish<S: Storage>(&mut self, storage: &mut S) -> Result<(), Problem> {
        self.tiles.partials(self.published, &mut keep(&mut self.waiting))?;
        self.waiting.put(storage)?;
        self.published = self.tiles.size();
        Ok(())
    }

    /// Bytes of the item that begins here; `None` if its head is not whole.
    pub fn item_bytes(bytes: &[u8]) -> Option<usize> {
        let lengths = [u32_at(bytes.get(..HEAD_BYTES)?, 0), u32_at(bytes, 4)];
        Some(match lengths {
            [MARK_WORD, _] => HEAD_BYTES,
            [entry, blob] => HEAD_BYTES + padded(entry as usize + blob as usize),
        })
    }

    /// The problem for bytes that are not those which were written.
    pub fn changed(&self) -> Problem {
        changed(self.at)
    }
}

fn keep(waiting: &mut Batch) -> impl FnMut(Tile, &[u8]) -> Result<(), Problem> {
    |tile, bytes| {
        waiting.add(tile.path(), bytes);
        Ok(())
    }
}

/// The frame in the bytes of one item, or `None` for a mark; `LOG_BAD_CRC` if they are not what was written.
pub(crate) fn frame_in(item: &[u8], offset: u64) -> Result<Option<Frame<'_>>, Problem> {
    let words = [u32_at(item, 0), u32_at(item, 4), u32_at(item, 8)];
    let whole = u32_at(item, 12) == place_check(offset, words);
    if whole && words[0] == MARK_WORD {
        return Ok(None);
    }
    if !whole || words[2] != crc32c::crc32c(&item[HEAD_BYTES..]) {
        return Err(changed(offset));
    }
    Ok(Some(Frame { offset, ..Frame::at(item, 0) }))
}

fn changed(offset: u64) -> Problem {
    Problem::new(code::LOG_BAD_CRC, format!("the write-ahead file reads back otherwise at byte {offset}"))
}
