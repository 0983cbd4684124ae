//! Names and shapes of a published log's files (C2SP tlog-tiles v0.1.0): hash tiles, entry bundles, blobs.
//!
//! ```text
//! tile/<L>/<N>[.p/<W>]         W hashes of level 8 L, 32 bytes each; 256 in a full tile
//! tile/entries/<N>[.p/<W>]     W entries: u16 length, big-endian, and the bytes
//! blob/<2 hex>/<64 hex>        bytes whose SHA-256 is the name
//! ```
//! N is written in groups of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`. Promises: one
//! name a file and one file a name; a name that the specification does not allow is not read. Never: touches a file.

use crate::merkle::Hash;
use hedgerow_core::{Problem, code};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Levels of tiles that a tree of 2^64 leaves could have.
pub const TILE_LEVELS: usize = 8;
/// Folder of tiles and bundles.
pub const TILES: &str = "tile";
/// Folder of blobs.
pub const BLOBS: &str = "blob";

/// Which row of the published tree a file holds a stretch of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TileRow {
    /// The entries themselves, in bundles.
    Entries,
    /// Hashes of tile level L, which is level 8 L of the tree.
    Hashes(u8),
}

/// A tile or bundle: which row, which stretch of 256 in it, and how many of them are there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tile {
    /// Entries, or hashes of a level.
    pub row: TileRow,
    /// Number of the stretch, from 0.
    pub index: u64,
    /// Hashes or entries in it, 1 to 256; less than 256 is a partial tile.
    pub width: u16,
}

impl Tile {
    /// Tile number `index` of a row in the tree of `size` entries, if that tree has it.
    #[must_use]
    pub fn of_tree(row: TileRow, index: u64, size: u64) -> Option<Tile> {
        let whole = size >> row.level();
        let width = whole.checked_sub(index.checked_mul(TILE_WIDTH)?)?.min(TILE_WIDTH);
        (width > 0).then_some(Tile { row, index, width: width as u16 })
    }

    /// All tiles and bundles that the tree of `size` entries has and the one of `old` entries has not.
    pub fn added(old: u64, size: u64) -> impl Iterator<Item = Tile> {
        let rows = std::iter::once(TileRow::Entries).chain((0..TILE_LEVELS as u8).map(TileRow::Hashes));
        rows.filter(move |row| old >> row.level() != size >> row.level()).flat_map(move |row| {
            let first = (old >> row.level()) / TILE_WIDTH;
            (first..).map_while(move |index| Tile::of_tree(row, index, size))
        })
    }

    /// Whether all 256 are there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// The full tile in whose place this one stands.
    #[must_use]
    pub fn full(&self) -> Tile {
        Tile { width: TILE_WIDTH as u16, ..*self }
    }

    /// Entries of the log up to its last one.
    #[must_use]
    pub fn entries_end(&self) -> u64 {
        (self.index * TILE_WIDTH + u64::from(self.width)) << self.row.level()
    }

    /// The first entry under its hash number `at`.
    #[must_use]
    pub fn entry_under(&self, at: u64) -> u64 {
        (self.index * TILE_WIDTH + at) << self.row.level()
    }

    /// Its name below the log's folder.
    #[must_use]
    pub fn path(&self) -> String {
        let mut groups = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups = format!("x{:03}/{groups}", rest % 1000);
            rest /= 1000;
        }
        let row = match self.row {
            TileRow::Entries => "entries".to_owned(),
            TileRow::Hashes(level) => level.to_string(),
        };
        let partial = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("{TILES}/{row}/{groups}{partial}")
    }

    /// The tile that a name stands for; `None` if it is no name of a tile.
    #[must_use]
    pub fn parse(path: &str) -> Option<Tile> {
        let (row, rest) = path.strip_prefix(TILES)?.strip_prefix('/')?.split_once('/')?;
        let row = match row {
            "entries" => TileRow::Entries,
            digit => TileRow::Hashes(digit.parse().ok().filter(|level| usize::from(*level) < TILE_LEVELS)?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().ok().filter(|w| (1..TILE_WIDTH as u16).contains(w))?),
            None => (rest, TILE_WIDTH as u16),
        };
        let mut index: u64 = 0;
        for group in groups.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        // Signs, zeros too many, misplaced groups: only the one canonical name gives itself back.
        let tile = Tile { row, index, width };
        (index <= u64::MAX / TILE_WIDTH && tile.path() == path).then_some(tile)
    }

    /// The bytes of the narrower tile of the same stretch, as a beginning of this one's bytes.
    ///
    /// # Errors
    /// `LOG_TILE` if the bytes are not those of this tile's width.
    pub fn prefix<'a>(&self, bytes: &'a [u8], width: u16) -> Result<&'a [u8], Problem> {
        let end = match self.row {
            TileRow::Hashes(_) => usize::from(width) * 32,
            TileRow::Entries => {
                let mut entries = BundleEntries::new(bytes);
                for _ in 0..width {
                    entries.next().ok_or_else(|| self.damaged("it ends early"))??;
                }
                entries.at
            }
        };
        bytes.get(..end).ok_or_else(|| self.damaged("it ends early"))
    }

    /// The problem for a tile that is not what it should be.
    pub(crate) fn damaged(&self, what: &str) -> Problem {
        Problem::new(code::LOG_TILE, format!("{}: {what}", self.path()))
    }
}

impl TileRow {
    /// Level of the tree whose nodes stand in it.
    #[must_use]
    pub fn level(&self) -> u32 {
        match self {
            TileRow::Entries => 0,
            TileRow::Hashes(level) => 8 * u32::from(*level),
        }
    }
}

/// The entries of a bundle in order; the last item is an error if the bytes do not end with an entry.
#[derive(Clone, Debug)]
pub struct BundleEntries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BundleEntries<'a> {
    /// Starts at the bundle's first entry.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> BundleEntries<'a> {
        BundleEntries { bytes, at: 0 }
    }
}

impl<'a> Iterator for BundleEntries<'a> {
    type Item = Result<&'a [u8], Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let entry = rest.split_first_chunk().and_then(|(len, rest)| rest.get(..usize::from(u16::from_be_bytes(*len))));
        match entry {
            Some(entry) => {
                self.at += 2 + entry.len();
                Some(Ok(entry))
            }
            None => {
                let detail = format!("a bundle ends within the entry at byte {}", self.at);
                self.at = self.bytes.len();
                Some(Err(Problem::new(code::LOG_TILE, detail)))
            }
        }
    }
}

/// Name of the blob with this SHA-256.
#[must_use]
pub fn blob_path(digest: &Hash) -> String {
    let name = crate::hex(digest);
    format!("{BLOBS}/{}/{name}", &name[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        let hashes = |level, index, width| Tile { row: TileRow::Hashes(level), index, width };
        let table = [
            (hashes(0, 0, 256), "tile/0/000"),
            (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
            (hashes(1, 999, 17), "tile/1/999.p/17"),
            (hashes(2, 1000, 1), "tile/2/x001/000.p/1"),
            (Tile { row: TileRow::Entries, index: 273, width: 112 }, "tile/entries/273.p/112"),
        ];
        for (tile, path) in table {
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
    }

    #[test]
    fn only_the_one_name_of_a_tile_is_read() {
        for path in [
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x01/002",
            "tile/00/000",
            "tile/8/000",
            "tile/+1/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/07",
            "tile/0/000.p/",
            "tile/0/",
            "tile/0",
            "tile/entries/../000",
            "tile/entries/-01",
            "tile/data/000",
            "blob/00",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    /// The worked example of the specification, and every growth up to three levels.
    #[test]
    fn a_growing_tree_adds_each_tile_of_its_size_and_nothing_twice() {
        let of = |row| Tile::added(0, 70_000).filter(move |t| t.row == row).map(|t| t.path()).collect::<Vec<_>>();
        assert_eq!(of(TileRow::Entries).len(), 274);
        assert_eq!(of(TileRow::Hashes(0)).last().unwrap(), "tile/0/273.p/112");
        assert_eq!(of(TileRow::Hashes(1)), ["tile/1/000", "tile/1/001.p/17"]);
        assert_eq!(of(TileRow::Hashes(2)), ["tile/2/000.p/1"]);
        assert!(of(TileRow::Hashes(3)).is_empty());
        for (old, size) in [(0, 0), (5, 5), (0, 1), (255, 256), (256, 257), (65_535, 65_536), (1000, 70_000)] {
            let added: Vec<Tile> = Tile::added(old, size).collect();
            let before: Vec<Tile> = Tile::added(0, old).collect();
            let missing = Tile::added(0, size).filter(|tile| !before.contains(tile)).collect::<Vec<_>>();
            assert_eq!(added, missing, "{old} to {size}");
        }
    }

    #[test]
    fn a_bundle_that_ends_within_an_entry_is_an_error_and_not_shorter() {
        let bundle = [0, 2, 7, 8, 0, 0, 0, 1, 9];
        let read = |bytes| BundleEntries::new(bytes).collect::<Result<Vec<_>, _>>();
        assert_eq!(read(&bundle).unwrap(), [&[7, 8][..], &[], &[9]]);
        for cut in [1, 3, 5, 7, 8] {
            assert_eq!(read(&bundle[..cut]).unwrap_err().code, code::LOG_TILE, "{cut}");
        }
        let tile = Tile { row: TileRow::Entries, index: 0, width: 3 };
        assert_eq!(tile.prefix(&bundle, 2).unwrap(), &bundle[..6]);
        assert!(tile.prefix(&bundle[..5], 2).is_err());
    }
}
