//! Cosignatures of witnesses are added to the checkpoint that a log shows, also while its writer runs.
//!
//! Promises: the checkpoint keeps its body and every line that it has; a checkpoint that the writer replaced meanwhile is
//! left alone, because lines of another body say nothing about it. Never: asks a witness, checks whose lines they are;
//! whoever asked does that.

use crate::folder::Folder;
use crate::journal::CHECKPOINT;
use crate::note::{Checkpoint, VerifierKey};
use crate::storage::Files;
use hedgerow_core::{Problem, code};

impl Folder {
    /// Adds the signature lines of a note to the checkpoint of the log in this folder, each once; `false` if the
    /// checkpoint is of another tree by now, and nothing was added.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the note or the checkpoint is not signed by this log; `LOG_BAD_ROOT` if they are of equally
    /// many entries with two roots; `LOG_NO_CHECKPOINT`; `LOG_IO`.
    pub fn add_cosignatures(&self, key: &VerifierKey, note: &str) -> Result<bool, Problem> {
        let given = key.open(note.as_bytes())?;
        let writing = self.writing()?;
        let missing = || Problem::new(code::LOG_NO_CHECKPOINT, key.origin().to_owned());
        let stored = self.small(CHECKPOINT)?.ok_or_else(missing)?;
        let shown = key.open(&stored)?;
        if !is_same(&shown, &given)? {
            return Ok(false);
        }
        let mut merged = String::from_utf8_lossy(&stored).into_owned();
        add_lines(&mut merged, note);
        if merged.as_bytes() != stored {
            writing.put(&[(CHECKPOINT.to_owned(), merged.into_bytes())])?;
        }
        Ok(true)
    }
}

/// Whether two checkpoints of a log are the same one; one size with two roots is a fork.
fn is_same(shown: &Checkpoint, given: &Checkpoint) -> Result<bool, Problem> {
    if shown.size == given.size && shown.root != given.root {
        let (seen, signed) = (crate::hex(&given.root), crate::hex(&shown.root));
        let detail = format!("cosignatures over root {seen} of {} entries, the log shows {signed}", shown.size);
        return Err(Problem::new(code::LOG_BAD_ROOT, detail));
    }
    Ok(shown == given)
}

/// Adds the signature lines that are not there yet; both notes have the same body.
fn add_lines(stored: &mut String, note: &str) {
    let behind = |text: &str| text.rfind("\n\n").map_or(text.len(), |at| at + 2);
    let start = behind(stored);
    for line in note[behind(note)..].split_inclusive('\n') {
        if !stored[start..].split_inclusive('\n').any(|there| there == line) {
            stored.push_str(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileStorage, Journal, LogSigner, STREAM, TileReader};

    fn signer() -> LogSigner {
        LogSigner::new("test.fund/journal", &[7; 32]).unwrap()
    }

    /// A log of one published entry in a folder of this test's own, and its writer, which goes on.
    fn log(name: &str) -> (Folder, Journal<FileStorage>) {
        let dir = std::env::temp_dir().join(format!("hedgerow-cosigning-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let mut journal = Journal::create(FileStorage::create(&dir).unwrap(), signer().verifier()).unwrap();
        journal.append(6, 1, b"one").unwrap();
        journal.publish(&signer()).unwrap();
        (Folder::new(dir.join(STREAM)), journal)
    }

    fn shown(folder: &Folder) -> String {
        String::from_utf8(folder.small(CHECKPOINT).unwrap().unwrap()).unwrap()
    }

    /// The line by which a witness would have cosigned a tree.
    fn line(name: &str, size: u64, root: &[u8; 32]) -> String {
        let witness = LogSigner::new(name, &[9; 32]).unwrap();
        witness.sign(size, root).lines().last().unwrap().to_owned() + "\n"
    }

    #[test]
    fn lines_are_added_once_beside_a_running_writer_which_keeps_them() {
        let (folder, mut journal) = log("added");
        let (own, root) = (shown(&folder), journal.root());
        let cosigned = format!("{own}{}", line("first", 1, &root));
        for note in [&cosigned, &own, &cosigned, &format!("{own}{}", line("second", 1, &root))] {
            assert_eq!(folder.add_cosignatures(&signer().verifier(), note), Ok(true));
        }
        let expected = format!("{cosigned}{}", line("second", 1, &root));
        journal.publish(&signer()).unwrap();
        let (reader, checkpoint, text) = TileReader::published(&folder, &signer().verifier()).unwrap();
        assert_eq!((reader.size(), checkpoint.size, text), (1, 1, expected));
        std::fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn a_checkpoint_that_the_writer_replaced_meanwhile_is_left_alone() {
        let (folder, mut journal) = log("replaced");
        let late = format!("{}{}", shown(&folder), line("slow", 1, &journal.root()));
        journal.append(6, 2, b"two").unwrap();
        journal.publish(&signer()).unwrap();
        let now = shown(&folder);
        assert_eq!(folder.add_cosignatures(&signer().verifier(), &late), Ok(false));
        assert_eq!(shown(&folder), now);
        std::fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn cosignatures_of_a_fork_or_of_no_tree_of_this_log_are_refused_and_nothing_changes() {
        let (folder, journal) = log("refused");
        let before = shown(&folder);
        let foreign = LogSigner::new("other.fund/journal", &[7; 32]).unwrap().sign(1, &journal.root());
        let unsigned = before.split("\n\n").next().unwrap().to_owned();
        for (note, expected) in [
            (signer().sign(1, &[9; 32]), code::LOG_BAD_ROOT),
            (foreign, code::LOG_BAD_SIGNATURE),
            (unsigned, code::LOG_BAD_SIGNATURE),
            (String::new(), code::LOG_BAD_SIGNATURE),
        ] {
            assert_eq!(folder.add_cosignatures(&signer().verifier(), &note).unwrap_err().code, expected, "{note}");
        }
        assert_eq!(shown(&folder), before);
        std::fs::remove_file(folder.path().join(CHECKPOINT)).unwrap();
        let problem = folder.add_cosignatures(&signer().verifier(), &before).unwrap_err();
        assert_eq!(problem.code, code::LOG_NO_CHECKPOINT);
        std::fs::remove_dir_all(folder.path()).unwrap();
    }
}
