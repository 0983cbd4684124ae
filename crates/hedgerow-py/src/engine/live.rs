//! A run at a venue elsewhere: what goes out through a gateway, what works there, and a run that is taken up again.
//!
//! Promises: what is to be sent is durable; a run taken up again is the kernel derived from its journal, which goes on
//! behind the last record. Never: a clock, a socket, a guess about an order.

use super::desk::{Desk, Publishing, positions};
use super::settings::JournalSettings;
use super::shared::Shared;
use super::{book_listener, book_run, book_settings};
use crate::words::raise;
use hedgerow_core::{
    Execution, Finding, FullOrder, FullReplace, Noun, OrderTerms, Problem, RecordId, Route, VenueReport, code,
};
use hedgerow_exec::Links;
use hedgerow_kernel::{Input, Replay, Send};
use hedgerow_log::{
    Cadence, EpochKey, FileStorage, Journal, Keyring, LogReader, LogSigner, STREAM, read_log_of, unseal,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::Path;
use std::rc::Rc;

/// An order that works, for Python: its `Order` record with the terms in force, lots filled, name of the state, and its
/// `OrderTerms` in force (zero where it has none).
pub type Working<'py> = (Bound<'py, PyBytes>, i64, &'static str, Bound<'py, PyBytes>);

/// What was let pass, for the gateway: what it is, the bytes of its record, and of the `OrderTerms` that it has or that shall
/// change (zero where it has none).
pub type Sent<'py> = (&'static str, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// See [`Sent`].
pub fn told<'py>(py: Python<'py>, send: Send) -> Sent<'py> {
    let bytes = |record: &[u8]| PyBytes::new(py, record);
    let none = OrderTerms::default();
    let (what, record, terms) = match send {
        Send::New(order) => ("new", bytes(bytemuck::bytes_of(order.get())), none),
        Send::NewFull(full) => {
            let FullOrder { order, terms } = full.into_inner();
            ("new", bytes(bytemuck::bytes_of(&order)), terms)
        }
        Send::Cancel(request) => ("cancel", bytes(bytemuck::bytes_of(request.get())), none),
        Send::Replace(request) => ("replace", bytes(bytemuck::bytes_of(request.get())), none),
        Send::ReplaceFull(change) => {
            let FullReplace { request, terms } = change.into_inner();
            ("replace", bytes(bytemuck::bytes_of(&request)), terms)
        }
        Send::Quote { .. } => unreachable!("its sides wait one by one"),
    };
    (what, record, bytes(bytemuck::bytes_of(&terms)))
}

/// Orders that have not ended, in order of their slots; of a number only that one.
pub fn working<'py>(py: Python<'py>, desk: &Desk, only: Option<RecordId>) -> Vec<Working<'py>> {
    let told = |working: &hedgerow_oms::Working| {
        let (order, terms) = (&working.order, desk.kernel.terms_of(working.order.id));
        let record = PyBytes::new(py, bytemuck::bytes_of(order));
        let terms = PyBytes::new(py, bytemuck::bytes_of(&terms));
        (record, working.filled_lots, working.state.name(), terms)
    };
    desk.kernel.oms().iter().filter(|working| only.is_none_or(|id| working.order.id == id)).map(told).collect()
}

/// A report as bytes reaches the kernel, with what the venue says of its fill; fills are told.
pub fn heard(
    py: Python<'_>,
    shared: &Rc<Shared>,
    record: &[u8],
    handlers: &[book_listener::Handlers],
    execution: Option<&[u8]>,
) -> PyResult<()> {
    let report = read::<VenueReport>(record).map_err(raise)?;
    let said = execution.map(read::<Execution>).transpose().map_err(raise)?;
    shared.desk.borrow_mut().hear_outside(report, said).map_err(raise)?;
    book_run::tell_fills(shared, &mut book_listener::Handled::new(py, shared, handlers))
}

/// A finding as bytes, and words about it, reach the journal; neither moves anything.
pub fn found(shared: &Shared, record: &[u8], words: String) -> PyResult<RecordId> {
    let finding = read::<Finding>(record).map_err(raise)?;
    let mut desk = shared.desk.borrow_mut();
    let mut found = Input::Finding(Finding { ts: desk.time(), ..finding });
    desk.feed(&mut found).map_err(raise)?;
    desk.feed(&mut Input::Remark(0, words.into_bytes())).map_err(raise)?;
    Ok(found.as_record().1)
}

/// A venue that was compared for an order, as bytes, reaches the journal.
pub fn routed(shared: &Shared, record: &[u8]) -> PyResult<RecordId> {
    let route = read::<Route>(record).map_err(raise)?;
    let mut desk = shared.desk.borrow_mut();
    let mut input = Input::Route(Route { ts: desk.time(), ..route });
    desk.feed(&mut input).map_err(raise)?;
    Ok(input.as_record().1)
}

fn read<N: Noun>(record: &[u8]) -> Result<N, Problem> {
    let wrong =
        || Problem::new(code::DATA_TYPE, format!("{} bytes; {} has {}", record.len(), N::INFO.name, N::INFO.size));
    bytemuck::try_pod_read_unaligned(record).map_err(|_| wrong())
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
    let (mut replay, mut links) = (Replay::new(), Links::default());
    for record in reader.records() {
        replay.push(record.kind, record.id, record.bytes)?;
        if let Some(kernel) = replay.kernel() {
            links.take(record.kind, record.bytes, kernel.oms(), &positions(kernel));
        }
    }
    let (kernel, _) = replay.finish()?;
    let publishing = Publishing { signer, cadence: Cadence::new(interval_ns, entries) };
    Desk::resume(kernel, &mut reader.records().map(|record| (record.kind, record.bytes)), journal, publishing, links)
}
