//! Cosignatures of witnesses over checkpoints (C2SP tlog-cosignature v1, Ed25519, type 0x04).
//!
//! ```text
//! cosignature/v1                  what is signed: two lines, then the whole body of the checkpoint
//! time 1679315147                 seconds since the Epoch
//! example.fund/journal
//! 42
//! <base64 of the root>
//! ```
//! On the note it is one more signature line: name, and base64 of key id, eight bytes of time, big-endian, and
//! signature. The signed message does not name the witness, so each witness has a key of its own.
//! Promises: a line that claims to be by a known witness and does not verify is an error, not an absence. Never: makes a
//! key, reads a clock; seed and time are given.

use crate::named_key::{NamedKey, check_name};
use crate::note::{Note, parse_body, signature_text};
use ed25519_dalek::{Signer as _, SigningKey};
use hedgerow_core::{Problem, code};

/// Signature type of an Ed25519 cosignature, in key ids and key lines.
const COSIGNATURE: u8 = 4;
/// The specification's largest time.
const TIME_S_MAX: u64 = i64::MAX as u64;

/// A witness's private key and name.
pub struct Cosigner {
    name: String,
    key: SigningKey,
}

/// A witness's public key and name; its line is `name+key id in hex+base64(0x04 || key)`.
pub type CosignerKey = NamedKey<COSIGNATURE>;

impl Cosigner {
    /// The witness `name` with a 32-byte Ed25519 seed.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the name cannot be a key's name.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Cosigner, Problem> {
        check_name(name)?;
        Ok(Cosigner { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The key that checks its cosignatures.
    #[must_use]
    pub fn verifier(&self) -> CosignerKey {
        CosignerKey::new(&self.name, self.key.verifying_key())
    }

    /// The signature line, with its newline, over a checkpoint's body at a time in seconds since the Epoch.
    ///
    /// # Errors
    /// `LOG_COSIGNATURE` if the body is not a checkpoint's or the time is beyond 2^63 - 1.
    pub fn cosign(&self, body: &str, time_s: u64) -> Result<String, Problem> {
        if parse_body(body).is_none() || time_s > TIME_S_MAX {
            return Err(bad(format!("{} was asked to cosign no checkpoint, or at time {time_s}", self.name)));
        }
        let signature = self.key.sign(message(body, time_s).as_bytes()).to_bytes();
        let timed = [&time_s.to_be_bytes()[..], &signature].concat();
        Ok(signature_text(&self.name, self.verifier().id(), &timed))
    }
}

impl CosignerKey {
    /// When this witness cosigned a signed note, in seconds since the Epoch (its latest time); `None` if it did not.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the note is malformed; `LOG_COSIGNATURE` if a line is by this key and does not verify.
    pub fn cosigned(&self, note: &[u8]) -> Result<Option<u64>, Problem> {
        self.cosigned_note(&Note::split(note)?)
    }

    pub(crate) fn cosigned_note(&self, note: &Note<'_>) -> Result<Option<u64>, Problem> {
        let own = note.signatures.iter().filter(|line| line.is_by(self));
        let times = own.map(|line| self.time_of(note.body, &line.signature)).collect::<Result<Vec<_>, _>>()?;
        Ok(times.into_iter().max())
    }

    fn time_of(&self, body: &str, timed: &[u8]) -> Result<u64, Problem> {
        let fails = || bad(format!("of {}", self.line()));
        let (time, signature) = timed.split_first_chunk::<8>().ok_or_else(fails)?;
        let time_s = u64::from_be_bytes(*time);
        let holds = time_s <= TIME_S_MAX && parse_body(body).is_some();
        if holds && self.verifies(message(body, time_s).as_bytes(), signature) { Ok(time_s) } else { Err(fails()) }
    }
}

fn message(body: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{body}")
}

fn bad(detail: String) -> Problem {
    Problem::new(code::LOG_COSIGNATURE, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogSigner;

    fn note_and_witness() -> (String, Cosigner) {
        let note = LogSigner::new("example.fund/journal", &[7; 32]).unwrap().sign(42, &[3; 32]);
        (note, Cosigner::new("witness.example/w1", &[9; 32]).unwrap())
    }

    fn body_of(note: &str) -> &str {
        &note[..note.rfind("\n\n").unwrap() + 1]
    }

    #[test]
    fn the_cosignature_of_the_specification_is_understood_as_far_as_its_keys_are_given() {
        // The document's example gives no keys; its shape is what is checked: 4 + 8 + 64 bytes and the time.
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let note = Note::split(note.as_bytes()).unwrap();
        assert_eq!(note.signatures[0].signature.len(), 72);
        assert_eq!(note.signatures[0].signature[..8], 1_679_315_147u64.to_be_bytes());
    }

    #[test]
    fn a_cosignature_is_found_with_its_time_and_the_log_still_opens_the_note() {
        let (note, witness) = note_and_witness();
        assert_eq!(witness.verifier().cosigned(note.as_bytes()), Ok(None));
        let line = witness.cosign(body_of(&note), 1_700_000_000).unwrap();
        let both = format!("{note}{line}");
        assert_eq!(witness.verifier().cosigned(both.as_bytes()), Ok(Some(1_700_000_000)));
        let later = format!("{both}{}", witness.cosign(body_of(&note), 1_700_000_009).unwrap());
        assert_eq!(witness.verifier().cosigned(later.as_bytes()), Ok(Some(1_700_000_009)));
        let log = LogSigner::new("example.fund/journal", &[7; 32]).unwrap().verifier();
        assert_eq!(log.open(later.as_bytes()).unwrap().size, 42);
    }

    #[test]
    fn every_changed_bit_of_a_cosigned_note_is_an_error_or_takes_the_cosignature_away() {
        let (note, witness) = note_and_witness();
        let both = format!("{note}{}", witness.cosign(body_of(&note), 1_700_000_000).unwrap()).into_bytes();
        let log_line = body_of(&note).len() + 1..note.len();
        for at in (0..both.len()).filter(|at| !log_line.contains(at)) {
            for bit in 0..8 {
                let mut changed = both.clone();
                changed[at] ^= 1 << bit;
                assert!(!matches!(witness.verifier().cosigned(&changed), Ok(Some(_))), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_cosignature_over_another_checkpoint_is_named() {
        let (note, witness) = note_and_witness();
        let other = LogSigner::new("example.fund/journal", &[7; 32]).unwrap().sign(43, &[3; 32]);
        let moved = format!("{other}{}", witness.cosign(body_of(&note), 5).unwrap());
        let problem = witness.verifier().cosigned(moved.as_bytes()).unwrap_err();
        assert_eq!(problem.code, code::LOG_COSIGNATURE);
        assert!(problem.detail.contains("witness.example/w1"));
    }

    #[test]
    fn a_key_line_is_read_back_and_a_log_key_is_no_witness_key() {
        let (_, witness) = note_and_witness();
        let key = witness.verifier();
        assert_eq!(CosignerKey::parse(&key.line()).unwrap(), key);
        let log = LogSigner::new("witness.example/w1", &[9; 32]).unwrap().verifier();
        assert_ne!(log.id(), key.id());
        assert!(CosignerKey::parse(&log.line()).is_err());
        assert!(crate::VerifierKey::parse(&key.line()).is_err());
    }

    #[test]
    fn nothing_but_a_checkpoint_at_a_possible_time_is_cosigned() {
        let (note, witness) = note_and_witness();
        assert!(witness.cosign("any text\n", 1).is_err());
        assert!(witness.cosign(body_of(&note), u64::MAX).is_err());
    }
}
