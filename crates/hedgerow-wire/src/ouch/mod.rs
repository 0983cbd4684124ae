//! Order entry in the style of NASDAQ OUCH 4.2: fixed fields, most significant byte first.
//!
//! Promises: a message is taken whole, with its length and every field within its range, or refused with the field that
//! is not. Never: a socket, a clock, an order. Source: NASDAQ, "OUCH 4.2" (public), whose tables `layout` repeats.

mod layout;

pub use layout::{FROM_VENUE, Field, Kind, Layout, TO_VENUE};

use hedgerow_core::{Problem, code};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// Text without its padding, or a letter.
    Text(String),
}

/// Reads one message: its layout, and its fields in order.
///
/// ```
/// use hedgerow_wire::ouch::{TO_VENUE, Value, decode, encode};
/// let cancel = encode(TO_VENUE, b'X', &[Value::Text("T1".into()), Value::Number(0)])?;
/// let (layout, values) = decode(TO_VENUE, &cancel)?;
/// assert_eq!((layout.name, &values[0], cancel.len()), ("cancel", &Value::Text("T1".into()), 19));
/// # Ok::<(), hedgerow_core::Problem>(())
/// ```
///
/// # Errors
/// `WIRE_TYPE`, `WIRE_LENGTH`, or `WIRE_FIELD` with the field's name.
pub fn decode(table: &'static [Layout], bytes: &[u8]) -> Result<(&'static Layout, Vec<Value>), Problem> {
    let layout = layout_of(table, bytes.first().copied().unwrap_or(0))?;
    if bytes.len() != layout.length() {
        let text = format!("{} of {} bytes, it has {}", layout.name, bytes.len(), layout.length());
        return Err(Problem::new(code::WIRE_LENGTH, text));
    }
    let mut at = 1;
    let mut values = Vec::with_capacity(layout.fields.len());
    for field in layout.fields {
        let raw = &bytes[at..at + field.length];
        at += field.length;
        values.push(read(layout, field, raw)?);
    }
    Ok((layout, values))
}

/// Writes one message from its fields in order.
///
/// # Errors
/// As of [`decode`]: what it would refuse is not written.
pub fn encode(table: &'static [Layout], kind: u8, values: &[Value]) -> Result<Vec<u8>, Problem> {
    let layout = layout_of(table, kind)?;
    if values.len() != layout.fields.len() {
        let text = format!("{}: {} fields, it has {}", layout.name, values.len(), layout.fields.len());
        return Err(Problem::new(code::WIRE_LENGTH, text));
    }
    let mut bytes = vec![kind];
    for (field, value) in layout.fields.iter().zip(values) {
        let from = bytes.len();
        match (field.kind, value) {
            (Kind::Number(_), Value::Number(number)) => {
                let all = number.to_be_bytes();
                if all[..8 - field.length].iter().any(|byte| *byte != 0) {
                    return Err(refuse(layout, field, &number.to_string()));
                }
                bytes.extend_from_slice(&all[8 - field.length..]);
            }
            (Kind::Text | Kind::Letter(_), Value::Text(text)) if text.len() <= field.length => {
                bytes.extend_from_slice(text.as_bytes());
                bytes.resize(from + field.length, b' ');
            }
            (_, value) => return Err(refuse(layout, field, &format!("{value:?}"))),
        }
        read(layout, field, &bytes[from..])?;
    }
    Ok(bytes)
}

fn layout_of(table: &'static [Layout], kind: u8) -> Result<&'static Layout, Problem> {
    let found = table.iter().find(|layout| layout.kind == kind);
    found.ok_or_else(|| Problem::new(code::WIRE_TYPE, format!("type {:?}", char::from(kind))))
}

fn read(layout: &Layout, field: &Field, raw: &[u8]) -> Result<Value, Problem> {
    match field.kind {
        Kind::Number(most) => {
            let number = raw.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
            if number > most { Err(refuse(layout, field, &number.to_string())) } else { Ok(Value::Number(number)) }
        }
        Kind::Letter(known) => {
            let is_known = known.as_bytes().contains(&raw[0]);
            let text = char::from(raw[0]).to_string();
            if is_known { Ok(Value::Text(text)) } else { Err(refuse(layout, field, &text)) }
        }
        Kind::Text => {
            let text = String::from_utf8_lossy(raw);
            let own = text.trim_end_matches(' ');
            let is_plain = own.bytes().all(|byte| byte.is_ascii_graphic());
            if is_plain { Ok(Value::Text(own.to_owned())) } else { Err(refuse(layout, field, &text)) }
        }
    }
}

#[cold]
fn refuse(layout: &Layout, field: &Field, seen: &str) -> Problem {
    Problem::new(code::WIRE_FIELD, format!("{} {}: {seen:?}", layout.name, field.name))
}
