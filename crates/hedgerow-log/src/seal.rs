//! Sealing of entries: what leaves the site is ciphertext, and the Merkle leaf commits to the ciphertext.
//!
//! ```text
//! sealed entry := kind 35, flags 0, count and first_id as the plain entry has them,
//!                 epoch:u32 zero:u32 seal                            where that is at most 16,384 bytes, else
//!                 epoch:u32 seal_len:u32 sha256(seal)                and the seal is the entry's blob
//! seal         := salt:32 ciphertext tag:16                          AES-256-GCM, nonce zero: the key is used once
//! plaintext    := entry_len:u32 entry blob                           of the plain frame
//! salt         := HMAC-SHA256(HKDF(epoch key, "hedgerow/v1/salt"), first_id:u64 plaintext)
//! key          := HKDF-SHA256(epoch key, salt, "hedgerow/v1/entry")
//! aad          := commitment first_id:u64
//! commitment   := HKDF(epoch key, "hedgerow/v1/commit")
//! ```
//! Promises: equal input gives equal bytes; no two entries share a key, because the salt depends on the id and on every
//! byte; one key has one commitment, and an epoch key that is not the committed one is refused before it opens
//! anything; a changed bit anywhere is a named problem; a seal has one place, which its length says. GCM alone binds no
//! key, so that opening also derives the salt again: a ciphertext made to open as two texts would need a text that
//! contains its own salt. Never: makes a key, writes one down, prints one. Source: C2SP/RFC 5869 (HKDF), NIST SP 800-38D
//! (GCM), RFC 8452's idea of a derived nonce.

mod tape;

pub use tape::{SealedTape, open_tape};

use crate::frame::{ENTRY_HEAD_BYTES, Frame, HEAD_BYTES, entry_head, u32_at, u64_at};
use crate::merkle::{Hash, sha256};
use aes_gcm::aead::{AeadInOut, KeyInit as _};
use aes_gcm::{Aes256Gcm, Tag};
use hedgerow_core::{Problem, RecordId, code};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;

/// Frame kind of a sealed entry: count and first id as they were, the epoch of its key, and its seal or the seal's SHA-256.
pub const KIND_SEALED: u16 = 35;
/// Longest sealed entry; a bundle of 256 of them is 4 MiB. What would be longer has its seal in a blob.
pub const SEALED_ENTRY_BYTES_MAX: usize = 16_384;
/// A sealed entry before its seal: head, epoch, length of a seal that lies in the blob.
const SEALED_HEAD_BYTES: usize = ENTRY_HEAD_BYTES + 8;
/// Length of a sealed entry whose seal lies in the blob.
const SEALED_BLOB_ENTRY_BYTES: usize = SEALED_HEAD_BYTES + size_of::<Hash>();
const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;
/// What a seal adds to the plain entry and its blob.
const SEAL_BYTES_ADDED: usize = SALT_BYTES + LENGTH_BYTES + TAG_BYTES;
/// The shortest seal: of an entry without a payload.
const SEAL_BYTES_MIN: usize = SEAL_BYTES_ADDED + ENTRY_HEAD_BYTES;

/// What a key is for; an epoch's number carries its compartment in the highest byte.
pub const COMPARTMENTS: [&str; 4] = ["journal", "governance", "author-private", "compensation"];
const NUMBER_BITS: u32 = 24;

/// The number that sealed entries carry for epoch `number` of a compartment.
///
/// ```
/// use hedgerow_log::{epoch_name, epoch_word};
/// assert_eq!(epoch_word("journal", 3), Some(3));
/// assert_eq!(epoch_name(epoch_word("compensation", 3).unwrap()), "compensation 3");
/// assert_eq!(epoch_word("kitchen", 3), None);
/// ```
#[must_use]
pub fn epoch_word(compartment: &str, number: u32) -> Option<u32> {
    let place = COMPARTMENTS.iter().position(|name| *name == compartment)? as u32;
    (0 < number && number < 1 << NUMBER_BITS).then_some(place << NUMBER_BITS | number)
}

/// Compartment and number of an epoch, for people.
#[must_use]
pub fn epoch_name(word: u32) -> String {
    let compartment = COMPARTMENTS.get((word >> NUMBER_BITS) as usize).copied().unwrap_or("unknown");
    format!("{compartment} {}", word & ((1 << NUMBER_BITS) - 1))
}

/// The key of one epoch of one compartment; every device of the team holds it, nobody else.
#[derive(Clone)]
pub struct EpochKey {
    epoch: u32,
    key: [u8; 32],
    commitment: Hash,
    salts: Hmac<Sha256>,
}

/// The epoch keys that one reader holds.
#[derive(Clone, Debug, Default)]
pub struct Keyring(BTreeMap<u32, EpochKey>);

/// The key of exactly one entry: opens it for an outsider, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryKey {
    /// Epoch that the entry was sealed in.
    pub epoch: u32,
    /// Commitment of the epoch's key, as the epoch event publishes it.
    pub commitment: Hash,
    /// The entry's key.
    pub key: [u8; 32],
}

/// A plain frame's entry and blob, out of a sealed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    plaintext: Vec<u8>,
}

impl Opened {
    fn cut(&self) -> usize {
        LENGTH_BYTES + u32_at(&self.plaintext, 0) as usize
    }

    /// The entry as it was before it was sealed.
    #[must_use]
    pub fn entry(&self) -> &[u8] {
        &self.plaintext[LENGTH_BYTES..self.cut()]
    }

    /// The rows behind it, if it was a segment.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.plaintext[self.cut()..]
    }
}

impl EpochKey {
    /// The key of epoch `epoch` (see [`epoch_word`]).
    #[must_use]
    pub fn new(epoch: u32, key: &[u8; 32]) -> EpochKey {
        let derive = |info: &[u8]| expand(&Hkdf::new(None, key), info);
        let salts = Hmac::new_from_slice(&derive(b"hedgerow/v1/salt")).expect("any length is a key");
        EpochKey { epoch, key: *key, commitment: derive(b"hedgerow/v1/commit"), salts }
    }

    /// The key of an epoch, if it is the one that the epoch event commits to.
    ///
    /// # Errors
    /// `LOG_SEAL_COMMITMENT` if it is another.
    pub fn committed(epoch: u32, key: &[u8; 32], commitment: &Hash) -> Result<EpochKey, Problem> {
        let epoch = EpochKey::new(epoch, key);
        if epoch.commitment == *commitment {
            return Ok(epoch);
        }
        let (seen, wanted) = (crate::hex(&epoch.commitment), crate::hex(commitment));
        let detail = format!("epoch {}: the key's commitment is {seen}, published is {wanted}", epoch.name());
        Err(Problem::new(code::LOG_SEAL_COMMITMENT, detail))
    }

    /// Number of the epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What the epoch event publishes; tells nothing of the key, and no other key has it.
    #[must_use]
    pub fn commitment(&self) -> &Hash {
        &self.commitment
    }

    fn name(&self) -> String {
        epoch_name(self.epoch)
    }

    /// Seals a plain entry and its blob; gives the sealed entry and its blob, which is empty if the seal is in the entry.
    #[must_use]
    pub fn seal(&self, entry: &[u8], blob: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut frame = [&[0; HEAD_BYTES], entry, blob].concat();
        let (entry_len, _) = self.seal_in_place(&mut frame, 0, entry.len());
        let blob = frame.split_off(HEAD_BYTES + entry_len);
        (frame.split_off(HEAD_BYTES), blob)
    }

    /// Seals the plain frame that stands from `start` to the buffer's end, its head still unwritten; gives the lengths
    /// of the sealed entry and its blob. Asks for no memory where the buffer has room.
    pub(crate) fn seal_in_place(&self, buffer: &mut Vec<u8>, start: usize, entry_len: usize) -> (usize, usize) {
        let plain = start + HEAD_BYTES;
        let plain_end = buffer.len();
        let seal_len = plain_end - plain + SEAL_BYTES_ADDED;
        let inside = SEALED_HEAD_BYTES + seal_len <= SEALED_ENTRY_BYTES_MAX;
        let seal = plain + if inside { SEALED_HEAD_BYTES } else { SEALED_BLOB_ENTRY_BYTES };
        let (text, text_end) = (seal + SALT_BYTES, seal + seal_len - TAG_BYTES);
        buffer.resize(text_end + TAG_BYTES, 0);
        buffer.copy_within(plain..plain_end, text + LENGTH_BYTES);
        buffer[text..text + LENGTH_BYTES].copy_from_slice(&(entry_len as u32).to_le_bytes());
        let (count, first_id) = (u32_at(buffer, text + LENGTH_BYTES + 4), u64_at(buffer, text + LENGTH_BYTES + 8));
        let salt = self.salt(first_id, &buffer[text..text_end]);
        let tag = cipher(&self.entry_key(&salt))
            .encrypt_inout_detached(
                &Default::default(),
                &aad(&self.commitment, first_id),
                (&mut buffer[text..text_end]).into(),
            )
            .expect("a frame is shorter than GCM's 64 GiB");
        buffer[text_end..].copy_from_slice(&tag);
        buffer[seal..text].copy_from_slice(&salt);
        let digest = (!inside).then(|| sha256(&buffer[seal..]));
        let (head, rest) = buffer[plain..seal].split_at_mut(ENTRY_HEAD_BYTES);
        head.copy_from_slice(&entry_head(KIND_SEALED, count, first_id));
        rest[..4].copy_from_slice(&self.epoch.to_le_bytes());
        rest[4..8].copy_from_slice(&(if inside { 0 } else { seal_len as u32 }).to_le_bytes());
        match digest {
            None => (SEALED_HEAD_BYTES + seal_len, 0),
            Some(digest) => {
                rest[8..].copy_from_slice(&digest);
                (SEALED_BLOB_ENTRY_BYTES, seal_len)
            }
        }
    }

    /// Opens a sealed frame of this epoch.
    ///
    /// # Errors
    /// `LOG_SEAL_TAMPERED` if any bit of it, or of what it stands for, is not as it was sealed.
    pub fn open(&self, sealed: &Frame<'_>) -> Result<Opened, Problem> {
        let opened = self.disclose(sealed).open(sealed)?;
        if seal_of(sealed)[..SALT_BYTES] == self.salt(sealed.first_id(), &opened.plaintext) {
            return Ok(opened);
        }
        Err(tampered(sealed, "its salt is not the one that its text gives"))
    }

    /// The key of one sealed frame of this epoch, to be shown to somebody who may read this frame and no other.
    #[must_use]
    pub fn disclose(&self, sealed: &Frame<'_>) -> EntryKey {
        let key = self.entry_key(&seal_of(sealed)[..SALT_BYTES]);
        EntryKey { epoch: self.epoch, commitment: self.commitment, key }
    }

    fn salt(&self, first_id: RecordId, plaintext: &[u8]) -> [u8; SALT_BYTES] {
        let mut salts = self.salts.clone();
        salts.update(&first_id.to_le_bytes());
        salts.update(plaintext);
        salts.finalize().into_bytes().into()
    }

    fn entry_key(&self, salt: &[u8]) -> [u8; 32] {
        expand(&Hkdf::new(Some(salt), &self.key), b"hedgerow/v1/entry")
    }
}

impl EntryKey {
    /// Opens the one frame that this key is for.
    ///
    /// # Errors
    /// `LOG_BLOB` if the entry is no sealed one, or does not commit to these bytes; `LOG_SEAL_TAMPERED` if they do not open, or hold
    /// something else than the sealed entry says.
    pub fn open(&self, sealed: &Frame<'_>) -> Result<Opened, Problem> {
        let changed = sealed.blob_digest().is_some_and(|digest| digest != sha256(sealed.blob));
        if !sealed.is_sealed() || changed {
            let (id, at) = (sealed.first_id(), sealed.offset);
            return Err(Problem::new(code::LOG_BLOB, format!("sealed entry with the records from {id}, byte {at}")));
        }
        let (text, tag) = seal_of(sealed)[SALT_BYTES..].split_last_chunk::<TAG_BYTES>().expect("its shape was checked");
        let mut plaintext = text.to_vec();
        let aad = aad(&self.commitment, sealed.first_id());
        cipher(&self.key)
            .decrypt_inout_detached(&Default::default(), &aad, plaintext.as_mut_slice().into(), &Tag::from(*tag))
            .map_err(|_| tampered(sealed, "its tag does not verify"))?;
        let entry_len = u32_at(&plaintext, 0) as usize;
        if !(ENTRY_HEAD_BYTES..=plaintext.len() - LENGTH_BYTES).contains(&entry_len) {
            return Err(tampered(sealed, "it holds an entry of an impossible length"));
        }
        let opened = Opened { plaintext };
        let plain = Frame { offset: sealed.offset, entry: opened.entry(), blob: opened.blob() };
        let stands_for = (plain.count(), plain.first_id()) == (sealed.count(), sealed.first_id());
        if plain.kind() == KIND_SEALED || !stands_for || plain.check_shape().is_err() {
            return Err(tampered(sealed, "it holds another entry than it says"));
        }
        Ok(opened)
    }
}

impl Keyring {
    /// Adds an epoch's key.
    pub fn add(&mut self, key: EpochKey) {
        self.0.insert(key.epoch, key);
    }

    /// Epochs whose keys are here, in order.
    pub fn epochs(&self) -> impl Iterator<Item = u32> {
        self.0.keys().copied()
    }

    /// The key that a sealed frame needs.
    ///
    /// # Errors
    /// `LOG_SEAL_EPOCH` if it is not here.
    pub fn key_of(&self, sealed: &Frame<'_>) -> Result<&EpochKey, Problem> {
        let word = sealed.epoch().unwrap_or_default();
        self.0.get(&word).ok_or_else(|| {
            let held: Vec<String> = self.epochs().map(epoch_name).collect();
            let held = if held.is_empty() { "none".to_owned() } else { held.join(", ") };
            let (id, wanted) = (sealed.first_id(), epoch_name(word));
            Problem::new(code::LOG_SEAL_EPOCH, format!("record {id} is sealed in epoch {wanted}; held: {held}"))
        })
    }

    /// Opens a sealed frame.
    ///
    /// # Errors
    /// `LOG_SEAL_EPOCH`, and what [`EpochKey::open`] gives.
    pub fn open(&self, sealed: &Frame<'_>) -> Result<Opened, Problem> {
        self.key_of(sealed)?.open(sealed)
    }
}

impl FromIterator<EpochKey> for Keyring {
    fn from_iter<I: IntoIterator<Item = EpochKey>>(keys: I) -> Keyring {
        Keyring(keys.into_iter().map(|key| (key.epoch, key)).collect())
    }
}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochKey({}, {})", self.name(), crate::hex(&self.commitment))
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryKey({}, {})", epoch_name(self.epoch), crate::hex(&self.commitment))
    }
}

/// The seal of a sealed frame of right shape, wherever it lies.
fn seal_of<'a>(sealed: &Frame<'a>) -> &'a [u8] {
    if sealed.blob_digest().is_some() { sealed.blob } else { &sealed.payload()[SEALED_HEAD_BYTES - ENTRY_HEAD_BYTES..] }
}

/// Whether the parts of a sealed frame fit together, and its seal lies where one of its length belongs.
pub(crate) fn check_sealed(sealed: &Frame<'_>) -> Result<(), Problem> {
    let problem = |code, what: &str| Err(Problem::new(code, format!("{what} in the frame at {}", sealed.offset)));
    let Some(behind) = sealed.payload().get(4..8).map(|length| u32_at(length, 0) as usize) else {
        return problem(code::LOG_UNKNOWN_KIND, "a sealed entry of another shape");
    };
    let fits = match behind {
        0 => (SEALED_HEAD_BYTES + SEAL_BYTES_MIN..=SEALED_ENTRY_BYTES_MAX).contains(&sealed.entry.len()),
        seal => sealed.entry.len() == SEALED_BLOB_ENTRY_BYTES && SEALED_HEAD_BYTES + seal > SEALED_ENTRY_BYTES_MAX,
    };
    if !fits {
        return problem(code::LOG_UNKNOWN_KIND, "a sealed entry of another shape");
    }
    if sealed.count() == 0 {
        return problem(code::LOG_SEQUENCE, "a sealed entry of no records");
    }
    if sealed.blob.len() != behind {
        return problem(code::LOG_BLOB, "other bytes behind a sealed entry than it says");
    }
    Ok(())
}

fn expand(hkdf: &Hkdf<Sha256>, info: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf.expand(info, &mut key).expect("32 bytes are one block");
    key
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

fn aad(commitment: &Hash, first_id: RecordId) -> [u8; 40] {
    let mut aad = [0; 40];
    aad[..32].copy_from_slice(commitment);
    aad[32..].copy_from_slice(&first_id.to_le_bytes());
    aad
}

fn tampered(sealed: &Frame<'_>, what: &str) -> Problem {
    let (id, at) = (sealed.first_id(), sealed.offset);
    Problem::new(code::LOG_SEAL_TAMPERED, format!("{what}: records from {id}, byte {at}"))
}
