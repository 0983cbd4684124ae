//! A published log of a million entries: verified from its files, beside hashing the same bytes; and proofs from its tiles,
//! beside the same proofs out of a tree in memory.

use super::journal::{commit_group, create, in_folder, signer};
use crate::clock::rest;
use crate::floor::log as floor;
use crate::random::Random;
use crate::sample::{Sample, print_count, runs};
use hedgerow_core::Problem;
use hedgerow_log::{Folder, LogReader, STREAM, TileReader, WAL, read_wal, verify};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const ENTRIES: usize = 1_000_000;
const COMMIT: usize = 4000;
const PROOFS: usize = 20_000;
/// Entries under tiles that the reader keeps.
const NEAR: u64 = 200_000;

/// Measures all.
pub fn run() {
    if let Err(why) = in_folder(|folder| measured(folder).map_err(|problem| problem.to_string())) {
        for name in ["log.verify", "log.proof.warm", "log.proof.any"] {
            print_count(name, "", Err(why.clone()), "");
        }
    }
}

fn measured(folder: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(folder).expect("a folder for the files");
    let mut journal = create(folder)?;
    for _ in 0..ENTRIES / COMMIT {
        commit_group(&mut journal, COMMIT)?;
    }
    journal.publish(&signer())?;
    drop(journal.close()?);
    verification(folder)?;
    proofs(folder)
}

fn verification(folder: &Path) -> Result<(), Problem> {
    let (mut stream, mut leaves, mut ours) = (Sample::default(), Sample::default(), Sample::default());
    let path = folder.join(STREAM).join(WAL);
    for _ in 0..runs() {
        let start = Instant::now();
        black_box(floor::hash_stream(&path).expect("the file is there"));
        stream.push(start.elapsed().as_nanos() as f64 / 1e6);
        rest(start.elapsed());
        let start = Instant::now();
        assert_eq!(floor::hash_leaves(&read_wal(folder)?), ENTRIES as u64);
        leaves.push(start.elapsed().as_nanos() as f64 / 1e6);
        rest(start.elapsed());
        let start = Instant::now();
        assert_eq!(verify(folder, Some(&signer().verifier()))?.entries, ENTRIES as u64);
        ours.push(start.elapsed().as_nanos() as f64 / 1e6);
        rest(start.elapsed());
    }
    stream.print(
        "floor.log.verify.stream",
        "ms",
        ENTRIES,
        "SHA-256 of the write-ahead file in one stream, read included",
    );
    leaves.print("floor.log.verify.leaves", "ms", ENTRIES, "SHA-256 of each entry as a leaf, read and walk included");
    let note = "1,000,000 Order records: walk, checksums, leaves and nodes, signature, every tile and bundle compared";
    ours.print("log.verify", "ms", ENTRIES, note);
    Ok(())
}

fn proofs(folder: &Path) -> Result<(), Problem> {
    let tree = LogReader::new(read_wal(folder)?)?.subtrees();
    let (mut tiles, _, _) = TileReader::published(Folder::new(folder.join(STREAM)), &signer().verifier())?;
    let (mut least, mut warm, mut any) = (Sample::default(), Sample::default(), Sample::default());
    let (mut random, size) = (Random(7), ENTRIES as u64);
    for index in (0..NEAR).step_by(256) {
        tiles.inclusion(index, size)?;
    }
    for run in 0..=runs() {
        let near: Vec<u64> = (0..PROOFS).map(|_| random.below(NEAR)).collect();
        let far: Vec<u64> = (0..PROOFS / 10).map(|_| random.below(size)).collect();
        let all = |sample: &mut Sample, indices: &[u64], proof: &mut dyn FnMut(u64) -> usize| {
            let start = Instant::now();
            let hashes: usize = indices.iter().map(|index| black_box(proof(*index))).sum();
            assert!(hashes >= indices.len() * 6);
            // The first round warms up.
            if run > 0 {
                sample.push(start.elapsed().as_nanos() as f64 / 1e3 / indices.len() as f64);
            }
            rest(start.elapsed());
        };
        all(&mut least, &near, &mut |index| tree.inclusion(index, size).expect("an entry").len());
        all(&mut warm, &near, &mut |index| tiles.inclusion(index, size).expect("an entry").len());
        let mut fresh = tiles.clone();
        all(&mut any, &far, &mut |index| fresh.inclusion(index, size).expect("an entry").len());
    }
    least.print("floor.log.proof", "us", PROOFS, "the same proof out of a tree in memory");
    warm.print("log.proof.warm", "us", PROOFS, "from published tiles that the reader keeps, 1,000,000 entries");
    any.print("log.proof.any", "us", PROOFS / 10, "of any entry: most tiles are read and hashed first");
    Ok(())
}
