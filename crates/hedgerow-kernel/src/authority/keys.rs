//! Ed25519 keys and SHA-256: how a key is named, how a signature is checked, how a device signs.
//!
//! Promises: verification is strict (no weak key, no second encoding of a signature), so a valid signature has one
//! spelling; signing is RFC 8032 and needs no randomness. Never: keeps a private key.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// A raw Ed25519 public key.
pub type PublicKey = [u8; 32];
/// SHA-256 of a raw public key: its name in envelopes.
pub type KeyId = [u8; 32];

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The name of a key.
#[must_use]
pub fn keyid(key: &PublicKey) -> KeyId {
    sha256(key)
}

/// The public key of a private seed.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> PublicKey {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// Signs a message with a private seed (RFC 8032, deterministic).
#[must_use]
pub fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(message).to_bytes()
}

/// Whether the signature over the message is by this key; a weak or malformed key verifies nothing.
#[must_use]
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// Whether these bytes are a public key that can be trusted to bind a signer (a point, and not of small order).
#[must_use]
pub fn is_usable(key: &PublicKey) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| !key.is_weak())
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads 32 bytes from 64 lower-case hexadecimal digits; any other text is `None`.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let value = |d: u8| if d <= b'9' { d - b'0' } else { d - b'a' + 10 };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0]) << 4 | value(pair[1]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes().chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn the_first_three_test_vectors_of_rfc_8032_hold() {
        let vectors = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ];
        for (seed, public, message, signature) in vectors {
            let (seed, public) = (unhex(seed).unwrap(), unhex(public).unwrap());
            let (message, signature) = (bytes(message), <[u8; 64]>::try_from(bytes(signature)).unwrap());
            assert_eq!(public_key(&seed), public);
            assert_eq!(sign(&seed, &message), signature);
            assert!(verify(&public, &message, &signature));
            assert!(!verify(&public, b"another message", &signature));
        }
    }

    #[test]
    fn a_key_of_small_order_is_not_usable_and_verifies_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(!is_usable(&identity));
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&identity, b"anything", &signature));
    }

    #[test]
    fn a_signature_with_a_second_spelling_of_its_scalar_is_refused() {
        let seed = [7; 32];
        let mut signature = sign(&seed, b"message");
        // The group order L, little-endian: S + L is the same scalar, and RFC 8032 forbids it.
        let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let mut carry = 0u16;
        for (byte, l) in signature[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(l);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(!verify(&public_key(&seed), b"message", &signature));
    }

    #[test]
    fn hexadecimal_has_one_spelling() {
        assert_eq!(unhex(&hex(&[0xab; 32])), Some([0xab; 32]));
        assert_eq!(unhex(&"AB".repeat(32)), None);
        assert_eq!(unhex("ab"), None);
    }
}
