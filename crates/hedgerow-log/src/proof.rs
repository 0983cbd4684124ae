//! Proofs that an entry is in the log, and that a longer log only added to a shorter one (RFC 9162, 2.1.3 and 2.1.4).
//!
//! Promises: checking is a pure function of hashes, needs no log, and refuses whatever does not prove the claim.
//! Never: believes a size or an index that the proof does not bear out.

use crate::merkle::{Hash, empty_root, node_hash};
use hedgerow_core::{Problem, code};

/// All perfect subtrees of a log: level 0 holds the leaves. What [`crate::TileReader`] reads from tiles, held in memory.
#[derive(Clone, Debug, Default)]
pub struct Subtrees {
    levels: Vec<Vec<Hash>>,
}

impl Subtrees {
    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf's hash and every subtree that it completes.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(node);
            let [.., left, right] = row.as_slice() else { return };
            if row.len() % 2 == 1 {
                return;
            }
            node = node_hash(left, right);
        }
    }

    /// Root of the first `size` leaves.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID` if there are fewer leaves.
    pub fn root(&self, size: u64) -> Result<Hash, Problem> {
        root(&mut &*self, size)
    }

    /// Proves that the leaf at `index` (from 0) is in the log of `size` leaves: its siblings, from leaf to root.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID` if there is no such leaf.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, Problem> {
        inclusion(&mut &*self, index, size)
    }

    /// Proves that the log of `new` leaves begins with the log of `old` leaves.
    ///
    /// # Errors
    /// `LOG_UNKNOWN_ID` unless `old <= new <=` leaves of the log.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Problem> {
        consistency(&mut &*self, old, new)
    }
}

impl Nodes for &Subtrees {
    fn size(&self) -> u64 {
        Subtrees::size(self)
    }

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Problem> {
        Ok(self.levels[level as usize][index as usize])
    }
}

/// Whatever knows the roots of a log's perfect subtrees.
pub(crate) trait Nodes {
    /// Leaves of the log.
    fn size(&self) -> u64;

    /// Root of the perfect subtree number `index` with 2^`level` leaves; asked only for subtrees that are whole.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Problem>;
}

/// See [`Subtrees::root`].
pub(crate) fn root(nodes: &mut impl Nodes, size: u64) -> Result<Hash, Problem> {
    expect(size <= nodes.size(), || format!("size {size}, the log has {} entries", nodes.size()))?;
    if size == 0 { Ok(empty_root()) } else { range(nodes, 0, size) }
}

/// See [`Subtrees::inclusion`].
pub(crate) fn inclusion(nodes: &mut impl Nodes, index: u64, size: u64) -> Result<Vec<Hash>, Problem> {
    let known = index < size && size <= nodes.size();
    expect(known, || format!("entry {index} of {size}, the log has {} entries", nodes.size()))?;
    let (mut proof, mut low, mut high) = (Vec::new(), 0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// See [`Subtrees::consistency`].
pub(crate) fn consistency(nodes: &mut impl Nodes, old: u64, new: u64) -> Result<Vec<Hash>, Problem> {
    let known = old <= new && new <= nodes.size();
    expect(known, || format!("sizes {old} and {new}, the log has {} entries", nodes.size()))?;
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut proof, mut low, mut high, mut whole) = (Vec::new(), 0, new, true);
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            proof.push(range(nodes, low, middle)?);
            low = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(nodes, low, high)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Root of leaves `low..high`, where `low` is a multiple of the largest power of two below `high - low`.
fn range(nodes: &mut impl Nodes, low: u64, high: u64) -> Result<Hash, Problem> {
    let count = high - low;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, low >> level);
    }
    let middle = low + split(count);
    Ok(node_hash(&range(nodes, low, middle)?, &range(nodes, middle, high)?))
}

fn expect(holds: bool, detail: impl Fn() -> String) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::new(code::LOG_UNKNOWN_ID, detail())) }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// Checks that `leaf` stands at `index` of the log of `size` entries with this root.
///
/// # Errors
/// `LOG_BAD_ROOT` if the proof does not show it.
pub fn check_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), Problem> {
    let fails = || Problem::new(code::LOG_BAD_ROOT, format!("entry {index} is not proved to be in the log of {size}"));
    if index >= size {
        return Err(fails());
    }
    let (mut node, mut at, mut last) = (*leaf, index, size - 1);
    for sibling in proof {
        if last == 0 {
            return Err(fails());
        }
        if at & 1 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            node = node_hash(&node, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last == 0 && node == *root { Ok(()) } else { Err(fails()) }
}

/// Checks that the log of `new` entries begins with the log of `old` entries.
///
/// # Errors
/// `LOG_BAD_ROOT` if the proof does not show it.
pub fn check_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), Problem> {
    let fails =
        || Problem::new(code::LOG_BAD_ROOT, format!("the log of {new} is not proved to begin with the log of {old}"));
    let holds = if old == new {
        proof.is_empty() && old_root == new_root
    } else if old == 0 {
        proof.is_empty() && *old_root == empty_root()
    } else {
        old < new && fold_consistency(old, old_root, new, proof) == Some((*old_root, *new_root))
    };
    if holds { Ok(()) } else { Err(fails()) }
}

/// The two roots that a consistency proof leads to (RFC 9162, 2.1.4.2), for `0 < old < new`.
fn fold_consistency(old: u64, old_root: &Hash, new: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    // A power of two is a subtree by itself; the proof then leaves out its root, which the checker knows.
    let (first, rest) = if old.is_power_of_two() { (old_root, proof) } else { proof.split_first()? };
    let (mut left, mut whole) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            left = node_hash(sibling, &left);
            whole = node_hash(sibling, &whole);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            whole = node_hash(&whole, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some((left, whole))
}
