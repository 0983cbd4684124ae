//! A published tree proved file by file against its signed root, whoever brings the files: what leaves a site, and what
//! comes back from a replica.
//!
//! Promises: a file that was taken is the one that the root commits to, and the one that is wrong is named: the right edge
//! by the root, each full tile by the hash that is its root above, each bundle by its tile. A refused file changes
//! nothing, so that another copy of it can be tried. Keeps the tiles above the lowest, and of the lowest one. Never: reads
//! or writes a file.

use crate::batch::leaf_hashes;
use crate::merkle::{Hash, empty_root};
use crate::tile::{BundleEntries, TILE_LEVELS, TILE_WIDTH, Tile, TileRow};
use crate::tile_writer::{root_of_edge, root_of_full};
use hedgerow_core::{Problem, code};
use std::collections::BTreeMap;

/// The proof of one tree in progress.
#[derive(Clone, Debug)]
pub struct TileProver {
    size: u64,
    root: Hash,
    edge: [Vec<Hash>; TILE_LEVELS],
    proved: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl TileProver {
    /// Of the tree with so many entries and this root.
    ///
    /// # Errors
    /// `LOG_BAD_ROOT` if there are none, and it is not the root of none.
    pub fn new(size: u64, root: Hash) -> Result<TileProver, Problem> {
        if size == 0 && root != empty_root() {
            return Err(Problem::new(
                code::LOG_BAD_ROOT,
                format!("no entries have another root than {}", crate::hex(&root)),
            ));
        }
        Ok(TileProver { size, root, edge: Default::default(), proved: BTreeMap::new() })
    }

    /// Every file of the tree in the order in which [`TileProver::take`] wants them: the right edge, tiles from the top
    /// down, each tile of leaves with its bundle behind it.
    pub fn files(&self) -> impl Iterator<Item = Tile> + use<> {
        let size = self.size;
        let row = move |row| (0..).map_while(move |index| Tile::of_tree(row, index, size));
        let levels = move || (0..TILE_LEVELS as u8).rev().map(TileRow::Hashes);
        let edge = levels().flat_map(row).filter(|tile| !tile.is_full());
        let above = levels().filter(|row| row.level() > 0).flat_map(row).filter(Tile::is_full);
        let leaves = row(TileRow::Hashes(0)).zip(row(TileRow::Entries));
        edge.chain(above).chain(leaves.flat_map(|(tile, bundle)| {
            let full = tile.is_full().then_some(tile);
            full.into_iter().chain([bundle])
        }))
    }

    /// Proves a file; of a bundle `sink` gets each entry.
    ///
    /// # Errors
    /// `LOG_TILE`, naming the file, if it is not the one of this tree, or comes before its turn.
    pub fn take(&mut self, tile: Tile, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Problem> {
        if Tile::of_tree(tile.row, tile.index, self.size) != Some(tile) {
            return Err(tile.damaged("the tree has no such tile"));
        }
        match tile.row {
            TileRow::Entries => self.take_bundle(tile, bytes, sink),
            TileRow::Hashes(level) => self.take_tile(tile, level, bytes),
        }
    }

    fn take_tile(&mut self, tile: Tile, level: u8, bytes: &[u8]) -> Result<(), Problem> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(tile.width) || !rest.is_empty() {
            return Err(tile.damaged(&format!("{} bytes instead of {}", bytes.len(), 32 * tile.width)));
        }
        if !tile.is_full() {
            return self.take_edge(tile, level, hashes);
        }
        let above = self.proved_hashes(level + 1, tile.index / TILE_WIDTH);
        let above = above.ok_or_else(|| tile.damaged("it comes before the tile above it"))?;
        if root_of_full(hashes) != above[(tile.index % TILE_WIDTH) as usize] {
            return Err(tile.damaged("its hashes are not those of the tree above it"));
        }
        self.proved.insert((level, tile.index), hashes.to_vec());
        Ok(())
    }

    /// The right edge is proved as a whole, once its lowest tile is there.
    fn take_edge(&mut self, tile: Tile, level: u8, hashes: &[Hash]) -> Result<(), Problem> {
        self.edge[usize::from(level)] = hashes.to_vec();
        if (0..level).any(|below| !self.row_width(below).is_multiple_of(TILE_WIDTH)) {
            return Ok(());
        }
        let root = root_of_edge(&self.edge);
        if root != self.root {
            let (seen, signed) = (crate::hex(&root), crate::hex(&self.root));
            return Err(tile.damaged(&format!("with it the tiles have the root {seen}, signed is {signed}")));
        }
        for (level, row) in (0u8..).zip(&mut self.edge).filter(|(_, row)| !row.is_empty()) {
            let index = (self.size >> (8 * u32::from(level))) / TILE_WIDTH;
            self.proved.insert((level, index), std::mem::take(row));
        }
        Ok(())
    }

    fn take_bundle(&mut self, tile: Tile, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Problem> {
        let leaves = self.proved_hashes(0, tile.index).ok_or_else(|| tile.damaged("it comes before its tile"))?;
        let entries = BundleEntries::new(bytes).collect::<Result<Vec<_>, _>>().map_err(|e| tile.damaged(&e.detail))?;
        if entries.len() != leaves.len() {
            return Err(tile.damaged(&format!("{} entries instead of {}", entries.len(), leaves.len())));
        }
        let mut hashes = Vec::with_capacity(entries.len());
        leaf_hashes(entries.iter().copied(), &mut hashes);
        if let Some(place) = hashes.iter().zip(leaves).position(|(seen, proved)| seen != proved) {
            return Err(
                tile.damaged(&format!("entry {} is not the one that was signed", tile.entry_under(place as u64)))
            );
        }
        self.proved.remove(&(0, tile.index));
        entries.into_iter().for_each(sink);
        Ok(())
    }

    fn proved_hashes(&self, level: u8, index: u64) -> Option<&Vec<Hash>> {
        self.proved.get(&(level, index))
    }

    /// Nodes of a level of tiles.
    fn row_width(&self, level: u8) -> u64 {
        self.size >> (8 * u32::from(level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use crate::tile_writer::TileWriter;

    /// A tree's root and every file of it.
    fn tree(size: u64) -> (Hash, BTreeMap<Tile, Vec<u8>>) {
        let (mut writer, mut files) = (TileWriter::default(), BTreeMap::new());
        let mut keep = |tile: Tile, bytes: &[u8]| {
            files.insert(tile, bytes.to_vec());
            Ok(())
        };
        for n in 0..size {
            let entry = n.to_le_bytes();
            writer.push(&entry, leaf_hash(&entry), &mut keep).unwrap();
        }
        writer.partials(0, &mut keep).unwrap();
        (writer.root(), files)
    }

    #[test]
    fn every_file_of_a_tree_is_asked_for_once_and_taken() {
        for size in [0, 1, 2, 255, 256, 257, 700, 65_535, 65_536, 65_537] {
            let (root, files) = tree(size);
            let mut prover = TileProver::new(size, root).unwrap();
            let asked: Vec<Tile> = prover.files().collect();
            let mut entries = 0;
            for tile in &asked {
                prover.take(*tile, &files[tile], &mut |_| entries += 1).unwrap();
            }
            assert_eq!((asked.len(), entries), (files.len(), size));
            assert!(files.keys().all(|tile| asked.contains(tile)), "{size}");
            assert!(prover.proved.keys().all(|(level, _)| *level > 0), "leaves are let go");
        }
    }

    #[test]
    fn a_changed_cut_or_longer_file_is_refused_and_the_right_one_still_taken() {
        let (root, files) = tree(700);
        let mut prover = TileProver::new(700, root).unwrap();
        for tile in prover.files() {
            let good = &files[&tile];
            // Of the right edge only the last tile shows that one of them is wrong.
            let is_open = matches!(tile, Tile { row: TileRow::Hashes(1), .. });
            for at in (0..good.len()).step_by(7).filter(|_| !is_open) {
                let mut bad = good.clone();
                bad[at] ^= 1 << (at % 8);
                let problem = prover.take(tile, &bad, &mut |_| panic!("an entry of a bad bundle")).unwrap_err();
                assert!(
                    problem.code == code::LOG_TILE && problem.detail.starts_with(&tile.path()),
                    "{}",
                    problem.detail
                );
            }
            assert!(prover.take(tile, &good[1..], &mut |_| ()).is_err());
            assert!(prover.take(tile, &[good, &good[..1]].concat(), &mut |_| ()).is_err());
            prover.take(tile, good, &mut |_| ()).unwrap();
        }
    }

    #[test]
    fn nothing_is_taken_before_what_proves_it() {
        let (root, files) = tree(700);
        let fresh = TileProver::new(700, root).unwrap();
        let edge = 2;
        for tile in fresh.files().skip(edge) {
            assert!(fresh.clone().take(tile, &files[&tile], &mut |_| ()).is_err(), "{}", tile.path());
        }
        let other = Tile { width: 3, ..fresh.files().next().unwrap() };
        assert!(fresh.clone().take(other, &[0; 96], &mut |_| ()).is_err());
        assert!(TileProver::new(0, root).is_err());
        let mut wrong = TileProver::new(700, [9; 32]).unwrap();
        let taken =
            wrong.files().take(edge).map(|tile| wrong.take(tile, &files[&tile], &mut |_| ())).collect::<Vec<_>>();
        assert!(taken[0].is_ok() && taken[1].is_err());
    }
}
