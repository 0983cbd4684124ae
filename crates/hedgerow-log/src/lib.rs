//! The accountable journal: a write-ahead file with group commit, an RFC 6962 Merkle tree over its entries, and signed
//! checkpoints that tools which we did not write can verify.
//!
//! Promises: what was acknowledged is found again after a crash, in order and whole; what was signed cannot be changed
//! unnoticed; equal records give equal bytes. Never: a clock, a random number, a key of its own, knowledge of what a
//! record means. The store is an argument ([`Storage`]); tiles, witnesses and replicas build on [`Walk`] and [`Subtrees`].
//!
//! ```
//! use hedgerow_log::{Journal, LogReader, LogSigner, MemoryStorage, verify_bytes};
//! let signer = LogSigner::new("example.fund/journal", &[7; 32])?;
//! let mut journal = Journal::create(MemoryStorage::default(), signer.verifier())?;
//! journal.append(33, 1, b"a fund begins")?;
//! journal.append_row(1, 2, &[0; 88])?;
//! journal.append_row(1, 3, &[1; 88])?;
//! journal.commit()?; // durable from here on
//! let checkpoint = journal.checkpoint(&signer)?;
//! assert_eq!(checkpoint.size, 2); // the two rows share one entry
//! let reader = LogReader::new(journal.storage().wal())?;
//! assert_eq!(reader.record(3)?.bytes, [1; 88]);
//! # Ok::<(), hedgerow_core::Problem>(())
//! ```
#![forbid(unsafe_code)]

mod age;
mod agreement;
mod batch;
mod cosignature;
mod file_storage;
mod frame;
mod image;
mod journal;
mod memory_storage;
mod merkle;
mod note;
mod policy;
mod proof;
mod reader;
mod seal;
mod storage;
mod verify;
mod walk;
mod witness;
mod witness_folder;

pub use age::{age_encrypt, age_identity};
pub use cosignature::{Cosigner, CosignerKey};
pub use file_storage::{FileStorage, GOVERNANCE, STREAM, WAL, read_small_of, read_wal, read_wal_of};
pub use frame::{ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES, Frame, HEAD_BYTES, Record, VERSION, file_header};
pub use image::{Image, unseal};
pub use journal::{CHECKPOINT, Journal, KEY, PENDING_BYTES_MAX, Recovery, SEGMENT_BYTES_MAX, SEGMENT_ROWS_MAX};
pub use memory_storage::MemoryStorage;
pub use merkle::{Frontier, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use note::{Checkpoint, LogSigner, VerifierKey};
pub use policy::{Policy, PolicyWitness, Witnessed, quorum_of};
pub use proof::{Subtrees, check_consistency, check_inclusion};
pub use reader::LogReader;
pub use seal::{
    COMPARTMENTS, EntryKey, EpochKey, KIND_SEALED, Keyring, Opened, SEALED_PAYLOAD_BYTES, epoch_name, epoch_word,
};
pub use storage::Storage;
pub use verify::{Report, verify, verify_bytes, verify_stream};
pub use walk::{Group, Tail, Walk};
pub use witness::{Admitted, Answer, PROOF_LINES_MAX, REQUEST_BYTES_MAX, Witness, request};
pub use witness_folder::{WITNESS_KEY, WITNESS_STATE, WitnessFolder};

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}
