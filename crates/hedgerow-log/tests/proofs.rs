//! Proofs against the vectors of Certificate Transparency and against the recursive definition of RFC 9162.

use hedgerow_core::code;
use hedgerow_log::{Frontier, Hash, Subtrees, check_consistency, check_inclusion, hex, leaf_hash, node_hash};
use proptest::prelude::*;

const CT_LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// (index, size, proof)
const CT_INCLUSION: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// (old, new, proof)
const CT_CONSISTENCY: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// The recursive definitions of RFC 9162, word for word: the twin.
mod twin {
    use super::*;

    fn split(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    pub fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => hedgerow_log::empty_root(),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root(left), &root(right))
            }
        }
    }

    pub fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return vec![];
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut path, sibling) = if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
        path.push(sibling);
        path
    }

    pub fn proof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { vec![] } else { vec![root(leaves)] };
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, sibling) =
            if m <= k { (proof(m, left, whole), root(right)) } else { (proof(m - k, right, false), root(left)) };
        proof.push(sibling);
        proof
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&(i as u32).to_le_bytes())).collect()
}

fn subtrees(leaves: &[Hash]) -> Subtrees {
    let mut tree = Subtrees::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

fn as_hex(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(|h| hex(h)).collect()
}

#[test]
fn proofs_equal_the_vectors_of_certificate_transparency() {
    let leaves: Vec<Hash> = CT_LEAVES.iter().map(|l| leaf_hash(l)).collect();
    let tree = subtrees(&leaves);
    for (index, size, expected) in CT_INCLUSION {
        let proof = tree.inclusion(index, size).unwrap();
        assert_eq!(as_hex(&proof), expected, "inclusion of {index} in {size}");
        check_inclusion(&leaves[index as usize], index, size, &proof, &tree.root(size).unwrap()).unwrap();
    }
    for (old, new, expected) in CT_CONSISTENCY {
        let proof = tree.consistency(old, new).unwrap();
        assert_eq!(as_hex(&proof), expected, "consistency of {old} and {new}");
        check_consistency(old, &tree.root(old).unwrap(), new, &tree.root(new).unwrap(), &proof).unwrap();
    }
}

#[test]
fn proofs_and_roots_of_every_small_size_equal_the_recursive_definition() {
    let leaves = leaves(40);
    let tree = subtrees(&leaves);
    let mut frontier = Frontier::default();
    for size in 0..=leaves.len() {
        let root = twin::root(&leaves[..size]);
        assert_eq!(tree.root(size as u64).unwrap(), root);
        assert_eq!(frontier.root(), root);
        for index in 0..size {
            let proof = tree.inclusion(index as u64, size as u64).unwrap();
            assert_eq!(proof, twin::path(index, &leaves[..size]));
            check_inclusion(&leaves[index], index as u64, size as u64, &proof, &root).unwrap();
        }
        for old in 1..=size {
            let proof = tree.consistency(old as u64, size as u64).unwrap();
            assert_eq!(proof, twin::proof(old, &leaves[..size], true));
            check_consistency(old as u64, &twin::root(&leaves[..old]), size as u64, &root, &proof).unwrap();
        }
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf);
        }
    }
}

#[test]
fn asking_for_a_proof_beyond_the_log_is_a_named_error() {
    let tree = subtrees(&leaves(5));
    for problem in [tree.inclusion(5, 5), tree.inclusion(0, 6), tree.consistency(4, 3), tree.consistency(1, 6)] {
        assert_eq!(problem.unwrap_err().code, code::LOG_UNKNOWN_ID);
    }
    assert_eq!(tree.root(6).unwrap_err().code, code::LOG_UNKNOWN_ID);
}

#[test]
fn every_log_begins_with_the_empty_log_and_only_with_its_real_root() {
    let tree = subtrees(&leaves(3));
    let root = tree.root(3).unwrap();
    check_consistency(0, &hedgerow_log::empty_root(), 3, &root, &[]).unwrap();
    assert!(check_consistency(0, &root, 3, &root, &[]).is_err());
    assert!(check_consistency(3, &root, 2, &tree.root(2).unwrap(), &[]).is_err());
}

proptest! {
    #[test]
    fn a_true_proof_passes_and_any_changed_part_of_it_does_not(
        size in 2usize..300, at in any::<prop::sample::Index>(), part in any::<prop::sample::Index>(), bit in 0usize..256,
    ) {
        let leaves = leaves(size);
        let tree = subtrees(&leaves);
        let (index, n) = (at.index(size), size as u64);
        let root = tree.root(n).unwrap();
        let flipped = |hash: &Hash| { let mut h = *hash; h[bit / 8] ^= 1 << (bit % 8); h };

        let proof = tree.inclusion(index as u64, n).unwrap();
        let check = |leaf: &Hash, i: u64, s: u64, p: &[Hash], r: &Hash| check_inclusion(leaf, i, s, p, r).is_ok();
        prop_assert!(check(&leaves[index], index as u64, n, &proof, &root));
        prop_assert!(!check(&flipped(&leaves[index]), index as u64, n, &proof, &root));
        prop_assert!(!check(&leaves[index], index as u64, n, &proof, &flipped(&root)));
        prop_assert!(!check(&leaves[index], (index as u64) ^ 1, n, &proof, &root));
        prop_assert!(!check(&leaves[index], index as u64, n, &proof[1..], &root));
        let mut longer = proof.clone();
        longer.push(root);
        prop_assert!(!check(&leaves[index], index as u64, n, &longer, &root));
        let mut changed = proof.clone();
        let part_at = part.index(proof.len());
        changed[part_at] = flipped(&changed[part_at]);
        prop_assert!(!check(&leaves[index], index as u64, n, &changed, &root));

        let old = 1 + at.index(size - 1) as u64;
        let old_root = tree.root(old).unwrap();
        let proof = tree.consistency(old, n).unwrap();
        prop_assert!(check_consistency(old, &old_root, n, &root, &proof).is_ok());
        prop_assert!(check_consistency(old, &flipped(&old_root), n, &root, &proof).is_err());
        prop_assert!(check_consistency(old, &old_root, n, &flipped(&root), &proof).is_err());
        prop_assert!(check_consistency(old, &old_root, n, &root, &proof[1..]).is_err());
        let mut changed = proof.clone();
        let part_at = part.index(proof.len());
        changed[part_at] = flipped(&changed[part_at]);
        prop_assert!(check_consistency(old, &old_root, n, &root, &changed).is_err());
    }
}
