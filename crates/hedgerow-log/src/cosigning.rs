//! Cosignatures of witnesses are added to the checkpoint that a log shows, also while its writer runs; and the last
//! checkpoint that had enough of them is kept beside it, for as long as newer ones have not.
//!
//! Promises: the checkpoint keeps its body and every line that it has; a checkpoint that the writer replaced meanwhile is
//! left alone, because lines of another body say nothing about it; the kept one never goes back. Never: asks a witness,
//! checks whose lines they are, or how many suffice; whoever asked does that.

use crate::folder::Folder;
use crate::journal::CHECKPOINT;
use crate::note::{Checkpoint, VerifierKey};
use crate::storage::Files;
use hedgerow_core::{Problem, code};

/// Name of the small file with the last checkpoint that had the cosignatures that a policy demands.
pub const WITNESSED: &str = "witnessed";

impl Folder {
    /// Keeps a checkpoint that has the cosignatures that a policy demands, unless one of as many entries is kept; then its
    /// lines are added.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if it or the kept one is not signed by this log; `LOG_BAD_ROOT` if they are of equally many
    /// entries with two roots; `LOG_IO`.
    pub fn keep_witnessed(&self, key: &VerifierKey, note: &str) -> Result<(), Problem> {
        let given = key.open(note.as_bytes())?;
        let writing = self.writing()?;
        let kept = self.small(WITNESSED)?;
        let mut merged = match kept.as_deref().map(|kept| key.open(kept).map(|said| (said, kept))).transpose()? {
            Some((said, _)) if said.size > given.size => return Ok(()),
            Some((said, kept)) if is_same(&said, &given)? => String::from_utf8_lossy(kept).into_owned(),
            _ => String::new(),
        };
        if merged.is_empty() {
            merged.push_str(note)
        } else {
            add_lines(&mut merged, note)
        }
        if Some(merged.as_bytes()) == kept.as_deref() {
            return Ok(());
        }
        writing.put(&[(WITNESSED.to_owned(), merged.into_bytes())])
    }

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
    use crate::{FileStorage, Journal, LogSigner, STREAM, TileReader, verify_folder};

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
    fn the_last_witnessed_checkpoint_is_kept_beside_newer_ones_and_never_goes_back() {
        let (folder, mut journal) = log("kept");
        let key = signer().verifier();
        let kept = || folder.small(WITNESSED).unwrap().map(|note| String::from_utf8(note).unwrap());
        let first = format!("{}{}", shown(&folder), line("one", 1, &journal.root()));
        journal.append(6, 2, b"two").unwrap();
        journal.publish(&signer()).unwrap();
        let second = format!("{}{}", shown(&folder), line("one", 2, &journal.root()));
        folder.keep_witnessed(&key, &first).unwrap();
        assert_eq!((kept(), key.open(shown(&folder).as_bytes()).unwrap().size), (Some(first.clone()), 2));
        folder.keep_witnessed(&key, &second).unwrap();
        for older in [&first, &second] {
            folder.keep_witnessed(&key, older).unwrap();
            assert_eq!(kept(), Some(second.clone()));
        }
        let more = line("two", 2, &journal.root());
        folder.keep_witnessed(&key, &format!("{}{more}", shown(&folder))).unwrap();
        assert_eq!(kept(), Some(format!("{second}{more}")));
        let forked = folder.keep_witnessed(&key, &signer().sign(2, &[9; 32])).unwrap_err();
        let foreign = LogSigner::new("other.fund/journal", &[7; 32]).unwrap().sign(3, &[9; 32]);
        let foreign = folder.keep_witnessed(&key, &foreign).unwrap_err();
        assert_eq!((forked.code, foreign.code), (code::LOG_BAD_ROOT, code::LOG_BAD_SIGNATURE));
        assert_eq!(kept(), Some(format!("{second}{more}")));
        std::fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn a_kept_checkpoint_that_this_log_did_not_sign_or_does_not_hold_does_not_verify() {
        let (folder, mut journal) = log("checked");
        journal.append(6, 2, b"two").unwrap();
        journal.publish(&signer()).unwrap();
        let whole = signer().sign(2, &journal.root());
        drop(journal.close().unwrap());
        let foreign = LogSigner::new("other.fund/journal", &[7; 32]).unwrap().sign(1, &[9; 32]);
        for (note, expected) in [
            (whole, None),
            (foreign, Some(code::LOG_BAD_SIGNATURE)),
            (signer().sign(1, &[9; 32]), Some(code::LOG_BAD_ROOT)),
            (signer().sign(3, &[9; 32]), Some(code::LOG_SHORTER)),
        ] {
            std::fs::write(folder.path().join(WITNESSED), note).unwrap();
            assert_eq!(verify_folder(folder.path(), None).err().map(|problem| problem.code), expected);
        }
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
