//! Tapes: bytes beside a sealed journal, sealed block by block under the journal's epoch while they are written.
//!
//! ```text
//! sealed tape := "HRTAPE1\0" epoch:u32 block...
//! block       := length:u32 salt:32 ciphertext tag:16      length of what follows; AES-256-GCM, nonce zero
//! tape key    := HKDF-SHA256(epoch key, "hedgerow/v1/tape")
//! salt        := HMAC-SHA256(HKDF-SHA256(tape key, "salt"), number:u64 plaintext)
//! key         := HKDF-SHA256(tape key, salt, "block")
//! aad         := number:u64                                 blocks are numbered from 0
//! ```
//! Promises: equal input gives equal bytes, and two texts never share a key; no plaintext is written, not for a moment; a
//! block that was changed or moved is a named problem. Where a tape was cut shows in the journal, which holds the hash of
//! what was taped. Never: writes a key down.

use super::{EpochKey, Keyring, epoch_name};
use aes_gcm::aead::{AeadInOut, KeyInit as _};
use aes_gcm::{Aes256Gcm, Tag};
use hedgerow_core::{Problem, code};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::io::{Result as Done, Write};

const MAGIC: &[u8; 8] = b"HRTAPE1\0";
const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// A block is sealed once it holds this many bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// The keys of one epoch's blocks.
struct Blocks {
    key: [u8; 32],
    salts: Hmac<Sha256>,
}

fn derive(salt: Option<&[u8]>, key: &[u8], info: &[u8]) -> [u8; 32] {
    let mut derived = [0; 32];
    Hkdf::<Sha256>::new(salt, key).expand(info, &mut derived).expect("32 bytes are one block");
    derived
}

impl Blocks {
    fn of(epoch: &EpochKey) -> Blocks {
        let key = derive(None, &epoch.key, b"hedgerow/v1/tape");
        let salts = Hmac::new_from_slice(&derive(None, &key, b"salt")).expect("any length is a key");
        Blocks { key, salts }
    }

    fn salt(&self, number: u64, text: &[u8]) -> [u8; SALT_BYTES] {
        let mut salts = self.salts.clone();
        salts.update(&number.to_le_bytes());
        salts.update(text);
        salts.finalize().into_bytes().into()
    }

    fn cipher(&self, salt: &[u8]) -> Aes256Gcm {
        Aes256Gcm::new(&derive(Some(salt), &self.key, b"block").into())
    }
}

/// A tape that is sealed while it is written; what is not yet a whole block is in memory until it is flushed.
pub struct SealedTape<W> {
    to: W,
    blocks: Blocks,
    text: Vec<u8>,
    number: u64,
}

impl<W: Write> SealedTape<W> {
    /// Begins a tape.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(mut to: W, epoch: &EpochKey) -> Done<SealedTape<W>> {
        to.write_all(MAGIC)?;
        to.write_all(&epoch.epoch.to_le_bytes())?;
        Ok(SealedTape { to, blocks: Blocks::of(epoch), text: Vec::with_capacity(2 * BLOCK_BYTES), number: 0 })
    }

    fn seal_block(&mut self) -> Done<()> {
        let mut text = std::mem::take(&mut self.text);
        let salt = self.blocks.salt(self.number, &text);
        let tag = self
            .blocks
            .cipher(&salt)
            .encrypt_inout_detached(&Default::default(), &self.number.to_le_bytes(), text.as_mut_slice().into())
            .expect("a block is shorter than GCM's 64 GiB");
        let length = (SALT_BYTES + text.len() + TAG_BYTES) as u32;
        for part in [&length.to_le_bytes()[..], &salt, &text, &tag] {
            self.to.write_all(part)?;
        }
        text.clear();
        (self.text, self.number) = (text, self.number + 1);
        Ok(())
    }
}

impl<W: Write> Write for SealedTape<W> {
    fn write(&mut self, bytes: &[u8]) -> Done<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.len() >= BLOCK_BYTES {
            self.seal_block()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Done<()> {
        if !self.text.is_empty() {
            self.seal_block()?;
        }
        self.to.flush()
    }
}

fn tampered(number: u64, what: &str) -> Problem {
    Problem::new(code::LOG_SEAL_TAMPERED, format!("block {number} of the tape: {what}"))
}

/// The bytes that a tape holds; a plain one comes out as it went in.
///
/// # Errors
/// `LOG_SEAL_EPOCH` if the key of its epoch is not here, `LOG_SEAL_TAMPERED` if a block does not open.
pub fn open_tape(tape: &[u8], keys: &Keyring) -> Result<Vec<u8>, Problem> {
    let Some(sealed) = tape.strip_prefix(MAGIC) else { return Ok(tape.to_vec()) };
    let cut = |number| tampered(number, "it is cut");
    let (word, mut rest) = sealed.split_first_chunk().ok_or_else(|| cut(0))?;
    let word = u32::from_le_bytes(*word);
    let key = keys.0.get(&word).ok_or_else(|| {
        let detail = format!("the tape is sealed in epoch {}; its key is not here", epoch_name(word));
        Problem::new(code::LOG_SEAL_EPOCH, detail)
    })?;
    let (blocks, mut plain, mut number) = (Blocks::of(key), Vec::with_capacity(rest.len()), 0);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or_else(|| cut(number))?;
        let length = u32::from_le_bytes(*length) as usize;
        let block = after.get(..length).filter(|b| b.len() > SALT_BYTES + TAG_BYTES).ok_or_else(|| cut(number))?;
        let (salt, sealed) = block.split_at(SALT_BYTES);
        let (text, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
        let start = plain.len();
        plain.extend_from_slice(text);
        let tag = Tag::try_from(tag).expect("sixteen bytes");
        blocks
            .cipher(salt)
            .decrypt_inout_detached(&Default::default(), &number.to_le_bytes(), (&mut plain[start..]).into(), &tag)
            .map_err(|_| tampered(number, "its tag does not verify"))?;
        if blocks.salt(number, &plain[start..]) != salt {
            return Err(tampered(number, "its salt is not the one that its text gives"));
        }
        (rest, number) = (&after[length..], number + 1);
    }
    Ok(plain)
}
