//! A witness's memory in a folder, and the one step that checks a checkpoint, persists it and only then cosigns it.
//!
//! ```text
//! state                 "hedgerow-witness/v1", the witness's key line, "checkpoint N" and N bytes of signed note for
//!                       each log, "sha256 HEX" of all before
//! key.pub               the witness's key line
//! lock                  held while a witness serves
//! evidence/N-HEX.known, evidence/N-HEX.refused      signed checkpoints of one log that do not agree
//! ```
//! Promises: requests are taken one after the other; no cosignature leaves before its checkpoint is synced; one process
//! serves a folder. A folder with a key and without its state, or with another's or a damaged one, is not opened: a
//! witness that forgot could cosign a fork. Never: a clock.

use crate::cosignature::Cosigner;
use crate::merkle::sha256;
use crate::note::{Checkpoint, Note, VerifierKey, parse_body, parse_size};
use crate::storage::io_problem;
use crate::witness::{Answer, Witness, lost};
use hedgerow_core::{Problem, code};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Name of the file with the last cosigned checkpoints.
pub const WITNESS_STATE: &str = "state";
/// Name of the file with the key line that checks the cosignatures.
pub const WITNESS_KEY: &str = "key.pub";
const LOCK: &str = "lock";
const EVIDENCE: &str = "evidence";
const VERSION: &str = "hedgerow-witness/v1";
/// Pairs of contradicting checkpoints that are kept at most; one is enough.
const EVIDENCE_PAIRS_MAX: usize = 64;

/// A witness that remembers.
pub struct WitnessFolder {
    folder: PathBuf,
    witness: Witness,
    cosigned: Mutex<Cosigned>,
    _lock: File,
}

/// The last cosigned note of each origin.
type Cosigned = BTreeMap<String, (Checkpoint, Vec<u8>)>;

impl WitnessFolder {
    /// Makes the memory of a new witness, which knows nothing, and writes its key line.
    ///
    /// # Errors
    /// `LOG_EXISTS` if the folder holds a witness; `LOG_IO`.
    pub fn create(folder: &Path, cosigner: &Cosigner) -> Result<(), Problem> {
        fs::create_dir_all(folder).map_err(|e| io_problem("cannot make the folder", &e))?;
        if folder.join(WITNESS_KEY).exists() || folder.join(WITNESS_STATE).exists() {
            return Err(Problem::new(code::LOG_EXISTS, format!("a witness is in {}", folder.display())));
        }
        let line = cosigner.verifier().line();
        replace_small(folder, WITNESS_STATE, &write_state(&line, &Cosigned::new()))?;
        replace_small(folder, WITNESS_KEY, format!("{line}\n").as_bytes())
    }

    /// Takes up the memory of a witness, to serve these logs.
    ///
    /// # Errors
    /// `LOG_WITNESS_STATE` if the memory is missing, damaged or another witness's; `LOG_LOCKED`; `LOG_IO`.
    pub fn open(folder: &Path, cosigner: Cosigner, logs: Vec<VerifierKey>) -> Result<WitnessFolder, Problem> {
        let state = read_small(folder, WITNESS_STATE)?
            .ok_or_else(|| lost(format!("{} is not there", folder.join(WITNESS_STATE).display())))?;
        let lock = lock(folder)?;
        let cosigned = read_state(&state, &cosigner.verifier().line())
            .map_err(|why| lost(format!("{}: {why}", folder.join(WITNESS_STATE).display())))?;
        let witness = Witness::new(cosigner, logs);
        Ok(WitnessFolder { folder: folder.to_owned(), witness, cosigned: Mutex::new(cosigned), _lock: lock })
    }

    /// Answers an `add-checkpoint` request at a time in seconds since the Epoch.
    ///
    /// # Errors
    /// `LOG_IO` if the memory could not be written; no cosignature was made then.
    pub fn add_checkpoint(&self, request: &[u8], time_s: u64) -> Result<Answer, Problem> {
        let mut cosigned = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |origin: &str| cosigned.get(origin).map(|(checkpoint, _)| checkpoint.clone());
        let admitted = match self.witness.judge(request, known) {
            Ok(admitted) => admitted,
            Err(refused) => {
                if let Some(note) = refused.evidence {
                    self.keep_evidence(&cosigned, note)?;
                }
                return Ok(refused.answer);
            }
        };
        let origin = admitted.checkpoint.origin.clone();
        let new = (admitted.checkpoint.clone(), admitted.note.to_vec());
        if cosigned.get(&origin).is_none_or(|(checkpoint, _)| *checkpoint != new.0) {
            let mut next = cosigned.clone();
            next.insert(origin, new);
            replace_small(&self.folder, WITNESS_STATE, &write_state(&self.witness.verifier().line(), &next))?;
            *cosigned = next;
        }
        self.witness.cosign(&admitted, time_s)
    }

    /// The last cosigned checkpoint of each log.
    #[must_use]
    pub fn cosigned(&self) -> Vec<Checkpoint> {
        let cosigned = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner);
        cosigned.values().map(|(checkpoint, _)| checkpoint.clone()).collect()
    }

    /// Keeps a signed note beside the one that it contradicts.
    fn keep_evidence(&self, cosigned: &Cosigned, note: &[u8]) -> Result<(), Problem> {
        let refused = Note::split(note).ok().and_then(|note| parse_body(note.body));
        let Some((refused, (_, known))) =
            refused.and_then(|new| Some((cosigned.get(&new.origin)?, new))).map(|(known, new)| (new, known))
        else {
            return Ok(());
        };
        let folder = self.folder.join(EVIDENCE);
        fs::create_dir_all(&folder).map_err(|e| io_problem("cannot make the folder of evidence", &e))?;
        let stem = format!("{}-{}", refused.size, &crate::hex(&sha256(&[known.as_slice(), note].concat()))[..16]);
        let kept = fs::read_dir(&folder).map_err(|e| io_problem("cannot list the evidence", &e))?.count();
        if folder.join(format!("{stem}.refused")).exists() || kept >= 2 * EVIDENCE_PAIRS_MAX {
            return Ok(());
        }
        replace_small(&folder, &format!("{stem}.known"), known)?;
        replace_small(&folder, &format!("{stem}.refused"), note)
    }
}

fn read_small(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    match fs::read(folder.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_problem(&format!("cannot read {name}"), &e)),
    }
}

/// Replaces a file as a whole and makes it survive a crash.
fn replace_small(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Problem> {
    let (new, old) = (folder.join(format!("{name}.new")), folder.join(name));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &old)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|e| io_problem(&format!("cannot replace {name}"), &e))
}

fn lock(folder: &Path) -> Result<File, Problem> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|e| io_problem("cannot open the lock", &e))?;
    file.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => Problem::new(code::LOG_LOCKED, format!("{} serves already", folder.display())),
        TryLockError::Error(e) => io_problem("cannot lock the folder", &e),
    })?;
    Ok(file)
}

fn write_state(key_line: &str, cosigned: &Cosigned) -> Vec<u8> {
    let mut state = format!("{VERSION}\n{key_line}\n").into_bytes();
    for (_, note) in cosigned.values() {
        state.extend_from_slice(format!("checkpoint {}\n", note.len()).as_bytes());
        state.extend_from_slice(note);
    }
    let digest = crate::hex(&sha256(&state));
    state.extend_from_slice(format!("sha256 {digest}\n").as_bytes());
    state
}

fn read_state(state: &[u8], key_line: &str) -> Result<Cosigned, String> {
    let damaged = || "it is damaged".to_owned();
    let text = std::str::from_utf8(state).map_err(|_| damaged())?;
    let (content, digest) = text.strip_suffix('\n').and_then(|t| t.rsplit_once("sha256 ")).ok_or_else(damaged)?;
    if crate::hex(&sha256(content.as_bytes())) != digest {
        return Err(damaged());
    }
    let mut rest = content
        .strip_prefix(&format!("{VERSION}\n{key_line}\n"))
        .ok_or_else(|| format!("it is not the memory of {key_line}"))?;
    let mut cosigned = Cosigned::new();
    while !rest.is_empty() {
        let (head, after) = rest.split_once('\n').ok_or_else(damaged)?;
        let bytes = head.strip_prefix("checkpoint ").and_then(parse_size).ok_or_else(damaged)?;
        let (note, after) = usize::try_from(bytes).ok().and_then(|n| after.split_at_checked(n)).ok_or_else(damaged)?;
        let body = Note::split(note.as_bytes()).map_err(|_| damaged())?.body;
        let checkpoint = parse_body(body).ok_or_else(damaged)?;
        cosigned.insert(checkpoint.origin.clone(), (checkpoint, note.as_bytes().to_vec()));
        rest = after;
    }
    Ok(cosigned)
}
