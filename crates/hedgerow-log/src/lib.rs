//! The accountable journal: a write-ahead file with group commit, an RFC 6962 Merkle tree over its entries, and signed
//! checkpoints that tools which we did not write can verify.
//!
//! Promises: what was acknowledged is found again after a crash, in order and whole; what was signed cannot be changed
//! unnoticed; equal records give equal bytes. Never: a clock, a random number, a key of its own, knowledge of what a
//! record means. The store is an argument ([`Storage`]); readers of tiles need only its [`Files`].
//!
//! ```
//! use hedgerow_log::{Journal, LogReader, LogSigner, MemoryStorage, verify_bytes};
//! let signer = LogSigner::new("example.fund/journal", &[7; 32])?;
//! let mut journal = Journal::create(MemoryStorage::default(), signer.verifier())?;
//! journal.append(33, 1, b"a fund begins")?;
//! journal.append_row(1, 2, &[0; 88])?;
//! journal.append_row(1, 3, &[1; 88])?;
//! journal.commit()?; // durable from here on
//! let checkpoint = journal.publish(&signer)?; // tiles, then the signature
//! assert_eq!(checkpoint.size, 2); // the two rows share one entry
//! let reader = LogReader::new(journal.storage().wal())?;
//! assert_eq!(reader.record(3)?.bytes, [1; 88]);
//! # Ok::<(), hedgerow_core::Problem>(())
//! ```
#![deny(unsafe_code)]

mod age;
mod agreement;
mod batch;
mod compare;
mod cosignature;
mod cosigning;
mod derive;
mod file_storage;
mod folder;
mod frame;
mod growing_tree;
mod image;
mod journal;
mod lanes;
mod memory_storage;
mod merkle;
mod named_key;
mod note;
mod proof;
mod prove;
mod publish;
mod reader;
mod replica;
mod seal;
mod signed;
mod space_thread;
mod storage;
mod tile;
mod tile_prover;
mod tile_reader;
mod tile_writer;
mod tlog_proof;
mod verify;
mod walk;
mod witness;
mod witness_folder;
mod witness_policy;

pub use age::{age_encrypt, age_identity};
pub use cosignature::{Cosigner, CosignerKey};
pub use cosigning::WITNESSED;
pub use file_storage::{FileStorage, GOVERNANCE, STREAM, WAL, read_small_of, read_wal, read_wal_of};
pub use folder::Folder;
pub use frame::{ENTRY_BYTES_MAX, ENTRY_HEAD_BYTES, Frame, HEAD_BYTES, Record, VERSION, file_header};
pub use image::unseal;
pub use journal::{CHECKPOINT, Journal, KEY, PENDING_BYTES_MAX, Recovery, SEGMENT_BYTES_MAX, SEGMENT_ROWS_MAX};
pub use memory_storage::MemoryStorage;
pub use merkle::{Frontier, Hash, empty_root, leaf_hash, node_hash, sha256};
pub use named_key::NamedKey;
pub use note::{Checkpoint, LogSigner, VerifierKey};
pub use proof::{Subtrees, check_consistency, check_inclusion};
pub use prove::{Proved, Under, prove, record_in};
pub use publish::Cadence;
pub use reader::LogReader;
pub use replica::{read_log, read_log_of, wal_of_replica};
pub use seal::{
    COMPARTMENTS, EntryKey, EpochKey, KIND_SEALED, Keyring, Opened, SEALED_ENTRY_BYTES_MAX, SealedTape, epoch_name,
    epoch_word, open_tape,
};
pub use signed::SIGNED;
pub use storage::{Files, Storage};
pub use tile::{BLOBS, BundleEntries, TILE_LEVELS, TILE_WIDTH, TILES, Tile, TileRow, blob_path};
pub use tile_prover::TileProver;
pub use tile_reader::TileReader;
pub use tlog_proof::TlogProof;
pub use verify::{Report, verify, verify_bytes, verify_folder, verify_stream};
pub use walk::{Group, Tail, Walk};
pub use witness::{Admitted, Answer, PROOF_LINES_MAX, REQUEST_BYTES_MAX, Witness, request};
pub use witness_folder::{WITNESS_KEY, WITNESS_STATE, WitnessFolder};
pub use witness_policy::{PolicyWitness, WitnessPolicy, Witnessed, quorum_of};

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}
