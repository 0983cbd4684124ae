//! Hashing without verifying: a log's write-ahead file leaf by leaf, and as the bytes that lie there.

use hedgerow_log::Walk;
use sha2::{Digest, Sha256};
use std::io::Result;
use std::path::Path;

/// Hashes the whole file in one stream, as `sha256sum` does.
pub fn hash_stream(wal: &Path) -> Result<[u8; 32]> {
    Ok(Sha256::digest(std::fs::read(wal)?).into())
}

/// Hashes each entry as the leaf that it is; gives how many there are.
pub fn hash_leaves(wal: &[u8]) -> u64 {
    let mut leaves = 0;
    let mut walk = Walk::new(wal).expect("a log");
    while let Some(group) = walk.next_group().expect("whole commits") {
        for frame in group.frames() {
            let leaf = Sha256::new_with_prefix([0]).chain_update(frame.entry).finalize();
            leaves += u64::from(std::hint::black_box(leaf).len() == 32);
        }
    }
    leaves
}
