//! Entries in order become tiles and bundles: what publication writes and what recovery compares with.
//!
//! Promises: the tiles are those of the tree over exactly these entries, and `root` is its root, so that a caller can
//! compare it with the tree that was committed. Holds 255 hashes a level and one bundle at most. Never: touches a file.

use crate::batch::parents;
use crate::merkle::{Frontier, Hash, empty_root, node_hash};
use crate::tile::{TILE_LEVELS, TILE_WIDTH, Tile, TileRow};
use hedgerow_core::Problem;

/// The right edge of a growing tree, in tiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct TileWriter {
    size: u64,
    bundle: Vec<u8>,
    rows: [Vec<Hash>; TILE_LEVELS],
}

impl TileWriter {
    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry with its leaf hash; `sink` gets each tile that is full now.
    pub fn push(
        &mut self,
        entry: &[u8],
        leaf: Hash,
        sink: &mut impl FnMut(Tile, &[u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.bundle.extend_from_slice(&(entry.len() as u16).to_be_bytes());
        self.bundle.extend_from_slice(entry);
        self.rows[0].push(leaf);
        self.size += 1;
        if !self.size.is_multiple_of(TILE_WIDTH) {
            return Ok(());
        }
        let tile = |row: TileRow, size: u64| {
            let index = (size >> (row.level() + 8)) - 1;
            Tile { row, index, width: TILE_WIDTH as u16 }
        };
        sink(tile(TileRow::Entries, self.size), &self.bundle)?;
        self.bundle.clear();
        for level in 0..TILE_LEVELS {
            let row = &mut self.rows[level];
            if (row.len() as u64) < TILE_WIDTH {
                break;
            }
            sink(tile(TileRow::Hashes(level as u8), self.size), row.as_flattened())?;
            let root = root_of_full(row);
            row.clear();
            if let Some(above) = self.rows.get_mut(level + 1) {
                above.push(root);
            }
        }
        Ok(())
    }

    /// Gives `sink` the partial tiles at the right edge that the tree of `since` entries did not have.
    pub fn partials(
        &self,
        since: u64,
        sink: &mut impl FnMut(Tile, &[u8]) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for tile in Tile::added(since, self.size).filter(|tile| !tile.is_full()) {
            match tile.row {
                TileRow::Entries => sink(tile, &self.bundle)?,
                TileRow::Hashes(level) => sink(tile, self.rows[usize::from(level)].as_flattened())?,
            }
        }
        Ok(())
    }

    /// The tree over the entries so far, without its tiles.
    pub fn frontier(&self) -> Frontier {
        Frontier::of_peaks(self.size, peaks_of(&self.rows))
    }

    /// Root of the tree over the entries so far.
    pub fn root(&self) -> Hash {
        root_of_edge(&self.rows)
    }
}

/// Roots of the perfect subtrees at a tree's right edge, the smallest first, by the hashes of each level that fill no tile.
fn peaks_of(rows: &[Vec<Hash>]) -> Vec<Hash> {
    let mut peaks = Vec::new();
    for row in rows {
        let mut end = row.len();
        while end > 0 {
            let width = 1 << end.trailing_zeros();
            peaks.push(root_of_full(&row[end - width..end]));
            end -= width;
        }
    }
    peaks
}

/// Root of a tree by its right edge: from each level of tiles the hashes that fill no tile.
pub(crate) fn root_of_edge(rows: &[Vec<Hash>]) -> Hash {
    peaks_of(rows).into_iter().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}

/// Root of so many hashes as a power of two.
pub(crate) fn root_of_full(row: &[Hash]) -> Hash {
    let mut nodes = row.to_vec();
    while nodes.len() > 1 {
        parents(&mut nodes);
    }
    nodes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use std::collections::BTreeMap;

    #[test]
    fn tiles_and_root_are_those_of_the_tree_at_every_size() {
        let (mut writer, mut tree) = (TileWriter::default(), Frontier::default());
        let mut tiles = BTreeMap::new();
        let mut published = 0;
        for n in 0..66_000u32 {
            let entry = n.to_le_bytes();
            tree.push(leaf_hash(&entry));
            let mut keep = |tile: Tile, bytes: &[u8]| {
                assert!(tiles.insert(tile, bytes.to_vec()).is_none(), "{} twice", tile.path());
                Ok(())
            };
            writer.push(&entry, leaf_hash(&entry), &mut keep).unwrap();
            if n % 257 == 3 || n < 600 {
                writer.partials(published, &mut keep).unwrap();
                published = writer.size();
                assert_eq!(writer.root(), tree.root(), "{n}");
                let mut goes_on = writer.frontier();
                goes_on.push([9; 32]);
                let mut twin = tree.clone();
                twin.push([9; 32]);
                assert_eq!((goes_on.size(), goes_on.root()), (twin.size(), twin.root()));
                for tile in Tile::added(0, published) {
                    assert!(tiles.contains_key(&tile), "{} at {published}", tile.path());
                }
            }
        }
        assert_eq!(
            tiles[&Tile { row: TileRow::Hashes(0), index: 1, width: 256 }][..32],
            leaf_hash(&256u32.to_le_bytes())
        );
    }
}
