//! Small logs for the drills, and what is expected of them.

use hedgerow_log::{Journal, LogReader, LogSigner, MemoryStorage, Storage};

/// The key of every test log.
pub fn signer() -> LogSigner {
    LogSigner::new("test.fund/journal", &[7; 32]).unwrap()
}

/// One record as the caller gave it.
pub type Given = (u16, u64, Vec<u8>);

/// The records that commit number `commit` appends from `first` on: entries of mixed length and two kinds of rows.
pub fn records_of(commit: u64, first: u64) -> Vec<Given> {
    let mut given = Vec::new();
    for n in 0..3 + commit % 4 {
        let id = first + n;
        let (kind, len) =
            [(6, 64), (1, 88), (1, 88), (33, 1 + 37 * n as usize), (2, 56), (32, 300)][((commit + n) % 6) as usize];
        given.push((kind, id, (0..len).map(|i| (i as u64 * 31 + id * 7 + 1) as u8).collect()));
    }
    given
}

/// Appends records: market rows to segments, all else as entries.
pub fn append<S: Storage>(journal: &mut Journal<S>, given: &[Given]) {
    for (kind, id, bytes) in given {
        match kind {
            1 | 2 => journal.append_row(*kind, *id, bytes).unwrap(),
            _ => journal.append(*kind, *id, bytes).unwrap(),
        }
    }
}

/// A log of some commits, with the file length and the records after each.
pub struct Acknowledged {
    pub journal: Journal<MemoryStorage>,
    pub given: Vec<Given>,
    /// (bytes of the file, records) after each commit, from none on.
    pub commits: Vec<(usize, usize)>,
}

/// Writes a log of so many commits, signing after those that `signs`.
pub fn written(commits: u64, signs: impl Fn(u64) -> bool) -> Acknowledged {
    let journal = Journal::create(MemoryStorage::with_crashes(), signer().verifier()).unwrap();
    let mut all = Acknowledged { commits: vec![(journal.storage().wal().len(), 0)], journal, given: Vec::new() };
    for commit in 0..commits {
        let next = records_of(commit, all.journal.next_id());
        append(&mut all.journal, &next);
        all.journal.commit().unwrap();
        if signs(commit) {
            all.journal.publish(&signer()).unwrap();
        }
        all.given.extend(next);
        all.commits.push((all.journal.storage().wal().len(), all.given.len()));
    }
    all
}

/// The records that a file holds, as they were given.
pub fn read(wal: &[u8]) -> Vec<Given> {
    let reader = LogReader::new(wal).unwrap();
    reader.records().map(|r| (r.kind, r.id, r.bytes.to_vec())).collect()
}
