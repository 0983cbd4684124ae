//! Public keys as signed notes know them (C2SP signed-note): a name, a type of signature, and an Ed25519 key.
//!
//! Promises: one line a key and one key a line; a line whose id does not belong to its key is refused. The type is part
//! of the Rust type, so that a log's key never checks a cosignature. Never: makes a key.

use crate::merkle::sha256;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use hedgerow_core::{Problem, code};

/// A public key with its name; `TYPE` is the signature type in key ids and key lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedKey<const TYPE: u8> {
    name: String,
    key: VerifyingKey,
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(code::LOG_BAD_SIGNATURE, detail)
}

impl<const TYPE: u8> NamedKey<TYPE> {
    pub(crate) fn new(name: &str, key: VerifyingKey) -> NamedKey<TYPE> {
        NamedKey { name: name.to_owned(), key }
    }

    /// Reads a key line: `name+key id in hex+base64(type || public key)`.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if it is not one of this type, or its id does not belong to its key.
    pub fn parse(line: &str) -> Result<NamedKey<TYPE>, Problem> {
        let text = line.strip_suffix('\n').unwrap_or(line);
        let not_a_key = || bad(format!("not a verifier key line of type {TYPE}: {text:?}"));
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(not_a_key());
        };
        check_name(name)?;
        let bytes = STANDARD.decode(key).map_err(|_| not_a_key())?;
        let Some((given, public)) = bytes.split_first() else { return Err(not_a_key()) };
        let public = <&[u8; 32]>::try_from(public).map_err(|_| not_a_key())?;
        let key = NamedKey::new(name, VerifyingKey::from_bytes(public).map_err(|_| not_a_key())?);
        if *given != TYPE {
            return Err(not_a_key());
        }
        if crate::hex(&key.id()) != id {
            return Err(bad(format!("key id {id} does not belong to the key {}", key.line())));
        }
        Ok(key)
    }

    /// Its name: of a log's key the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First four bytes of SHA-256(name || newline || type || public key).
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &[TYPE], self.key.as_bytes()].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The key line, without a newline.
    #[must_use]
    pub fn line(&self) -> String {
        let key = STANDARD.encode([&[TYPE], self.key.as_bytes().as_slice()].concat());
        format!("{}+{}+{key}", self.name, crate::hex(&self.id()))
    }

    /// The key itself, 32 bytes.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether these 64 bytes sign a message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

/// A key's name has no spaces and no plus sign.
pub(crate) fn check_name(name: &str) -> Result<(), Problem> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(bad(format!("{name:?} cannot name a log: no spaces, no plus sign, not empty")));
    }
    Ok(())
}
