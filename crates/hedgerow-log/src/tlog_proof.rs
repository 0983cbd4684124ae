//! A proof that one entry is in a log, as text that stands alone (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                  optional, of no meaning here
//! index 73894
//! <base64 of a hash>              siblings from leaf to root
//!
//! <the checkpoint with its signatures>
//! ```
//! Promises: checking needs the entry, the log's key and this text, and nothing else; other forms are refused.
//! Never: says who the witnesses are; their lines stand in the checkpoint for whoever trusts them.

use crate::merkle::{Hash, leaf_hash};
use crate::note::{Checkpoint, VerifierKey};
use crate::proof::check_inclusion;
use base64::{Engine, engine::general_purpose::STANDARD};
use hedgerow_core::{Problem, code};
use std::fmt::{self, Display, Formatter};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The text, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    /// Opaque data that travels along; not proved.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry, from 0.
    pub index: u64,
    /// Its siblings, from leaf to root.
    pub siblings: Vec<Hash>,
    /// The signed checkpoint, whole.
    pub checkpoint: String,
}

impl TlogProof {
    /// Reads the text.
    ///
    /// # Errors
    /// `LOG_PROOF` if it has another form.
    pub fn parse(text: &str) -> Result<TlogProof, Problem> {
        let bad = |what: &str| Problem::new(code::LOG_PROOF, format!("the proof text {what}"));
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| bad("has no checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(bad(&format!("does not begin with {HEADER}")));
        }
        let decode = |line: &str| STANDARD.decode(line).map_err(|_| bad("has a line that is not base64"));
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(|line| decode(&line["extra ".len()..]));
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or_else(|| bad("has no index"))?;
        let number: u64 = index.parse().map_err(|_| bad("has an index that is no number"))?;
        if number.to_string() != index {
            return Err(bad("has an index with zeros or signs before it"));
        }
        let hash = |line: &str| decode(line)?.try_into().map_err(|_| bad("has a hash that is not 32 bytes"));
        let siblings = lines.map(hash).collect::<Result<Vec<Hash>, _>>()?;
        Ok(TlogProof { extra: extra.transpose()?, index: number, siblings, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that the entry is in the log that `key` signed; gives the checkpoint that says so.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the key did not sign the checkpoint; `LOG_BAD_ROOT` if the siblings do not lead from
    /// the entry to its root.
    pub fn check(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, Problem> {
        let checkpoint = key.open(self.checkpoint.as_bytes())?;
        check_inclusion(&leaf_hash(entry), self.index, checkpoint.size, &self.siblings, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl Display for TlogProof {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for sibling in &self.siblings {
            writeln!(f, "{}", STANDARD.encode(sibling))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::LogSigner;
    use crate::proof::Subtrees;

    #[test]
    fn a_proof_is_read_back_and_any_changed_byte_of_it_is_refused() {
        let signer = LogSigner::new("a/log", &[1; 32]).unwrap();
        let mut tree = Subtrees::default();
        (0..11u8).for_each(|n| tree.push(leaf_hash(&[n])));
        let checkpoint = signer.sign(11, &tree.root(11).unwrap());
        let proof = TlogProof { extra: None, index: 6, siblings: tree.inclusion(6, 11).unwrap(), checkpoint };
        let text = proof.to_string();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 6\n"));
        assert_eq!(TlogProof::parse(&text).unwrap(), proof);
        let with_extra = TlogProof { extra: Some(b"data".to_vec()), ..proof.clone() };
        assert_eq!(TlogProof::parse(&with_extra.to_string()).unwrap(), with_extra);
        let passes = |text: &[u8]| {
            let text = std::str::from_utf8(text).map_err(|_| "text".to_owned())?;
            let read = TlogProof::parse(text).map_err(|e| e.to_string())?;
            read.check(&[6], &signer.verifier()).map_err(|e| e.to_string())
        };
        assert_eq!(passes(text.as_bytes()).unwrap().size, 11);
        for at in 0..text.len() {
            for bit in [0, 1, 5] {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1 << bit;
                assert!(passes(&changed).is_err(), "byte {at} bit {bit}");
            }
        }
        assert!(proof.check(&[7], &signer.verifier()).is_err());
    }
}
