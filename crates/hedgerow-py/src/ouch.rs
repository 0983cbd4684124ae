//! OUCH messages for Python: bytes to names and values, and back.

use crate::words::named;
use hedgerow_core::{Problem, code};
use hedgerow_wire::ouch::{self, FROM_VENUE, Layout, TO_VENUE, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

fn table(is_to_venue: bool) -> &'static [Layout] {
    if is_to_venue { TO_VENUE } else { FROM_VENUE }
}

/// Reads one OUCH message: its type's letter, and its fields by name. Raises `WireError`.
#[pyfunction]
#[pyo3(signature = (data: "bytes", *, to_venue) -> "tuple[str, dict[str, typing.Any]]")]
pub fn ouch_decode<'py>(py: Python<'py>, data: &[u8], to_venue: bool) -> PyResult<(String, Bound<'py, PyDict>)> {
    let (layout, values) = ouch::decode(table(to_venue), data).map_err(named)?;
    let told = PyDict::new(py);
    for (field, value) in layout.fields.iter().zip(values) {
        match value {
            Value::Number(number) => told.set_item(field.name, number)?,
            Value::Text(text) => told.set_item(field.name, text)?,
        }
    }
    Ok((char::from(layout.kind).to_string(), told))
}

/// Writes one OUCH message from its fields by name. Raises `WireError` for what is missing or out of range.
#[pyfunction]
#[pyo3(signature = (kind, fields: "dict[str, typing.Any]", *, to_venue) -> "bytes")]
pub fn ouch_encode<'py>(
    py: Python<'py>,
    kind: char,
    fields: &Bound<'py, PyDict>,
    to_venue: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let known = table(to_venue).iter().find(|layout| char::from(layout.kind) == kind);
    let layout = known.ok_or_else(|| named(Problem::new(code::WIRE_TYPE, format!("type {kind:?}"))))?;
    let mut values = Vec::with_capacity(layout.fields.len());
    for field in layout.fields {
        let refuse = || named(Problem::new(code::WIRE_FIELD, format!("{} {}", layout.name, field.name)));
        let value = fields.get_item(field.name)?.ok_or_else(refuse)?;
        let number = value.extract::<u64>().map(Value::Number);
        values.push(number.or_else(|_| value.extract::<String>().map(Value::Text)).map_err(|_| refuse())?);
    }
    Ok(PyBytes::new(py, &ouch::encode(table(to_venue), layout.kind, &values).map_err(named)?))
}
