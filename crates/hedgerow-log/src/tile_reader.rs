//! Proofs, entries and blobs out of a log's published files, without its write-ahead file.
//!
//! Promises: reads only the tiles that a question needs, and keeps them with their inner nodes, so that a warm proof
//! hashes nothing but the right edge; a missing or misshapen tile is named. Never: believes that the tiles are right:
//! compare [`TileReader::root`] with the checkpoint, and check proofs against its root.

use crate::batch::parents;
use crate::frame::{ENTRY_HEAD_BYTES, u64_at};
use crate::journal::CHECKPOINT;
use crate::merkle::{Hash, sha256};
use crate::note::{Checkpoint, VerifierKey};
use crate::proof::{self, Nodes};
use crate::storage::Files;
use crate::tile::{BundleEntries, TILE_WIDTH, Tile, TileRow, blob_path};
use hedgerow_core::{Problem, RecordId, code};
use std::collections::BTreeMap;

/// Tiles that are kept at most, 16 KiB each with their inner nodes.
const TILES_KEPT_MAX: usize = 1024;

/// Reads the tree of one size out of its tiles.
#[derive(Clone, Debug)]
pub struct TileReader<F: Files> {
    files: F,
    size: u64,
    tiles: BTreeMap<(u8, u64), Pyramid>,
    bundle: Option<(u64, Bundle)>,
}

/// A tile's hashes and all whole subtrees over them: row k holds those of 2^k hashes.
#[derive(Clone, Debug)]
struct Pyramid([Vec<Hash>; 8]);

#[derive(Clone, Debug)]
struct Bundle(Vec<Vec<u8>>);

impl<F: Files> TileReader<F> {
    /// A reader of the tree with `size` entries, which must have been published.
    #[must_use]
    pub fn new(files: F, size: u64) -> TileReader<F> {
        TileReader { files, size, tiles: BTreeMap::new(), bundle: None }
    }

    /// A reader of the tree that the checkpoint signs, with the checkpoint and its whole text.
    ///
    /// # Errors
    /// `LOG_NO_CHECKPOINT`; `LOG_BAD_SIGNATURE`; `LOG_IO`.
    pub fn published(files: F, key: &VerifierKey) -> Result<(TileReader<F>, Checkpoint, String), Problem> {
        let missing = || Problem::new(code::LOG_NO_CHECKPOINT, key.origin().to_owned());
        let note = files.small(CHECKPOINT)?.ok_or_else(missing)?;
        let checkpoint = key.open(&note)?;
        let text = String::from_utf8_lossy(&note).into_owned();
        Ok((TileReader::new(files, checkpoint.size), checkpoint, text))
    }

    /// Entries of the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The files it reads.
    #[must_use]
    pub fn files(&self) -> &F {
        &self.files
    }

    /// Root of the first `size` entries, computed from the tiles.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID` if there are fewer entries; `LOG_TILE`; `LOG_IO`.
    pub fn root(&mut self, size: u64) -> Result<Hash, Problem> {
        proof::root(self, size)
    }

    /// Proves that the entry at `index` (from 0) is in the log of `size` entries: its siblings, from leaf to root.
    ///
    /// # Errors
    /// See [`TileReader::root`].
    pub fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, Problem> {
        proof::inclusion(self, index, size)
    }

    /// Proves that the log of `new` entries begins with the log of `old` entries.
    ///
    /// # Errors
    /// See [`TileReader::root`].
    pub fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, Problem> {
        proof::consistency(self, old, new)
    }

    /// The entry at `index`, from 0.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID`; `LOG_TILE`; `LOG_IO`.
    pub fn entry(&mut self, index: u64) -> Result<&[u8], Problem> {
        let at = (index % TILE_WIDTH) as usize;
        Ok(&self.bundle(index)?.0[at])
    }

    /// Index of the entry that holds a record.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID`; `LOG_TILE`; `LOG_IO`.
    pub fn entry_of(&mut self, id: RecordId) -> Result<u64, Problem> {
        let unknown =
            |size| Problem::new(code::LOG_UNKNOWN_ID, format!("record {id} is not in the {size} signed entries"));
        let (mut low, mut high) = (0, self.size);
        // The first entry whose first record comes behind the one that is looked for.
        while low < high {
            let middle = low + (high - low) / 2;
            if head(self.entry(middle)?, middle)?.0 <= id { low = middle + 1 } else { high = middle }
        }
        let index = low.checked_sub(1).ok_or_else(|| unknown(self.size))?;
        let (first, count) = head(self.entry(index)?, index)?;
        if id - first < u64::from(count) { Ok(index) } else { Err(unknown(self.size)) }
    }

    /// The blob with this SHA-256.
    ///
    /// # Errors
    /// `LOG_BLOB` if it is missing or its bytes have another digest; `LOG_IO`.
    pub fn blob(&self, digest: &Hash) -> Result<Vec<u8>, Problem> {
        let path = blob_path(digest);
        let wrong = |what: &str| Problem::new(code::LOG_BLOB, format!("{path} {what}"));
        let blob = self.files.small(&path)?.ok_or_else(|| wrong("is missing"))?;
        if sha256(&blob) == *digest { Ok(blob) } else { Err(wrong("holds other bytes")) }
    }

    fn bundle(&mut self, index: u64) -> Result<&Bundle, Problem> {
        let number = index / TILE_WIDTH;
        let tile = Tile::of_tree(TileRow::Entries, number, self.size).filter(|_| index < self.size);
        let tile = tile.ok_or_else(|| {
            Problem::new(code::LOG_UNKNOWN_ID, format!("entry {index}, the log has {} signed entries", self.size))
        })?;
        if self.bundle.as_ref().is_none_or(|(kept, _)| *kept != number) {
            let bytes = read_tile(&self.files, tile)?;
            let entries = BundleEntries::new(&bytes).map(|entry| entry.map(<[u8]>::to_vec));
            let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|e| tile.damaged(&e.detail))?;
            if entries.len() < usize::from(tile.width) {
                return Err(tile.damaged(&format!("{} entries instead of {}", entries.len(), tile.width)));
            }
            self.bundle = Some((number, Bundle(entries)));
        }
        Ok(&self.bundle.as_ref().expect("put there above").1)
    }

    fn pyramid(&mut self, level: u8, index: u64) -> Result<&Pyramid, Problem> {
        if !self.tiles.contains_key(&(level, index)) {
            let missing = || Problem::new(code::LOG_UNKNOWN_ID, format!("tile {index} of level {level}"));
            let tile = Tile::of_tree(TileRow::Hashes(level), index, self.size).ok_or_else(missing)?;
            let bytes = read_tile(&self.files, tile)?;
            let (hashes, rest) = bytes.as_chunks::<32>();
            let hashes = hashes.get(..usize::from(tile.width)).filter(|_| rest.is_empty());
            let hashes = hashes.ok_or_else(|| tile.damaged(&format!("it has {} bytes", bytes.len())))?;
            if self.tiles.len() >= TILES_KEPT_MAX {
                self.tiles.clear();
            }
            self.tiles.insert((level, index), Pyramid::over(hashes));
        }
        Ok(&self.tiles[&(level, index)])
    }
}

impl<F: Files> Nodes for TileReader<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Problem> {
        let (row, above) = ((level / 8) as u8, level % 8);
        let in_tile = TILE_WIDTH >> above;
        let pyramid = self.pyramid(row, index / in_tile)?;
        Ok(pyramid.0[above as usize][(index % in_tile) as usize])
    }
}

impl Pyramid {
    fn over(hashes: &[Hash]) -> Pyramid {
        let mut row = hashes.to_vec();
        Pyramid(std::array::from_fn(|_| {
            let mut above = row.clone();
            above.truncate(row.len() / 2 * 2);
            parents(&mut above);
            std::mem::replace(&mut row, above)
        }))
    }
}

/// A tile's bytes; where a partial tile is gone, the full one of its place begins with them.
pub(crate) fn read_tile<F: Files>(files: &F, tile: Tile) -> Result<Vec<u8>, Problem> {
    match files.small(&tile.path())? {
        Some(bytes) => Ok(bytes),
        None if tile.is_full() => Err(tile.damaged("it is missing")),
        None => files.small(&tile.full().path())?.ok_or_else(|| tile.damaged("it is missing")),
    }
}

/// First record and number of records of an entry.
fn head(entry: &[u8], index: u64) -> Result<(RecordId, u32), Problem> {
    let head = entry.get(..ENTRY_HEAD_BYTES).ok_or_else(|| {
        Problem::new(code::LOG_TILE, format!("entry {index} has {} bytes, at least 16 are its head", entry.len()))
    })?;
    Ok((u64_at(head, 8), crate::frame::u32_at(head, 4)))
}
