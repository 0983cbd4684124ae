//! Checkpoints as signed notes (C2SP tlog-checkpoint and signed-note, Ed25519), and the keys that sign and check them.
//!
//! ```text
//! example.fund/journal            origin, also the key's name
//! 42                              entries
//! <base64 of the root>
//!
//! — example.fund/journal <base64 of key id and signature>
//! ```
//! Promises: a key line or a note that was changed by one byte does not pass; signature lines of unknown keys are
//! ignored, as the specification asks, so that witnesses can add theirs. Never: makes a key; the seed is given.

use crate::merkle::Hash;
use crate::named_key::{NamedKey, check_name};
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use hedgerow_core::{Problem, code};

/// Signature type of an Ed25519 note, in key ids and key lines.
pub(crate) const ED25519: u8 = 1;

/// What a checkpoint says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Its entries.
    pub size: u64,
    /// Its Merkle root.
    pub root: Hash,
}

/// A public key with the name of the log that it speaks for; its line is `origin+key id in hex+base64(0x01 || key)`.
pub type VerifierKey = NamedKey<ED25519>;

/// A private key with the name of the log that it speaks for.
pub struct LogSigner {
    origin: String,
    key: SigningKey,
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(code::LOG_BAD_SIGNATURE, detail)
}

impl Checkpoint {
    /// The text that is signed: origin, entries, root in base64, a newline behind each.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

impl LogSigner {
    /// The signer of the log `origin` with a 32-byte Ed25519 seed.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the origin cannot be a key's name.
    pub fn new(origin: &str, seed: &[u8; 32]) -> Result<LogSigner, Problem> {
        check_name(origin)?;
        Ok(LogSigner { origin: origin.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The key that checks its signatures.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(&self.origin, self.key.verifying_key())
    }

    /// A signed note over a tree of `size` entries.
    #[must_use]
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let body = Checkpoint { origin: self.origin.clone(), size, root: *root }.body();
        let signature = self.key.sign(body.as_bytes()).to_bytes();
        format!("{body}\n{}", signature_text(&self.origin, self.verifier().id(), &signature))
    }
}

impl VerifierKey {
    /// The log that it speaks for.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.name()
    }

    /// Checks a signed note and reads the checkpoint in it.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if this key did not sign it, or it is not a checkpoint of this log.
    pub fn open(&self, note: &[u8]) -> Result<Checkpoint, Problem> {
        let note = Note::split(note)?;
        let own = note.signatures.iter().find(|line| line.is_by(self));
        let own = own.ok_or_else(|| bad(format!("the checkpoint carries no signature of {}", self.line())))?;
        if !self.verifies(note.body.as_bytes(), &own.signature) {
            return Err(bad(format!("the checkpoint is not signed by {}", self.line())));
        }
        let checkpoint = parse_body(note.body).ok_or_else(|| bad("the signed note is not a checkpoint"))?;
        if checkpoint.origin != self.origin() {
            return Err(bad(format!("the checkpoint is of {}, not {}", checkpoint.origin, self.origin())));
        }
        Ok(checkpoint)
    }
}

/// A signed note taken apart; nothing in it is verified yet.
pub(crate) struct Note<'a> {
    /// What is signed, with its last newline.
    pub body: &'a str,
    /// Who says to have signed it, in order.
    pub signatures: Vec<SignatureLine<'a>>,
}

/// One signature line of a note.
pub(crate) struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    /// What follows the key id.
    pub signature: Vec<u8>,
}

impl SignatureLine<'_> {
    /// Whether it claims to be by this key.
    pub fn is_by<const TYPE: u8>(&self, key: &NamedKey<TYPE>) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

impl<'a> Note<'a> {
    /// Takes a signed note apart; `LOG_BAD_SIGNATURE` if it is malformed.
    pub fn split(note: &'a [u8]) -> Result<Note<'a>, Problem> {
        let note = std::str::from_utf8(note).map_err(|_| bad("the checkpoint is not UTF-8"))?;
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(bad("the checkpoint holds control characters"));
        }
        let (body, lines) = note
            .rfind("\n\n")
            .map(|at| (&note[..=at], &note[at + 2..]))
            .ok_or_else(|| bad("the checkpoint has no signature"))?;
        let signatures = signature_lines(lines).ok_or_else(|| bad("a signature line is malformed"))?;
        Ok(Note { body, signatures })
    }
}

/// Takes signature lines apart, each of which ends in a newline.
fn signature_lines(lines: &str) -> Option<Vec<SignatureLine<'_>>> {
    lines.strip_suffix('\n')?.split('\n').map(signature_line).collect()
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, data) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let data = STANDARD.decode(data).ok()?;
    let (id, signature) = data.split_first_chunk::<4>()?;
    Some(SignatureLine { name, id: *id, signature: signature.to_vec() })
}

/// A signature line: name, and base64 of key id and signature.
pub(crate) fn signature_text(name: &str, id: [u8; 4], signature: &[u8]) -> String {
    let bytes = [&id, signature].concat();
    format!("\u{2014} {name} {}\n", STANDARD.encode(bytes))
}

/// Reads a size: decimal digits without leading zeros.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

/// Reads one base64 line that holds a hash.
pub(crate) fn parse_hash(line: &str) -> Option<Hash> {
    STANDARD.decode(line).ok()?.try_into().ok()
}

/// The checkpoint that a note's body says; extension lines after the third are let pass.
pub(crate) fn parse_body(body: &str) -> Option<Checkpoint> {
    let mut lines = body.strip_suffix('\n')?.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let root = parse_hash(root)?;
    Some(Checkpoint { origin: origin.to_owned(), size: parse_size(size)?, root })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the Go `note` package's documentation.
    const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_key_line_and_signature_of_the_go_note_package_are_understood() {
        let key = VerifierKey::parse(GO_KEY).unwrap();
        assert_eq!(key.line(), GO_KEY);
        // The signature verifies; what fails is that the text is no checkpoint.
        assert_eq!(key.open(GO_NOTE.as_bytes()).unwrap_err().detail, "the signed note is not a checkpoint");
        let changed = GO_NOTE.replace("answer", "Answer");
        assert!(key.open(changed.as_bytes()).unwrap_err().detail.starts_with("the checkpoint is not signed by"));
    }

    #[test]
    fn a_signed_checkpoint_is_read_back_and_is_deterministic() {
        let signer = LogSigner::new("example.fund/journal", &[7; 32]).unwrap();
        let note = signer.sign(42, &[3; 32]);
        assert_eq!(note, signer.sign(42, &[3; 32]));
        let checkpoint = signer.verifier().open(note.as_bytes()).unwrap();
        assert_eq!(checkpoint, Checkpoint { origin: "example.fund/journal".into(), size: 42, root: [3; 32] });
    }

    #[test]
    fn every_changed_byte_of_a_note_or_key_line_is_refused() {
        let signer = LogSigner::new("example.fund/journal", &[7; 32]).unwrap();
        let note = signer.sign(42, &[3; 32]).into_bytes();
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut changed = note.clone();
                changed[at] ^= 1 << bit;
                assert!(signer.verifier().open(&changed).is_err(), "byte {at} bit {bit}");
            }
        }
        let line = signer.verifier().line().into_bytes();
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            let key = String::from_utf8(changed).unwrap();
            assert!(VerifierKey::parse(&key).is_err(), "byte {at}");
        }
    }

    #[test]
    fn signatures_of_unknown_keys_are_ignored_so_that_witnesses_can_add_theirs() {
        let (ours, other) = (LogSigner::new("a/log", &[1; 32]).unwrap(), LogSigner::new("witness", &[2; 32]).unwrap());
        let note = ours.sign(1, &[0; 32]);
        let theirs = other.sign(1, &[0; 32]);
        let both = format!("{note}{}\n", theirs.trim_end().lines().last().unwrap());
        assert_eq!(ours.verifier().open(both.as_bytes()).unwrap().size, 1);
        assert!(LogSigner::new("a/log", &[3; 32]).unwrap().verifier().open(both.as_bytes()).is_err());
    }

    #[test]
    fn a_name_with_a_space_or_a_plus_is_refused() {
        for origin in ["", "two words", "a+b", "line\nbreak"] {
            assert!(LogSigner::new(origin, &[0; 32]).is_err(), "{origin:?}");
        }
    }
}
