//! Encryption to people's devices: the age v1 format with X25519 recipients, its randomness an argument.
//!
//! Promises: any age tool that holds one of the identities opens the file; equal plaintext, recipients and entropy give
//! equal bytes, so that a run can be repeated; entropy used twice for different plaintexts or recipients still gives
//! unrelated keys. Never: reads a source of randomness; decrypts (the age library of the person's device does).
//!
//! Source: the age specification, C2SP/age.md (age-encryption.org/v1).

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bech32::{Bech32, Hrp};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hedgerow_core::{Problem, code};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

const RECIPIENT: &str = "age";
const IDENTITY: &str = "age-secret-key-";
const CHUNK_BYTES: usize = 64 * 1024;

/// The recipient (`age1...`) and identity (`AGE-SECRET-KEY-1...`) of a 32-byte X25519 secret.
#[must_use]
pub fn age_identity(secret: &[u8; 32]) -> (String, String) {
    let public = PublicKey::from(&StaticSecret::from(*secret));
    let spell = |prefix, bytes: &[u8]| {
        bech32::encode::<Bech32>(Hrp::parse_unchecked(prefix), bytes).expect("32 bytes fit a bech32 string")
    };
    (spell(RECIPIENT, public.as_bytes()), spell(IDENTITY, secret).to_ascii_uppercase())
}

/// Encrypts to every recipient; `entropy` must be unpredictable to all others.
///
/// # Errors
/// `GOV_RECIPIENT` if there is no recipient, or one is not an `age1...` X25519 recipient.
pub fn age_encrypt(plaintext: &[u8], recipients: &[&str], entropy: &[u8; 32]) -> Result<Vec<u8>, Problem> {
    if recipients.is_empty() {
        return Err(Problem::new(code::GOV_RECIPIENT, "no recipient: nobody could open it"));
    }
    let devices = recipients.iter().map(|r| public_key(r)).collect::<Result<Vec<_>, _>>()?;
    let drawn = Drawn::from(entropy, plaintext, &devices);
    let file_key: [u8; 16] = drawn.bytes("file key", 0);
    let mut file = b"age-encryption.org/v1\n".to_vec();
    for (index, device) in devices.iter().enumerate() {
        file.extend_from_slice(stanza(device, &file_key, drawn.bytes("ephemeral", index as u32)).as_bytes());
    }
    file.extend_from_slice(b"---");
    let tag = header_mac(&file_key, &file);
    file.extend_from_slice(format!(" {}\n", STANDARD_NO_PAD.encode(tag)).as_bytes());
    let nonce: [u8; 16] = drawn.bytes("nonce", 0);
    file.extend_from_slice(&nonce);
    seal_chunks(&derived(&file_key, &nonce, "payload"), plaintext, &mut file);
    Ok(file)
}

/// One recipient's line and the file key wrapped for it.
fn stanza(device: &[u8; 32], file_key: &[u8; 16], ephemeral: [u8; 32]) -> String {
    let secret = StaticSecret::from(ephemeral);
    let share = PublicKey::from(&secret);
    let shared = secret.diffie_hellman(&PublicKey::from(*device));
    let salt = [*share.as_bytes(), *device].concat();
    let wrap_key = derived(shared.as_bytes(), &salt, "age-encryption.org/v1/X25519");
    // The wrap key is used once, so the format fixes its nonce at zero.
    let wrapped = chacha(&wrap_key, &[0; 12], file_key);
    format!("-> X25519 {}\n{}\n", STANDARD_NO_PAD.encode(share.as_bytes()), STANDARD_NO_PAD.encode(wrapped))
}

/// The STREAM of chunks: nonce = eleven bytes of counter, and one that marks the last chunk.
fn seal_chunks(key: &[u8; 32], plaintext: &[u8], file: &mut Vec<u8>) {
    let count = plaintext.len().div_ceil(CHUNK_BYTES).max(1);
    for index in 0..count {
        let chunk = &plaintext[index * CHUNK_BYTES..plaintext.len().min((index + 1) * CHUNK_BYTES)];
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&(index as u64).to_be_bytes());
        nonce[11] = u8::from(index + 1 == count);
        file.extend_from_slice(&chacha(key, &nonce, chunk));
    }
}

fn chacha(key: &[u8; 32], nonce: &[u8; 12], message: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(&Key::from(*key));
    cipher.encrypt(&Nonce::from(*nonce), message).expect("a chunk is far below the cipher's limit")
}

fn derived<const N: usize>(secret: &[u8], salt: &[u8], info: &str) -> [u8; N] {
    let mut key = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info.as_bytes(), &mut key).expect("a key is a short output");
    key
}

fn header_mac(file_key: &[u8; 16], header: &[u8]) -> [u8; 32] {
    let key: [u8; 32] = derived(file_key, &[], "header");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a MAC takes any key");
    mac.update(header);
    mac.finalize().into_bytes().into()
}

fn public_key(recipient: &str) -> Result<[u8; 32], Problem> {
    let not_one = || Problem::new(code::GOV_RECIPIENT, format!("{recipient:?} is not an age1... recipient"));
    let (prefix, bytes) = bech32::decode(recipient).map_err(|_| not_one())?;
    let lower = recipient.bytes().all(|b| !b.is_ascii_uppercase());
    let key = <[u8; 32]>::try_from(bytes).ok().filter(|_| lower && prefix.as_str() == RECIPIENT);
    key.ok_or_else(not_one)
}

/// What stands in for random numbers: bound to the entropy and to everything that is encrypted with it.
struct Drawn(Hkdf<Sha256>);

impl Drawn {
    fn from(entropy: &[u8; 32], plaintext: &[u8], devices: &[[u8; 32]]) -> Drawn {
        let mut mac = Hmac::<Sha256>::new_from_slice(entropy).expect("a MAC takes any key");
        mac.update(&crate::merkle::sha256(plaintext));
        devices.iter().for_each(|device| mac.update(device));
        Drawn(Hkdf::new(Some(entropy), &mac.finalize().into_bytes()))
    }

    fn bytes<const N: usize>(&self, what: &str, index: u32) -> [u8; N] {
        let mut bytes = [0; N];
        let info = [what.as_bytes(), &index.to_be_bytes()].concat();
        self.0.expand(&info, &mut bytes).expect("a key is a short output");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_arguments_give_equal_bytes_and_any_other_argument_gives_others() {
        let (recipient, _) = age_identity(&[1; 32]);
        let (other, _) = age_identity(&[2; 32]);
        let file = age_encrypt(b"epoch", &[&recipient], &[9; 32]).unwrap();
        assert_eq!(file, age_encrypt(b"epoch", &[&recipient], &[9; 32]).unwrap());
        for changed in [
            age_encrypt(b"Epoch", &[&recipient], &[9; 32]).unwrap(),
            age_encrypt(b"epoch", &[&other], &[9; 32]).unwrap(),
            age_encrypt(b"epoch", &[&recipient], &[8; 32]).unwrap(),
        ] {
            // The second line holds the ephemeral share: no two files share it.
            assert_ne!(file.split(|b| *b == b'\n').nth(1), changed.split(|b| *b == b'\n').nth(1));
        }
    }

    #[test]
    fn the_recipient_of_the_specification_s_test_vector_is_found() {
        // C2SP/CCTV age test vectors: the identity that their X25519 files are for.
        let (prefix, secret) =
            bech32::decode("AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6").unwrap();
        assert_eq!(prefix.to_lowercase(), IDENTITY);
        let (recipient, identity) = age_identity(&secret.try_into().unwrap());
        assert!(identity.ends_with("QX3S7F6"));
        assert!(recipient.starts_with("age1"));
    }

    #[test]
    fn what_is_no_recipient_is_named() {
        let (recipient, identity) = age_identity(&[1; 32]);
        let mut typo = recipient.clone().into_bytes();
        typo[20] ^= 1;
        for wrong in ["", "age1", &identity, &recipient.to_uppercase(), &String::from_utf8(typo).unwrap()] {
            let problem = age_encrypt(b"x", &[&recipient, wrong], &[0; 32]).unwrap_err();
            assert_eq!(problem.code, code::GOV_RECIPIENT, "{wrong}");
        }
        assert_eq!(age_encrypt(b"x", &[], &[0; 32]).unwrap_err().code, code::GOV_RECIPIENT);
    }

    #[test]
    fn every_length_around_a_chunk_has_its_length_and_tags() {
        let (recipient, _) = age_identity(&[1; 32]);
        let head = age_encrypt(b"", &[&recipient], &[0; 32]).unwrap().len() - 16;
        for (bytes, chunks) in [(1, 1), (CHUNK_BYTES, 1), (CHUNK_BYTES + 1, 2), (3 * CHUNK_BYTES, 3)] {
            let file = age_encrypt(&vec![7; bytes], &[&recipient], &[0; 32]).unwrap();
            assert_eq!(file.len(), head + bytes + 16 * chunks);
        }
    }
}
