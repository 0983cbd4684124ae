//! Comparing a log's entries with all that says what they are: the checkpoints of its tree, and the published tiles,
//! bundles and blobs. What start-up mends with and `verify` proves with.
//!
//! Promises: each entry is hashed once; every file that the published tree needs is compared, and every other tile that
//! lies there, partial tiles of earlier checkpoints included; each difference is told, missing files too. A tile that
//! holds more than the log is told as well: beside a write-ahead file it is evidence that the log lost its end
//! (`LOG_SHORTER`), in a replica it is what came ahead of the next checkpoint. Never: writes.

use crate::agreement::Agreement;
use crate::batch::leaf_hashes;
use crate::derive::Derived;
use crate::frame::{Frame, HEAD_BYTES};
use crate::merkle::{Frontier, Hash};
use crate::note::Checkpoint;
use crate::storage::Files;
use crate::tile::{BundleEntries, TILES, Tile, TileRow, blob_path};
use crate::tile_writer::TileWriter;
use crate::walk::Group;
use hedgerow_core::{Problem, code};
use std::collections::BTreeSet;

/// A comparison in progress; commits come in order.
pub(crate) struct Comparison<'a> {
    tiles: TileWriter,
    agreement: Agreement<'a>,
    leaves: Vec<Hash>,
    seen: Seen,
    edge: Derived,
}

struct Seen {
    /// Tiles that lie there and were not compared yet.
    listed: BTreeSet<Tile>,
    /// Entries of the published tree; its tiles must be there.
    published: u64,
    compared: u64,
}

/// Which file it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Tile(Tile),
    /// The blob of the entry with this index.
    Blob(Hash, u64),
}

/// A file that is not what the entries say.
pub(crate) struct Difference<'a> {
    pub place: Place,
    pub expected: &'a [u8],
    pub found: Option<Vec<u8>>,
}

impl<'a> Comparison<'a> {
    /// Begins, with the names of what lies there and the checkpoints that the tree must agree with.
    pub fn new<F: Files>(
        files: &F,
        published: u64,
        checkpoints: impl IntoIterator<Item = &'a Checkpoint>,
    ) -> Result<Comparison<'a>, Problem> {
        let listed = files.names(TILES)?.iter().filter_map(|name| Tile::parse(name)).collect();
        let edge = Derived::new(HEAD_BYTES as u64, TileWriter::default());
        let seen = Seen { listed, published, compared: 0 };
        let (tiles, mut agreement) = (TileWriter::default(), Agreement::with(checkpoints));
        agreement.meet(&tiles)?;
        Ok(Comparison { tiles, agreement, leaves: Vec::new(), seen, edge })
    }

    /// Entries so far.
    pub fn size(&self) -> u64 {
        self.tiles.size()
    }

    /// Compares what belongs to the next commit; each difference goes to `differs`.
    ///
    /// # Errors
    /// `LOG_BAD_ROOT` if a checkpoint has another root; what `differs` and the files give.
    pub fn grow<F: Files>(
        &mut self,
        files: &F,
        group: Group<'_>,
        differs: &mut impl FnMut(Difference<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        leaf_hashes(group.frames().map(|frame| frame.entry), &mut self.leaves);
        for (frame, leaf) in group.frames().zip(self.leaves.drain(..)) {
            if let Some(digest) = frame.blob_digest().filter(|_| self.tiles.size() < self.seen.published) {
                self.seen.file(files, Place::Blob(digest, self.tiles.size()), frame.blob, differs)?;
            }
            self.tiles.push(frame.entry, leaf, &mut |tile, bytes| self.seen.tile(files, tile, bytes, differs))?;
            if self.tiles.size() == self.seen.published {
                self.tiles.partials(0, &mut |tile, bytes| self.seen.tile(files, tile, bytes, differs))?;
                self.edge = Derived::new(end_of(&frame), self.tiles.clone());
            }
            self.agreement.meet(&self.tiles)?;
        }
        Ok(())
    }

    /// Ends, and says what came of it.
    ///
    /// # Errors
    /// `LOG_SHORTER` if a checkpoint is of more entries; what `differs` and the files give.
    pub fn finish<F: Files>(
        mut self,
        files: &F,
        differs: &mut impl FnMut(Difference<'_>) -> Result<(), Problem>,
    ) -> Result<Compared, Problem> {
        self.agreement.finish(&self.tiles)?;
        // Behind the published tree nothing must be there; what is there must be right.
        self.seen.published = 0;
        self.tiles.partials(0, &mut |tile, bytes| self.seen.tile(files, tile, bytes, differs))?;
        let beyond = self.seen.listed.first().map(|beyond| {
            let detail = format!("{} entries, {} holds more", self.tiles.size(), beyond.path());
            Problem::new(code::LOG_SHORTER, detail)
        });
        Ok(Compared { tree: self.tiles.frontier(), edge: self.edge, files: self.seen.compared, beyond })
    }
}

/// What a comparison came to.
pub(crate) struct Compared {
    /// The tree over all entries.
    pub tree: Frontier,
    /// The published tree's right edge.
    pub edge: Derived,
    /// Files that were compared.
    pub files: u64,
    /// The problem that a tile holds more than the log, if one does.
    pub beyond: Option<Problem>,
}

fn end_of(frame: &Frame<'_>) -> u64 {
    frame.offset + frame.bytes_total() as u64
}

impl Seen {
    /// Compares a tile, if it must be there, and the narrower ones in its place that lie there.
    fn tile<F: Files>(
        &mut self,
        files: &F,
        tile: Tile,
        bytes: &[u8],
        differs: &mut impl FnMut(Difference<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let narrowest = Tile { width: 0, ..tile };
        let mut widths: BTreeSet<u16> = self.listed.range(narrowest..=tile).map(|listed| listed.width).collect();
        if tile.entries_end() <= self.published {
            widths.insert(tile.width);
        }
        for width in widths {
            let tile = Tile { width, ..tile };
            self.listed.remove(&tile);
            self.file(files, Place::Tile(tile), tile.prefix(bytes, width)?, differs)?;
        }
        Ok(())
    }

    fn file<F: Files>(
        &mut self,
        files: &F,
        place: Place,
        expected: &[u8],
        differs: &mut impl FnMut(Difference<'_>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.compared += 1;
        let found = files.small(&place.path())?;
        if found.as_deref() == Some(expected) { Ok(()) } else { differs(Difference { place, expected, found }) }
    }
}

impl Place {
    /// The file's name.
    pub fn path(&self) -> String {
        match self {
            Place::Tile(tile) => tile.path(),
            Place::Blob(digest, _) => blob_path(digest),
        }
    }
}

impl Difference<'_> {
    /// The problem that says what is wrong, and from which entry on.
    pub fn problem(&self) -> Problem {
        let path = self.place.path();
        match (self.place, &self.found) {
            (Place::Blob(_, index), found) => {
                let what = if found.is_some() { "holds other bytes" } else { "is missing" };
                Problem::new(code::LOG_BLOB, format!("{path} {what}: entry {index}"))
            }
            (Place::Tile(tile), None) => {
                Problem::new(code::LOG_TILE, format!("{path} is missing: entry {}", tile.entry_under(0)))
            }
            (Place::Tile(tile), Some(found)) => {
                let at = first_difference(tile, self.expected, found);
                Problem::new(code::LOG_TILE, format!("{path} differs from the log: entry {}", tile.entry_under(at)))
            }
        }
    }
}

/// Number of the first hash or entry that is not the expected one.
fn first_difference(tile: Tile, expected: &[u8], found: &[u8]) -> u64 {
    let same = match tile.row {
        TileRow::Hashes(_) => {
            let pairs = expected.chunks(32).zip(found.chunks(32));
            pairs.take_while(|(expected, found)| expected == found).count()
        }
        TileRow::Entries => {
            let pairs = BundleEntries::new(expected).zip(BundleEntries::new(found));
            pairs.take_while(|(expected, found)| matches!((expected, found), (Ok(e), Ok(f)) if e == f)).count()
        }
    };
    (same as u64).min(u64::from(tile.width) - 1)
}
