//! What a witness decides (C2SP tlog-witness v1, `add-checkpoint`): a checkpoint is cosigned only if its log signed it
//! and it extends the last one that this witness cosigned.
//!
//! ```text
//! old 20852014                    request: the size the log thinks we know
//! <base64 of a hash>              the consistency proof from there, at most 63 lines
//!
//! <the signed checkpoint>
//! ```
//! Statuses are the specification's; one size with two roots is 422, as a proof that does not hold is (C2SP pull request
//! 280; drafts before it said 409).
//! Promises: a cosignature is made only of an [`Admitted`] checkpoint, which has no other maker than [`Witness::judge`];
//! whoever persists it between the two cannot be overtaken. Never: a file, a clock, a socket; the state known, the time
//! and the request are given.

use crate::cosignature::{Cosigner, CosignerKey};
use crate::merkle::{Hash, empty_root};
use crate::note::{Checkpoint, Note, VerifierKey, parse_body, parse_hash, parse_size};
use crate::proof::check_consistency;
use base64::{Engine, engine::general_purpose::STANDARD};
use hedgerow_core::{Problem, code};
use std::fmt::Write;

/// Longest request that is read.
pub const REQUEST_BYTES_MAX: usize = 64 << 10;
/// Most lines of a consistency proof.
pub const PROOF_LINES_MAX: usize = 63;

/// A witness: its key, and the logs that it watches.
pub struct Witness {
    cosigner: Cosigner,
    logs: Vec<VerifierKey>,
}

/// What a witness answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// 200: the signature line.
    Cosigned(String),
    /// 400: not a request, or `old` beyond the checkpoint.
    Malformed(String),
    /// 403: no signature of a known key.
    Unsigned(String),
    /// 404: a log that this witness does not watch.
    UnknownOrigin(String),
    /// 409: the log thinks that we know another size than this one.
    Conflict(u64),
    /// 422: the checkpoint is not proved to extend the one we know, or has its size and another root.
    Unproved(String),
}

/// A checkpoint that may be cosigned once it is persisted.
#[derive(Debug)]
pub struct Admitted<'a> {
    /// The signed note to persist.
    pub note: &'a [u8],
    /// What it says.
    pub checkpoint: Checkpoint,
    body: &'a str,
}

/// A checkpoint that was not admitted: the answer, and whether it should be kept as evidence.
#[derive(Debug)]
pub struct Refused<'a> {
    /// What to answer.
    pub answer: Answer,
    /// The signed note, if its log signed it and it contradicts what we know, or was not proved to agree.
    pub evidence: Option<&'a [u8]>,
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Answer::Cosigned(_) => 200,
            Answer::Malformed(_) => 400,
            Answer::Unsigned(_) => 403,
            Answer::UnknownOrigin(_) => 404,
            Answer::Conflict(_) => 409,
            Answer::Unproved(_) => 422,
        }
    }

    /// What the body is.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        if let Answer::Conflict(_) = self { "text/x.tlog.size" } else { "text/plain; charset=utf-8" }
    }

    /// The body, with its last newline.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Answer::Cosigned(line) => line.clone(),
            Answer::Conflict(size) => format!("{size}\n"),
            Answer::Malformed(why) | Answer::Unsigned(why) | Answer::UnknownOrigin(why) | Answer::Unproved(why) => {
                format!("{why}\n")
            }
        }
    }
}

/// The body of an `add-checkpoint` request.
#[must_use]
pub fn request(old: u64, proof: &[Hash], note: &str) -> String {
    let mut text = format!("old {old}\n");
    for hash in proof {
        writeln!(text, "{}", STANDARD.encode(hash)).expect("a String takes any text");
    }
    text + "\n" + note
}

struct Request<'a> {
    old: u64,
    proof: Vec<Hash>,
    note: &'a str,
}

impl<'a> Request<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Request<'a>, String> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(format!("a request of {} bytes, at most {REQUEST_BYTES_MAX}", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "the request is not UTF-8")?;
        let (first, mut rest) = text.split_once('\n').ok_or("the request has no lines")?;
        let old = first.strip_prefix("old ").and_then(parse_size).ok_or("the first line is not `old SIZE`")?;
        let mut proof = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or("no empty line ends the proof")?;
            rest = after;
            if line.is_empty() {
                return Ok(Request { old, proof, note: rest });
            }
            if proof.len() == PROOF_LINES_MAX {
                return Err(format!("a proof of more than {PROOF_LINES_MAX} lines"));
            }
            proof.push(parse_hash(line).ok_or_else(|| format!("proof line {} is no hash", proof.len() + 1))?);
        }
    }
}

impl Witness {
    /// A witness of these logs; several keys may speak for one origin while they are rotated.
    #[must_use]
    pub fn new(cosigner: Cosigner, logs: Vec<VerifierKey>) -> Witness {
        Witness { cosigner, logs }
    }

    /// The key that checks its cosignatures.
    #[must_use]
    pub fn verifier(&self) -> CosignerKey {
        self.cosigner.verifier()
    }

    /// Whether a request's checkpoint may be cosigned; `known` tells the last one cosigned of an origin.
    ///
    /// # Errors
    /// The answer to give instead; nothing may change then.
    pub fn judge<'a>(
        &self,
        request: &'a [u8],
        known: impl FnOnce(&str) -> Option<Checkpoint>,
    ) -> Result<Admitted<'a>, Refused<'a>> {
        let malformed = |why: String| refused(Answer::Malformed(why));
        let request = Request::parse(request).map_err(malformed)?;
        let note = Note::split(request.note.as_bytes()).map_err(|problem| malformed(problem.detail))?;
        let new = parse_body(note.body).ok_or_else(|| malformed("the note is not a checkpoint".into()))?;
        self.check_signature(&new.origin, request.note)?;
        if request.old > new.size {
            return Err(malformed(format!("old {} is beyond the checkpoint's size {}", request.old, new.size)));
        }
        let known = known(&new.origin);
        let (size, root) = known.map_or_else(|| (0, empty_root()), |known| (known.size, known.root));
        let contradicts = new.size == size && new.root != root;
        if request.old != size {
            let evidence = contradicts.then_some(request.note.as_bytes());
            return Err(Refused { answer: Answer::Conflict(size), evidence });
        }
        if let Err(problem) = check_consistency(size, &root, new.size, &new.root, &request.proof) {
            let what = if contradicts { format!("another root was cosigned at size {size}") } else { problem.detail };
            return Err(Refused { answer: Answer::Unproved(what), evidence: Some(request.note.as_bytes()) });
        }
        Ok(Admitted { note: request.note.as_bytes(), checkpoint: new, body: note.body })
    }

    /// Cosigns, at a time in seconds since the Epoch, a checkpoint that was persisted.
    ///
    /// # Errors
    /// `LOG_COSIGNATURE` if the time is impossible.
    pub fn cosign(&self, admitted: &Admitted<'_>, time_s: u64) -> Result<Answer, Problem> {
        self.cosigner.cosign(admitted.body, time_s).map(Answer::Cosigned)
    }

    fn check_signature<'a>(&self, origin: &str, note: &str) -> Result<(), Refused<'a>> {
        let mut keys = self.logs.iter().filter(|key| key.origin() == origin).peekable();
        if keys.peek().is_none() {
            return Err(refused(Answer::UnknownOrigin(format!("unknown origin {origin}"))));
        }
        if keys.any(|key| key.open(note.as_bytes()).is_ok()) {
            return Ok(());
        }
        Err(refused(Answer::Unsigned(format!("no signature of a known key of {origin} verifies"))))
    }
}

fn refused<'a>(answer: Answer) -> Refused<'a> {
    Refused { answer, evidence: None }
}

/// What the folder's keeper says when its memory cannot be believed.
pub(crate) fn lost(detail: impl Into<String>) -> Problem {
    Problem::new(code::LOG_WITNESS_STATE, detail)
}
