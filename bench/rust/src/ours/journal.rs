//! The journal against bare bytes: appending in memory, and groups of records made durable.

use crate::clock::{rest, unpin};
use crate::floor::journal as floor;
use crate::sample::{Sample, runs};
use hedgerow_core::{Order, Problem};
use hedgerow_log::{FileStorage, Files, Journal, LogSigner, Storage};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const RECORDS: usize = 4096;
const ROUNDS: usize = 64;
/// Records of a group that becomes durable together.
const SIZES: [usize; 4] = [1, 16, 256, floor::RECORDS_MAX];
const GROUPS: usize = 40;
/// So many groups of the floor, then so many of ours: a busy moment of the disk meets both, and what our thread does
/// behind a group meets ours.
const TURN: usize = 8;

/// Measures both.
pub fn run() {
    append();
    unpin();
    for records in SIZES {
        if let Err(why) = in_folder(|folder| durable(folder, records)) {
            for (first, last) in [("", ""), ("floor.", ""), ("", ".bytes"), ("floor.", ".bytes")] {
                let name = format!("{first}journal.groups.{records}{last}");
                crate::sample::print_count(&name, "records/s", Err(why.clone()), "");
            }
        }
    }
}

pub(super) fn signer() -> LogSigner {
    LogSigner::new("bench.example/journal", &[1; 32]).expect("a name and a seed")
}

fn append() {
    let mut buffer = vec![[0; 8]; RECORDS];
    let mut journal = Journal::create(Nowhere(0), signer().verifier()).expect("an empty store");
    let (mut least, mut ours) = (Sample::default(), Sample::default());
    append_timed(&mut journal);
    for _ in 0..runs() {
        least.time(RECORDS * ROUNDS, || (0..ROUNDS).for_each(|_| floor::append_all(black_box(&mut buffer))));
        let took = append_timed(&mut journal);
        ours.push(took.as_nanos() as f64 / (RECORDS * ROUNDS) as f64);
        rest(took);
    }
    least.print(
        "floor.journal.append",
        "ns",
        RECORDS * ROUNDS,
        "64 bytes and their hardware crc32c into a 256 KiB buffer",
    );
    let note = "one Order record: frame, entry, crc32c; hashing and writing belong to the commit";
    ours.print("journal.append", "ns", RECORDS * ROUNDS, note);
}

/// Appends in rounds; each round is committed outside the timing.
fn append_timed(journal: &mut Journal<Nowhere>) -> Duration {
    let (mut took, mut order) = (Duration::ZERO, Order::default());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..RECORDS {
            order.id = journal.next_id();
            journal.append_noun(black_box(&order)).expect("the id follows");
        }
        took += start.elapsed();
        journal.commit().expect("nowhere takes everything");
    }
    took
}

/// Does work that leaves files, in a folder that is removed afterwards.
pub(super) fn in_folder(work: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let folder = std::env::var_os("BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("hedgerow-bench-{}", std::process::id()));
    let result = work(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

/// Floor and journal take turns within one run.
fn durable(folder: &Path, records: usize) -> Result<(), String> {
    let (mut least, mut same, mut ours) = (Sample::default(), Sample::default(), Sample::default());
    let whole = group_bytes(folder, records).map_err(|problem| problem.to_string())?;
    // A disk is noisier than a processor.
    for _ in 0..runs() * 3 {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let prepared = |name: &str, bytes| {
            floor::prepared_file(&folder.join(name), (GROUPS + TURN) * bytes).map_err(|e| e.to_string())
        };
        let (small, large) = (prepared("floor", records * 64)?, prepared("floor-same", whole)?);
        let mut journal = create(folder).map_err(|problem| problem.to_string())?;
        let mut took = [Duration::ZERO; 3];
        // The first turn makes space ready, and is not counted.
        for turn in 0..=GROUPS / TURN {
            let start = Instant::now();
            for group in turn * TURN..(turn + 1) * TURN {
                floor::commit_group(&small, group, records * 64).map_err(|e| e.to_string())?;
            }
            let middle = Instant::now();
            for group in turn * TURN..(turn + 1) * TURN {
                floor::commit_group(&large, group, whole).map_err(|e| e.to_string())?;
            }
            let last = Instant::now();
            for _ in 0..TURN {
                commit_group(&mut journal, records).map_err(|problem| problem.to_string())?;
            }
            if turn > 0 {
                took[0] += middle - start;
                took[1] += last - middle;
                took[2] += last.elapsed();
            }
            // The floor does not pay for the space that our thread makes now.
            rest(Duration::from_millis(100));
        }
        least.push((GROUPS * records) as f64 / took[0].as_secs_f64());
        same.push((GROUPS * records) as f64 / took[1].as_secs_f64());
        ours.push((GROUPS * records) as f64 / took[2].as_secs_f64());
    }
    let (name, n) = (format!("journal.groups.{records}"), GROUPS * records);
    let note = format!("{records} x 64 bytes, one write and one fdatasync, into written zeros");
    least.print(&format!("floor.{name}"), "records/s", n, &note);
    let note = format!("{whole} bytes, as many as the journal writes for the group, one write and one fdatasync");
    same.print(&format!("floor.{name}.bytes"), "records/s", n, &note);
    let note = format!("{records} Order records: frames, Merkle leaves, one write, one sync");
    ours.print(&name, "records/s", n, &note);
    ours.print(&format!("{name}.bytes"), "records/s", n, &note);
    Ok(())
}

/// A new log in a folder.
pub(super) fn create(folder: &Path) -> Result<Journal<FileStorage>, Problem> {
    Journal::create(FileStorage::create(folder)?, signer().verifier())
}

/// Bytes that the journal writes for a group of so many orders.
fn group_bytes(folder: &Path, records: usize) -> Result<usize, Problem> {
    let mut journal = create(&folder.join("size"))?;
    let before = journal.storage().len();
    commit_group(&mut journal, records)?;
    Ok((journal.storage().len() - before) as usize)
}

/// Appends so many orders and makes them durable together.
pub(super) fn commit_group(journal: &mut Journal<FileStorage>, records: usize) -> Result<(), Problem> {
    let mut order = Order::default();
    for _ in 0..records {
        order.id = journal.next_id();
        journal.append_noun(black_box(&order))?;
    }
    journal.commit().map(|_| ())
}

/// A store that keeps only a length, so that appending is all that is measured.
struct Nowhere(u64);

impl Files for Nowhere {
    fn small(&self, _name: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }
    fn names(&self, _folder: &str) -> Result<Vec<String>, Problem> {
        Ok(Vec::new())
    }
}

impl Storage for Nowhere {
    fn len(&self) -> u64 {
        self.0
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.0 += bytes.len() as u64;
        Ok(())
    }
    fn sync(&mut self) -> Result<(), Problem> {
        Ok(())
    }
    fn read(&self) -> Result<Vec<u8>, Problem> {
        Ok(Vec::new())
    }
    fn read_at(&self, _at: u64, bytes: usize) -> Result<Vec<u8>, Problem> {
        Ok(vec![0; bytes])
    }
    fn truncate(&mut self, bytes: u64) -> Result<(), Problem> {
        self.0 = bytes;
        Ok(())
    }
    fn put(&mut self, _files: &[(String, Vec<u8>)]) -> Result<(), Problem> {
        Ok(())
    }
}
