//! The signed envelope: DSSE (Dead Simple Signing Envelope, v1.0) around canonical JSON, Ed25519.
//!
//! Promises: the envelope itself is canonical JSON with strict base64, so an accepted envelope has no byte that
//! could have been another one; what is signed is the stored payload, never a re-spelt copy. Never: decides who may
//! sign what, which is the authority's business.

use super::keys::{self, KeyId, PublicKey};
use super::{canonical, fields::Fields};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hedgerow_core::{Problem, code};
use serde_json::json;

/// What the payload is, in every envelope of the fund.
pub const PAYLOAD_TYPE: &str = "application/vnd.hedgerow.event+json";
/// The longest envelope: an entry of a log holds 65,535 bytes, 16 of them its head.
pub const ENVELOPE_BYTES_MAX: usize = 65_519;

/// An envelope taken apart; nothing in it is verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// Name of a key and its signature.
    pub signatures: Vec<(KeyId, [u8; 64])>,
}

/// DSSE's pre-authentication encoding: the exact bytes that are signed.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Signs a payload with the private seeds given and spells the envelope.
#[must_use]
pub fn seal(payload: &[u8], seeds: &[[u8; 32]]) -> Vec<u8> {
    let message = pae(PAYLOAD_TYPE, payload);
    let signatures: Vec<_> = seeds
        .iter()
        .map(|seed| {
            let keyid = keys::hex(&keys::keyid(&keys::public_key(seed)));
            json!({"keyid": keyid, "sig": STANDARD.encode(keys::sign(seed, &message))})
        })
        .collect();
    let envelope = json!({"payload": STANDARD.encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures});
    canonical::write(&envelope).map(String::into_bytes).unwrap_or_default()
}

/// The type that an envelope's payload says it is of, nothing verified; `None` if it cannot be read.
#[must_use]
pub fn event_type(envelope: &[u8]) -> Option<String> {
    let payload = canonical::parse(&Envelope::parse(envelope).ok()?.payload).ok()?;
    Some(payload.get("type")?.as_str()?.to_owned())
}

impl Envelope {
    /// Takes an envelope apart.
    ///
    /// # Errors
    /// `GOV_BAD_ENVELOPE` with what is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Envelope, Problem> {
        Envelope::read(bytes).map_err(|why| Problem::new(code::GOV_BAD_ENVELOPE, why))
    }

    fn read(bytes: &[u8]) -> Result<Envelope, String> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(format!("{} bytes, at most {ENVELOPE_BYTES_MAX} allowed", bytes.len()));
        }
        let value = canonical::parse(bytes)?;
        let fields = Fields::of(&value, "envelope", &["payload", "payloadType", "signatures"])?;
        let payload_type = fields.text("payloadType")?;
        if payload_type != PAYLOAD_TYPE {
            return Err(format!("payloadType is {payload_type:?}, not {PAYLOAD_TYPE:?}"));
        }
        let payload = STANDARD.decode(fields.text("payload")?).map_err(|e| format!("payload is not base64: {e}"))?;
        let mut signatures = Vec::new();
        for item in fields.list("signatures")? {
            let fields = Fields::of(item, "signature", &["keyid", "sig"])?;
            let raw = STANDARD.decode(fields.text("sig")?).map_err(|e| format!("sig is not base64: {e}"))?;
            let length = raw.len();
            let signature = raw.try_into().map_err(|_| format!("sig is {length} bytes, an Ed25519 signature is 64"))?;
            let keyid = fields.hash("keyid")?;
            if signatures.iter().any(|(known, _)| *known == keyid) {
                return Err(format!("two signatures by the key {}", keys::hex(&keyid)));
            }
            signatures.push((keyid, signature));
        }
        if signatures.is_empty() {
            return Err("no signature".to_owned());
        }
        Ok(Envelope { payload, signatures })
    }

    /// The event's name: SHA-256 of the signed bytes.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        keys::sha256(&self.payload)
    }

    /// Whether a signature of this envelope is by the key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let keyid = keys::keyid(key);
        let message = pae(PAYLOAD_TYPE, &self.payload);
        self.signatures.iter().any(|(id, signature)| *id == keyid && keys::verify(key, &message, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_dsse_specification_holds() {
        let bytes = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_sealed_envelope_opens_to_the_same_payload_and_verifies() {
        let envelope = Envelope::parse(&seal(b"{}", &[[1; 32], [2; 32]])).unwrap();
        assert_eq!(envelope.payload, b"{}");
        assert!(envelope.is_signed_by(&keys::public_key(&[1; 32])));
        assert!(envelope.is_signed_by(&keys::public_key(&[2; 32])));
        assert!(!envelope.is_signed_by(&keys::public_key(&[3; 32])));
    }

    #[test]
    fn a_malformed_envelope_is_refused_by_name() {
        let good = String::from_utf8(seal(b"{}", &[[1; 32]])).unwrap();
        let twice = good.replace("\"signatures\":[", "\"signatures\":[{\"keyid\":\"x\",\"sig\":\"\"},");
        let cases = [
            (String::new(), "not JSON"),
            (good.clone() + "\n", "not canonical"),
            (good.replace("hedgerow", "hedgehog"), "payloadType"),
            (good.replace("payloadType", "payloadTypo"), "unknown field \"payloadTypo\""),
            (good.replace("e30=", "e31="), "base64"),
            (good.replace("e30=", "e30"), "base64"),
            (twice, "64"),
            (String::from_utf8(seal(b"{}", &[])).unwrap(), "no signature"),
            (String::from_utf8(seal(b"{}", &[[1; 32], [1; 32]])).unwrap(), "two signatures"),
            (String::from_utf8(seal(&[b' '; 60_000], &[[1; 32]])).unwrap(), "at most 65519"),
        ];
        for (bytes, why) in cases {
            let problem = Envelope::parse(bytes.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code::GOV_BAD_ENVELOPE);
            assert!(problem.detail.contains(why), "{why}: {}", problem.detail);
        }
    }
}
