//! The Merkle tree of RFC 6962 as a compact range: one hash per perfect subtree, so a log of any length is
//! 64 hashes at most. Promises: `root()` equals the recursive definition at every size. Never: stores leaves.

use crate::batch::parents;
use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Hash of a leaf: SHA-256(0x00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut message = [1u8; 65];
    message[1..33].copy_from_slice(left);
    message[33..].copy_from_slice(right);
    sha256(&message)
}

/// Root of the empty tree: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The right edge of a growing tree: the roots of its perfect subtrees, one for each set bit of its size.
#[derive(Clone, Debug)]
pub struct Frontier {
    size: u64,
    peaks: [Hash; 64],
}

impl Default for Frontier {
    fn default() -> Self {
        Frontier { size: 0, peaks: [[0; 32]; 64] }
    }
}

impl Frontier {
    /// The tree of `size` leaves whose perfect subtrees have these roots, from the smallest to the largest.
    pub(crate) fn of_peaks(size: u64, roots: impl IntoIterator<Item = Hash>) -> Frontier {
        let mut tree = Frontier { size, ..Frontier::default() };
        let levels = (0..64).filter(|level| size >> level & 1 == 1);
        levels.zip(roots).for_each(|(level, root): (usize, Hash)| tree.peaks[level] = root);
        tree
    }

    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        let level = self.size.trailing_ones() as usize;
        for peak in &self.peaks[..level] {
            node = node_hash(peak, &node);
        }
        self.peaks[level] = node;
        self.size += 1;
    }

    /// Adds many leaves' hashes, level by level, and leaves `row` empty; allocates only if it lacks room for one more.
    pub fn extend(&mut self, row: &mut Vec<Hash>) {
        let mut before = self.size;
        self.size += row.len() as u64;
        for peak in &mut self.peaks {
            if row.is_empty() {
                return;
            }
            if before & 1 == 1 {
                row.insert(0, *peak);
            }
            if row.len() % 2 == 1 {
                *peak = row.pop().expect("an odd row is not empty");
            }
            parents(row);
            before >>= 1;
        }
    }

    /// Root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = (0..64).filter(|level| self.size >> level & 1 == 1).map(|level| &self.peaks[level]);
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// Leaves and roots of Certificate Transparency's own test suite.
    pub(crate) const CT_LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const CT_ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn adding_leaves_together_equals_adding_them_one_by_one() {
        for first in 0..20u8 {
            for then in 0..40u8 {
                let mut one_by_one = Frontier::default();
                (0..first + then).for_each(|i| one_by_one.push(leaf_hash(&[i])));
                let mut together = Frontier::default();
                together.extend(&mut (0..first).map(|i| leaf_hash(&[i])).collect());
                together.extend(&mut (first..first + then).map(|i| leaf_hash(&[i])).collect());
                assert_eq!((together.size(), together.root()), (one_by_one.size(), one_by_one.root()));
                together.push([9; 32]);
                one_by_one.push([9; 32]);
                assert_eq!(together.root(), one_by_one.root());
            }
        }
    }

    #[test]
    fn roots_equal_the_vectors_of_certificate_transparency() {
        let mut tree = Frontier::default();
        assert_eq!(hex(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (leaf, root) in CT_LEAVES.iter().zip(CT_ROOTS) {
            tree.push(leaf_hash(leaf));
            assert_eq!(hex(&tree.root()), root);
        }
    }
}
