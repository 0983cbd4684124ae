//! Many short SHA-256 messages at once, for the leaves and nodes of a commit.
//!
//! Promises: each digest equals `sha256` of its message. Messages are padded first and compressed after, several
//! in a row: a processor with SHA instructions then overlaps them, which it cannot while each waits for bytes just
//! written (1.5 times faster), and one with AVX-512 takes them all at the same time (`lanes.rs`). Never: allocates.

use crate::lanes::{LANES, compress_together};
use crate::merkle::Hash;
use sha2::block_api::compress256;

/// Longest message that fits two blocks with its padding.
pub(crate) const SHORT_BYTES_MAX: usize = 2 * 64 - 9;
/// Messages that wait for each other at most.
pub(crate) const BATCH: usize = LANES;
/// From so many messages on, lanes that stay empty cost less than one message after the other.
const TOGETHER_MIN: usize = 8;

/// FIPS 180-4, section 5.3.3.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Padded messages that wait to be compressed.
#[derive(Clone, Debug)]
pub(crate) struct ShortMessages {
    blocks: [[[u8; 64]; 2]; BATCH],
    used: [u8; BATCH],
    len: usize,
}

impl Default for ShortMessages {
    fn default() -> Self {
        ShortMessages { blocks: [[[0; 64]; 2]; BATCH], used: [0; BATCH], len: 0 }
    }
}

impl ShortMessages {
    /// Takes the message `prefix || left || right` of at most [`SHORT_BYTES_MAX`] bytes.
    #[inline]
    pub fn push(&mut self, prefix: u8, left: &[u8], right: &[u8]) {
        let bytes = self.blocks[self.len].as_flattened_mut();
        let end = 1 + left.len() + right.len();
        let padded = if end + 9 > 64 { 128 } else { 64 };
        bytes[0] = prefix;
        bytes[1..=left.len()].copy_from_slice(left);
        bytes[1 + left.len()..end].copy_from_slice(right);
        bytes[end] = 0x80;
        bytes[end + 1..padded - 8].fill(0);
        bytes[padded - 8..padded].copy_from_slice(&(end as u64 * 8).to_be_bytes());
        self.used[self.len] = (padded / 64) as u8;
        self.len += 1;
    }

    /// Whether no further message fits.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len == BATCH
    }

    /// Gives the digests in order and forgets the messages.
    #[inline]
    pub fn drain(&mut self, mut sink: impl FnMut(Hash)) {
        let many = self.len >= TOGETHER_MIN;
        let together = if many { compress_together(START, &self.blocks, &self.used) } else { None };
        for (i, (blocks, used)) in self.blocks.iter().zip(self.used).take(self.len).enumerate() {
            let state = together.map_or_else(
                || {
                    let mut state = START;
                    compress256(&mut state, &blocks[..usize::from(used)]);
                    state
                },
                |states| states.map(|word| word[i]),
            );
            let mut hash = [0; 32];
            for (to, word) in hash.chunks_exact_mut(4).zip(state) {
                to.copy_from_slice(&word.to_be_bytes());
            }
            sink(hash);
        }
        self.len = 0;
    }
}

/// Appends the leaf hashes of entries to `leaves`.
pub(crate) fn leaf_hashes<'a>(entries: impl Iterator<Item = &'a [u8]>, leaves: &mut Vec<Hash>) {
    let mut batch = ShortMessages::default();
    for entry in entries {
        let short = entry.len() < SHORT_BYTES_MAX;
        if !short || batch.is_full() {
            batch.drain(|hash| leaves.push(hash));
        }
        if short {
            batch.push(0, entry, &[]);
        } else {
            leaves.push(crate::merkle::leaf_hash(entry));
        }
    }
    batch.drain(|hash| leaves.push(hash));
}

/// Replaces each pair of neighbours by the hash of their parent; the row's length is even.
pub(crate) fn parents(row: &mut Vec<Hash>) {
    let (mut batch, mut done) = (ShortMessages::default(), 0);
    for start in (0..row.len()).step_by(2 * BATCH) {
        let end = (start + 2 * BATCH).min(row.len());
        for pair in row[start..end].chunks_exact(2) {
            batch.push(1, &pair[0], &pair[1]);
        }
        batch.drain(|hash| {
            row[done] = hash;
            done += 1;
        });
    }
    row.truncate(done);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::sha256;

    #[test]
    fn batched_digests_equal_single_ones_at_every_length_and_number_of_messages() {
        for many in 1..=BATCH {
            for first in 1..=SHORT_BYTES_MAX {
                let (mut batch, mut expected, mut given) = (ShortMessages::default(), Vec::new(), Vec::new());
                for n in 0..many {
                    let len = 1 + (first + n * 29) % SHORT_BYTES_MAX;
                    let message: Vec<u8> = (0..len).map(|i| (i * 7 + len + n) as u8 | 1).collect();
                    let cut = 1 + (len - 1) / 3;
                    batch.push(message[0], &message[1..cut], &message[cut..]);
                    expected.push(sha256(&message));
                }
                assert_eq!(batch.is_full(), many == BATCH);
                batch.drain(|hash| given.push(hash));
                assert_eq!(given, expected, "{many} messages, the first of {first} bytes");
            }
        }
    }

    #[test]
    fn leaves_of_mixed_lengths_keep_their_order() {
        let entries: Vec<Vec<u8>> = (0..40).map(|i| vec![i as u8; (i * 37) % 300]).collect();
        let mut leaves = Vec::new();
        leaf_hashes(entries.iter().map(Vec::as_slice), &mut leaves);
        let single: Vec<Hash> = entries.iter().map(|e| crate::merkle::leaf_hash(e)).collect();
        assert_eq!(leaves, single);
    }
}
