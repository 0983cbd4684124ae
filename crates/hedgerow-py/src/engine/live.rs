//! A run at a venue elsewhere: what goes out through a gateway, what works there, and a run that is taken up again.
//!
//! Promises: what is to be sent is durable; a run taken up again is the kernel derived from its journal, which goes on
//! behind the last record. Never: a clock, a socket, a guess about an order.

use super::desk::{Desk, Publishing};
use super::settings::JournalSettings;
use super::shared::Shared;
use super::{book_listener, book_run, book_settings};
use crate::words::raise;
use hedgerow_core::{Noun, Order, Problem, RecordId, VenueReport, code};
use hedgerow_kernel::{Replay, Send};
use hedgerow_log::{
    Cadence, EpochKey, FileStorage, Journal, Keyring, LogReader, LogSigner, STREAM, read_log_of, unseal,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::Path;
use std::rc::Rc;

/// An order that works, for Python: id, slot, instrument, strategy, side (1 buys), lots, filled lots, limit in ticks (0 =
/// market), name of the state, client order id.
pub type Working = (RecordId, u32, u32, u16, u8, i64, i64, i64, &'static str, u64);

/// What was let pass, for the gateway: what it is, and the bytes of its record.
pub fn told<'py>(py: Python<'py>, send: Send) -> (&'static str, Bound<'py, PyBytes>) {
    match send {
        Send::New(order) => ("new", PyBytes::new(py, bytemuck::bytes_of(&order.into_inner()))),
        Send::Cancel(request) => ("cancel", PyBytes::new(py, bytemuck::bytes_of(&request.into_inner()))),
        Send::Replace(request) => ("replace", PyBytes::new(py, bytemuck::bytes_of(&request.into_inner()))),
    }
}

/// Orders that have not ended, in order of their slots.
pub fn working(desk: &Desk) -> Vec<Working> {
    let told = |working: &hedgerow_oms::Working| {
        let Order { id, slot, instrument, strategy, side, lots, limit_ticks, client_id, .. } = working.order;
        let state = working.state.name();
        (id, slot, instrument, strategy, side, lots, working.filled_lots, limit_ticks, state, client_id)
    };
    desk.kernel.oms().iter().map(told).collect()
}

/// A report as bytes reaches the kernel and is durable; its fills are told.
pub fn heard(py: Python<'_>, shared: &Rc<Shared>, record: &[u8], handlers: &[book_listener::Handlers]) -> PyResult<()> {
    let size = VenueReport::INFO.size;
    if record.len() != size {
        let detail = format!("{} bytes, where a report has {size}", record.len());
        return Err(raise(Problem::new(code::DATA_TYPE, detail)));
    }
    shared.desk.borrow_mut().hear_outside(bytemuck::pod_read_unaligned(record)).map_err(raise)?;
    book_run::tell_fills(shared, &mut book_listener::Handled::new(py, shared, handlers))
}

/// A run as its journal left it, with the names of its instruments and books of which nothing is known yet.
pub fn taken_up(
    py: Python<'_>,
    config: &Bound<'_, PyDict>,
    journal: JournalSettings,
    keys: &Keyring,
) -> PyResult<Shared> {
    let books = book_settings::read(config)?;
    let books = books.ok_or_else(|| raise(Problem::new(code::RUN_CONFIG, "only a run over books is taken up")))?;
    let desk = resumed(journal, keys).map_err(raise)?;
    let instruments = desk.kernel.instruments().to_vec();
    let shared = Shared::new(desk);
    for instrument in &instruments {
        shared.learn(py, instrument);
    }
    *shared.books.borrow_mut() = Some(books.run(instruments.len()).map_err(raise)?);
    Ok(shared)
}

/// A fund as its journal left it: what a crash cut short is recovered first, then the kernel is derived.
fn resumed(settings: JournalSettings, keys: &Keyring) -> Result<Desk, Problem> {
    let (folder, origin, seed, epoch, (interval_ns, entries)) = settings;
    let signer = LogSigner::new(&origin, &seed)?;
    let (mut journal, _) = Journal::resume(FileStorage::open(folder.as_ref())?, &signer)?;
    journal.seal_with(epoch.map(|(word, key)| EpochKey::new(word, &key)));
    let reader = LogReader::new(unseal(&read_log_of(Path::new(&folder), STREAM)?, keys)?)?;
    let mut replay = Replay::new();
    for record in reader.records() {
        replay.push(record.kind, record.id, record.bytes)?;
    }
    let (kernel, _) = replay.finish()?;
    let publishing = Publishing { signer, cadence: Cadence::new(interval_ns, entries) };
    Desk::resume(kernel, &mut reader.records().map(|record| (record.kind, record.bytes)), journal, publishing)
}
