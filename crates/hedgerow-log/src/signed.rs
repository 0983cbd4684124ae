//! The last-signed record: what this log's key has signed at most, written before the signature exists.
//!
//! Promises: of several copies (one may lie on another device) the furthest counts; copies that contradict each other
//! or are of another log are an error. Never: a signature; the text is a checkpoint's body.

use crate::note::{Checkpoint, VerifierKey, parse_body};
use crate::storage::Storage;
use hedgerow_core::{Problem, code};

/// Name of the small file with the last-signed record.
pub const SIGNED: &str = "signed";

/// The last-signed record of a log, if there is one.
pub(crate) fn read<S: Storage>(storage: &S, key: &VerifierKey) -> Result<Option<Checkpoint>, Problem> {
    let copies = storage.copies(SIGNED)?.into_iter().map(|bytes| parse(&bytes, key));
    let mut furthest: Option<Checkpoint> = None;
    for copy in copies {
        furthest = Some(further(furthest, copy?)?);
    }
    Ok(furthest)
}

/// The one of two signed states that has more entries; with equally many they must be the same.
pub(crate) fn further(one: Option<Checkpoint>, other: Checkpoint) -> Result<Checkpoint, Problem> {
    match one {
        Some(one) if one.size == other.size && one != other => {
            let (left, right) = (crate::hex(&one.root), crate::hex(&other.root));
            let detail = format!("two roots of {} entries were signed: {left} and {right}", one.size);
            Err(Problem::new(code::LOG_BAD_ROOT, detail))
        }
        Some(one) if one.size >= other.size => Ok(one),
        _ => Ok(other),
    }
}

fn parse(bytes: &[u8], key: &VerifierKey) -> Result<Checkpoint, Problem> {
    let bad = |what: String| Problem::new(code::LOG_SIGNED, what);
    let text = std::str::from_utf8(bytes).map_err(|_| bad(format!("{SIGNED} is not UTF-8")))?;
    let record = parse_body(text).filter(|record| record.body() == text);
    let record = record.ok_or_else(|| bad(format!("{SIGNED} says {text:?}, not origin, size and root")))?;
    if record.origin != key.origin() {
        return Err(bad(format!("{SIGNED} is of {}, the log is {}", record.origin, key.origin())));
    }
    Ok(record)
}
