//! Published logs for Python: proved file by file as they leave a site or come back, and made a write-ahead file again.

use crate::governance::is_public;
use crate::words::raise;
use hedgerow_core::{Problem, code};
use hedgerow_log::{ENTRY_HEAD_BYTES, Folder, Frame, Tile, TileReader, blob_path, verify_bytes, wal_of_replica};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;

/// Proves the files of the published log with `size` entries and this root (32 bytes), in the order of `names`.
///
/// A file that was taken is the one that the root commits to; LOG_TILE names one that is not, and another can be tried.
#[pyclass(module = "hedgerow._core")]
pub struct TileProver {
    inner: hedgerow_log::TileProver,
}

fn tile(name: &str) -> PyResult<Tile> {
    let unknown = || raise(Problem::new(code::LOG_TILE, format!("{name:?} is no name of a tile or bundle")));
    Tile::parse(name).ok_or_else(unknown)
}

#[pymethods]
impl TileProver {
    #[new]
    fn new(size: u64, root: [u8; 32]) -> PyResult<TileProver> {
        Ok(TileProver { inner: hedgerow_log::TileProver::new(size, root).map_err(raise)? })
    }

    /// The names of all tiles and bundles, in the order in which they are proved.
    fn names(&self) -> Vec<String> {
        self.inner.files().map(|tile| tile.path()).collect()
    }

    /// Proves a file. Of a bundle: the names of the blobs that its entries commit to, and how many of its entries an
    /// outsider could read, beside those that everybody must.
    fn take(&mut self, py: Python<'_>, name: &str, data: &[u8]) -> PyResult<(Vec<String>, u64)> {
        let tile = tile(name)?;
        let (mut blobs, mut readable) = (Vec::new(), 0);
        let mut look = |entry: &[u8]| {
            let whole = (entry.len() >= ENTRY_HEAD_BYTES).then_some(Frame { offset: 0, entry, blob: &[] });
            blobs.extend(whole.and_then(|frame| frame.blob_digest()).map(|digest| blob_path(&digest)));
            let hidden = whole.is_some_and(|frame| frame.is_sealed() || is_public(frame.kind(), frame.payload()));
            readable += u64::from(!hidden);
        };
        py.detach(|| self.inner.take(tile, data, &mut look)).map_err(raise)?;
        Ok((blobs, readable))
    }
}

/// The beginning of a full tile or bundle that is the partial one of this name.
#[pyfunction]
pub fn narrowed_tile<'py>(py: Python<'py>, name: &str, full: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let tile = tile(name)?;
    Ok(PyBytes::new(py, tile.full().prefix(full, tile.width).map_err(raise)?))
}

/// Root of the first `size` entries of the log whose `published` entries have their tiles in a folder.
#[pyfunction]
pub fn published_root<'py>(
    py: Python<'py>,
    folder: PathBuf,
    published: u64,
    size: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let root = TileReader::new(Folder::new(folder), published).root(size).map_err(raise)?;
    Ok(PyBytes::new(py, &root))
}

/// The write-ahead file that the `size` published entries in a folder make, verified with their checkpoint and the key
/// line that must have signed it.
#[pyfunction]
pub fn rebuilt_wal<'py>(
    py: Python<'py>,
    folder: PathBuf,
    size: u64,
    note: &[u8],
    key: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let line = format!("{key}\n");
    let rebuild = || {
        let wal = wal_of_replica(Folder::new(folder), size)?;
        verify_bytes(&wal, note, line.as_bytes(), None)?;
        Ok(wal)
    };
    Ok(PyBytes::new(py, &py.detach(rebuild).map_err(raise)?))
}
