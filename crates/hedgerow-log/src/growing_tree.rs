//! The Merkle tree of a log that is being written: it takes the leaves of each commit, and hashes their parents when
//! somebody wants the root, which is far more seldom.
//!
//! Promises: size and root are those of all leaves that were taken; what is read back later is compared with these leaves.
//! At most [`LEAVES_KEPT`] wait, and taking them allocates nothing. Never: touches the log.

use crate::merkle::{Frontier, Hash};

/// So many leaves wait for their parents at most: 8 MiB of them.
const LEAVES_KEPT: usize = 256 << 10;

/// A tree, and leaves that belong behind it.
#[derive(Debug)]
pub(crate) struct GrowingTree {
    hashed: Frontier,
    leaves: Vec<Hash>,
}

impl GrowingTree {
    /// Goes on from a tree.
    pub fn new(hashed: Frontier) -> GrowingTree {
        GrowingTree { hashed, leaves: Vec::with_capacity(LEAVES_KEPT + 1) }
    }

    /// Leaves so far.
    #[inline]
    pub fn size(&self) -> u64 {
        self.hashed.size() + self.leaves.len() as u64
    }

    /// Root over all leaves so far.
    pub fn root(&self) -> Hash {
        let mut tree = self.hashed.clone();
        tree.extend(&mut self.leaves.clone());
        tree.root()
    }

    /// Takes the leaves of a commit.
    pub fn extend(&mut self, leaves: &[Hash]) {
        for some in leaves.chunks(LEAVES_KEPT) {
            if self.leaves.len() + some.len() > LEAVES_KEPT {
                self.hashed.extend(&mut self.leaves);
            }
            self.leaves.extend_from_slice(some);
        }
    }

    /// Whether all leaves from `index` on still wait.
    pub fn has_from(&self, index: u64) -> bool {
        index >= self.hashed.size()
    }

    /// The first of these leaves, which begin at `index`, that is not the one which was taken; only those that still wait
    /// can be compared.
    pub fn first_other(&self, index: u64, leaves: &[Hash]) -> Option<u64> {
        let skipped = self.hashed.size().saturating_sub(index);
        let (first, seen) = (index + skipped, leaves.get(skipped as usize..)?);
        let taken = self.leaves.get((first - self.hashed.size()) as usize..).unwrap_or(&[]);
        let at = (0..seen.len()).find(|&at| taken.get(at) != Some(&seen[at]))?;
        Some(first + at as u64)
    }

    /// Somebody else has hashed the parents of all these leaves.
    pub fn settle(&mut self, hashed: Frontier) {
        debug_assert_eq!(hashed.size(), self.size());
        self.hashed = hashed;
        self.leaves.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    fn leaves(from: u64, to: u64) -> Vec<Hash> {
        (from..to).map(|number| leaf_hash(&number.to_le_bytes())).collect()
    }

    #[test]
    fn size_and_root_are_those_of_all_leaves_at_any_moment() {
        let (mut plain, mut growing) = (Frontier::default(), GrowingTree::new(Frontier::default()));
        let (many, room) = (LEAVES_KEPT as u64, growing.leaves.capacity());
        for group in [1, 2, 700, many - 704, 1, 1, many, 5, 2 * many + 3, 9] {
            let taken = leaves(plain.size(), plain.size() + group);
            growing.extend(&taken);
            plain.extend(&mut taken.clone());
            assert_eq!((growing.size(), growing.root()), (plain.size(), plain.root()));
            assert!(growing.leaves.len() <= LEAVES_KEPT && growing.leaves.capacity() == room);
        }
    }

    #[test]
    fn leaves_that_were_read_back_are_compared_one_by_one() {
        let mut hashed = Frontier::default();
        hashed.extend(&mut leaves(0, 10));
        let mut growing = GrowingTree::new(hashed);
        growing.extend(&leaves(10, 40));
        assert!(growing.has_from(10) && !growing.has_from(9));
        for (from, to) in [(0, 10), (0, 40), (3, 12), (10, 11), (10, 40), (39, 40), (40, 40)] {
            assert_eq!(growing.first_other(from, &leaves(from, to)), None, "{from}..{to}");
        }
        for wrong in 10..40 {
            for from in [0, 10, wrong] {
                let mut seen = leaves(from, 40);
                seen[(wrong - from) as usize][31] ^= 1;
                assert_eq!(growing.first_other(from, &seen), Some(wrong));
            }
        }
        assert_eq!(growing.first_other(20, &leaves(20, 43)), Some(40), "more than were taken");
    }

    #[test]
    fn after_somebody_hashed_the_parents_it_goes_on_from_there() {
        let (mut plain, mut growing) = (Frontier::default(), GrowingTree::new(Frontier::default()));
        for (from, to) in [(0, 7), (7, 1000), (1000, 1001)] {
            growing.extend(&leaves(from, to));
            plain.extend(&mut leaves(from, to));
            growing.settle(plain.clone());
            assert_eq!((growing.size(), growing.root()), (plain.size(), plain.root()));
            assert!(growing.has_from(to) && !growing.has_from(to - 1));
        }
    }
}
