//! A witness against logs that grow, roll back, are rewritten or fork, and against requests that are none.

use hedgerow_core::code;
use hedgerow_log::{Answer, Cosigner, LogSigner, Subtrees, WITNESS_STATE, WitnessFolder, leaf_hash, request};
use std::path::PathBuf;

const TIME_S: u64 = 1_700_000_000;

fn signer() -> LogSigner {
    LogSigner::new("example.fund/journal", &[7; 32]).unwrap()
}

fn cosigner() -> Cosigner {
    Cosigner::new("witness.example/w1", &[9; 32]).unwrap()
}

/// A tree of so many leaves; from leaf `changed` on they are others.
fn tree(size: u64, changed: u64) -> Subtrees {
    let mut tree = Subtrees::default();
    for n in 0..size {
        tree.push(leaf_hash(&[n as u8, u8::from(n >= changed)]));
    }
    tree
}

fn note(tree: &Subtrees, size: u64) -> String {
    signer().sign(size, &tree.root(size).unwrap())
}

fn ask(tree: &Subtrees, old: u64, new: u64) -> String {
    request(old, &tree.consistency(old, new).unwrap(), &note(tree, new))
}

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("hedgerow-witness-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        WitnessFolder::create(&path, &cosigner()).unwrap();
        Folder(path)
    }

    fn open(&self) -> WitnessFolder {
        WitnessFolder::open(&self.0, cosigner(), vec![signer().verifier()]).unwrap()
    }

    fn evidence(&self) -> usize {
        std::fs::read_dir(self.0.join("evidence")).map_or(0, Iterator::count)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn status(witness: &WitnessFolder, request: &str) -> u16 {
    witness.add_checkpoint(request.as_bytes(), TIME_S).unwrap().status()
}

#[test]
fn every_growth_of_a_log_is_cosigned_and_remembered_over_a_restart() {
    let (folder, tree) = (Folder::new("growth"), tree(40, 99));
    let mut old = 0;
    for new in [0, 1, 2, 7, 8, 8, 31, 40] {
        let witness = folder.open();
        let Answer::Cosigned(line) = witness.add_checkpoint(ask(&tree, old, new).as_bytes(), TIME_S).unwrap() else {
            panic!("{old} to {new}");
        };
        let cosigned = format!("{}{line}", note(&tree, new));
        assert_eq!(cosigner().verifier().cosigned(cosigned.as_bytes()), Ok(Some(TIME_S)));
        assert_eq!(witness.cosigned()[0].size, new);
        old = new;
    }
    assert_eq!(folder.evidence(), 0);
}

#[test]
fn a_log_that_was_rolled_back_rewritten_or_forked_is_refused_with_evidence() {
    let (folder, tree, other) = (Folder::new("forks"), tree(40, 99), tree(40, 5));
    let witness = folder.open();
    assert_eq!(status(&witness, &ask(&tree, 0, 20)), 200);
    let before = std::fs::read(folder.0.join(WITNESS_STATE)).unwrap();
    assert_eq!(witness.add_checkpoint(ask(&tree, 8, 12).as_bytes(), TIME_S), Ok(Answer::Conflict(20)));
    assert_eq!(status(&witness, &request(20, &[], &note(&tree, 12))), 400, "old beyond the checkpoint");
    assert_eq!(folder.evidence(), 0);
    assert_eq!(status(&witness, &request(20, &[], &note(&other, 20))), 422, "same size, other root");
    assert_eq!(folder.evidence(), 2);
    assert_eq!(status(&witness, &request(20, &[], &note(&other, 20))), 422);
    assert_eq!(folder.evidence(), 2, "once is enough");
    assert_eq!(status(&witness, &ask(&other, 20, 30)), 422, "edited history");
    assert_eq!(status(&witness, &request(20, &[], &note(&tree, 30))), 422, "no proof");
    assert_eq!(status(&witness, &request(3, &[], &note(&other, 20))), 409, "a fork with another old size");
    assert_eq!(std::fs::read(folder.0.join(WITNESS_STATE)).unwrap(), before);
    assert_eq!(status(&witness, &ask(&tree, 20, 30)), 200, "the honest branch goes on");
}

#[test]
fn what_is_no_request_or_of_an_unknown_log_changes_nothing() {
    let (folder, tree) = (Folder::new("requests"), tree(9, 99));
    let witness = folder.open();
    let good = ask(&tree, 0, 9);
    let stranger = LogSigner::new("other.fund/journal", &[7; 32]).unwrap().sign(9, &tree.root(9).unwrap());
    let forged = LogSigner::new("example.fund/journal", &[8; 32]).unwrap().sign(9, &tree.root(9).unwrap());
    for (text, expected) in [
        (String::new(), 400),
        ("old 0".into(), 400),
        (good.replacen("old 0", "old 00", 1), 400),
        (good.replacen("old 0", "old -1", 1), 400),
        (good.replacen("old 0", "size 0", 1), 400),
        (good.replacen("\n\n", "\nAAAA\n\n", 1), 400),
        (request(0, &[[1; 32]; 64], &note(&tree, 9)), 400),
        (request(0, &[[1; 32]; 63], &note(&tree, 9)), 422),
        (request(0, &[], &signer().sign(0, &[9; 32])), 422),
        (request(10, &[], &note(&tree, 9)), 400),
        (request(0, &[], "no note\n"), 400),
        (request(0, &[], &note(&tree, 9).replace("\n9\n", "\n09\n")), 400),
        (request(0, &[], &note(&tree, 9).replace('9', "\u{1}")), 400),
        (request(0, &[], &stranger), 404),
        (request(0, &[], &forged), 403),
        (good.clone() + &"x".repeat(65 << 10), 400),
    ] {
        assert_eq!(status(&witness, &text), expected, "{text:?}");
    }
    assert_eq!(witness.add_checkpoint(&[0xff; 40], TIME_S).unwrap().status(), 400);
    assert!(witness.cosigned().is_empty());
    assert_eq!(status(&witness, &good), 200);
}

#[test]
fn a_key_without_its_memory_or_with_a_damaged_one_is_retired() {
    let (folder, tree) = (Folder::new("lost"), tree(9, 99));
    assert_eq!(status(&folder.open(), &ask(&tree, 0, 9)), 200);
    let state = folder.0.join(WITNESS_STATE);
    let good = std::fs::read(&state).unwrap();
    let reopened = |bytes: Option<&[u8]>, key: Cosigner| {
        let _ = std::fs::remove_file(&state);
        bytes.inspect(|bytes| std::fs::write(&state, bytes).unwrap());
        WitnessFolder::open(&folder.0, key, vec![signer().verifier()]).err().map(|problem| problem.code)
    };
    assert_eq!(reopened(None, cosigner()), Some(code::LOG_WITNESS_STATE));
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(reopened(Some(&changed), cosigner()), Some(code::LOG_WITNESS_STATE), "byte {at}");
        assert_eq!(reopened(Some(&good[..at]), cosigner()), Some(code::LOG_WITNESS_STATE), "cut at {at}");
    }
    let other = Cosigner::new("witness.example/w1", &[8; 32]).unwrap();
    assert_eq!(reopened(Some(&good), other), Some(code::LOG_WITNESS_STATE));
    assert_eq!(reopened(Some(&good), cosigner()), None);
    assert_eq!(WitnessFolder::create(&folder.0, &cosigner()).unwrap_err().code, code::LOG_EXISTS);
}

#[test]
fn one_process_serves_a_folder_and_concurrent_requests_are_one_after_the_other() {
    let (folder, tree) = (Folder::new("racing"), tree(64, 99));
    let witness = folder.open();
    let second = WitnessFolder::open(&folder.0, cosigner(), vec![signer().verifier()]);
    assert_eq!(second.err().map(|problem| problem.code), Some(code::LOG_LOCKED));
    let cosigned: usize = std::thread::scope(|scope| {
        let asking: Vec<_> = (1..=16u64)
            .map(|new| {
                let request = ask(&tree, 0, new);
                let witness = &witness;
                scope.spawn(move || usize::from(status(witness, &request) == 200))
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(cosigned, 1, "all thought that nothing was known; one was first, the others must ask again");
}

#[test]
fn a_rotated_log_key_may_sign_beside_the_old_one() {
    let (folder, tree) = (Folder::new("rotation"), tree(9, 99));
    let new_key = LogSigner::new("example.fund/journal", &[8; 32]).unwrap();
    let keys = vec![signer().verifier(), new_key.verifier()];
    let witness = WitnessFolder::open(&folder.0, cosigner(), keys).unwrap();
    assert_eq!(status(&witness, &ask(&tree, 0, 4)), 200);
    let by_new = new_key.sign(9, &tree.root(9).unwrap());
    assert_eq!(status(&witness, &request(4, &tree.consistency(4, 9).unwrap(), &by_new)), 200);
}
