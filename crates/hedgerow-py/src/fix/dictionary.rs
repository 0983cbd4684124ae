//! A data dictionary, messages out of a file, and what they say by name.

use crate::words::named;
use hedgerow_core::Problem;
use hedgerow_wire::fix::{Books, Dictionary, Fault, Found, Parser, Rules, first_logged};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// A FIX data dictionary in QuickFIX's XML form: fields with their types and values, messages, groups.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct FixDictionary(pub Arc<Dictionary>);

/// Tag, name (the tag's digits where nobody knows it), value, what the value is called, depth within groups.
type Shown<'py> = (i32, String, Bound<'py, PyBytes>, Option<String>, u8);

#[pymethods]
impl FixDictionary {
    /// Reads the dictionary's text. Raises `WireError` with what could not be understood.
    #[new]
    fn new(xml: &str) -> PyResult<FixDictionary> {
        Dictionary::from_xml(xml).map(|dictionary| FixDictionary(Arc::new(dictionary))).map_err(named)
    }

    /// The version as messages say it: `FIX.4.4`, `FIXT.1.1`, `FIX.5.0SP2`.
    #[getter]
    fn version(&self) -> &str {
        self.0.version()
    }

    /// The name of a tag, such as `ClOrdID`.
    fn name(&self, tag: u32) -> Option<&str> {
        self.0.field(tag).map(|field| &*field.name)
    }

    /// The tag of a name.
    fn tag(&self, name: &str) -> Option<u32> {
        self.0.named(name).map(|field| field.tag)
    }

    /// The name of a type of message, such as `NewOrderSingle`.
    fn message_name(&self, msg_type: &str) -> Option<&str> {
        self.0.message(msg_type.as_bytes()).map(|message| &*message.name)
    }

    /// Names of all fields, and of all messages.
    fn names(&self) -> (Vec<String>, Vec<String>) {
        let fields = self.0.fields().iter().map(|field| field.name.to_string()).collect();
        (fields, self.0.messages().iter().map(|message| message.name.to_string()).collect())
    }

    /// What a framed message says, a row a field, and what is wrong with it, as a line of text.
    ///
    /// `application` reads the body of a FIXT message. What cannot be split ends the rows; nothing is raised.
    #[pyo3(signature = (raw: "bytes", application=None) -> "tuple[list[tuple[int, str, bytes, str | None, int]], str | None]")]
    fn show<'py>(
        &self,
        py: Python<'py>,
        raw: &[u8],
        application: Option<PyRef<'py, FixDictionary>>,
    ) -> (Vec<Shown<'py>>, Option<String>) {
        let application = application.map_or_else(|| self.0.clone(), |other| other.0.clone());
        let books = Books { session: &self.0, application: &application };
        let mut parser = Parser::new();
        let fault = parser.read(raw, books, Rules::default()).err();
        if fault.is_some_and(Fault::is_garbled) {
            let _ = parser.split_loosely(raw, books);
        }
        let message = parser.message(raw);
        let rows = message.fields().iter().map(|field| {
            let known = application.field(field.tag as u32).or_else(|| self.0.field(field.tag as u32));
            let value = message.value(*field);
            let name = known.map_or_else(|| field.tag.to_string(), |known| known.name.to_string());
            let label = known.and_then(|known| known.label(value)).map(str::to_owned);
            (field.tag, name, PyBytes::new(py, value), label, field.depth)
        });
        (rows.collect(), fault.map(|fault| Problem::from(fault).to_string()))
    }
}

/// The messages of a log's bytes, and how many bytes were passed over between them.
///
/// Nothing longer than `message_max` bytes is taken for one; one with a wrong BodyLength ends at its own CheckSum.
#[pyfunction]
#[pyo3(signature = (data: "bytes", message_max=1_048_576) -> "tuple[list[bytes], int]")]
pub fn fix_frames<'py>(py: Python<'py>, data: &[u8], message_max: usize) -> (Vec<Bound<'py, PyBytes>>, usize) {
    let (mut frames, mut passed, mut at) = (Vec::new(), data.len(), 0);
    loop {
        match first_logged(&data[at..], message_max) {
            Found::More(_) => return (frames, passed),
            Found::Garbage(skip, _) => at += skip,
            Found::Message(from, to) => {
                passed -= to - from;
                frames.push(PyBytes::new(py, &data[at + from..at + to]));
                at += to;
            }
        }
    }
}
