//! Sealed tapes: opened they are what was written; without the key, or changed, they are nothing.

use hedgerow_core::code;
use hedgerow_log::{EpochKey, Keyring, SealedTape, open_tape};
use std::io::Write;

const WORD: u32 = 3;

fn key() -> EpochKey {
    EpochKey::new(WORD, &[7; 32])
}

fn keys() -> Keyring {
    [key()].into_iter().collect()
}

/// Frames of some length, and the tape that they were written to.
fn taped(frames: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut plain, mut sealed) = (Vec::new(), Vec::new());
    let mut tape = SealedTape::new(&mut sealed, &key()).unwrap();
    for number in 0..frames {
        let frame = format!("ZEBRAFISH {number} ").repeat(1 + number % 97).into_bytes();
        tape.write_all(&frame).unwrap();
        plain.extend(frame);
    }
    tape.flush().unwrap();
    drop(tape);
    (plain, sealed)
}

#[test]
fn a_tape_opened_is_what_was_written_and_sealed_it_shows_nothing() {
    for frames in [0, 1, 100, 1_000] {
        let (plain, sealed) = taped(frames);
        assert_eq!(open_tape(&sealed, &keys()).unwrap(), plain);
        assert_eq!(sealed, taped(frames).1, "equal input gives equal bytes");
        assert!(!sealed.windows(9).any(|window| window == b"ZEBRAFISH"));
    }
    assert_eq!(open_tape(b"\x10\0\0\0 a plain tape", &Keyring::default()).unwrap(), b"\x10\0\0\0 a plain tape");
}

#[test]
fn a_key_that_is_not_here_or_is_another_opens_no_tape() {
    let (_, sealed) = taped(5);
    let missing = open_tape(&sealed, &Keyring::default()).unwrap_err();
    assert_eq!((missing.code, missing.detail.contains("journal 3")), (code::LOG_SEAL_EPOCH, true));
    let other = [EpochKey::new(WORD, &[8; 32])].into_iter().collect();
    assert_eq!(open_tape(&sealed, &other).unwrap_err().code, code::LOG_SEAL_TAMPERED);
}

#[test]
fn every_flipped_bit_of_a_sealed_tape_and_every_moved_block_is_refused() {
    let (plain, sealed) = taped(4);
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        let opened = open_tape(&changed, &keys());
        // Where the magic is gone the bytes are taken for a plain tape, which the journal's hash refuses.
        assert!(opened.is_err() || (at < 8 && opened.unwrap() != plain), "byte {at}");
    }
    let (plain, sealed) = taped(1_000);
    let first = 12 + 4 + u32::from_le_bytes(sealed[12..16].try_into().unwrap()) as usize;
    let swapped = [&sealed[..12], &sealed[first..], &sealed[12..first]].concat();
    assert_eq!(open_tape(&swapped, &keys()).unwrap_err().code, code::LOG_SEAL_TAMPERED);
    let without = [&sealed[..12], &sealed[first..]].concat();
    assert_eq!(open_tape(&without, &keys()).unwrap_err().code, code::LOG_SEAL_TAMPERED);
    assert!(plain.starts_with(&open_tape(&sealed[..first], &keys()).unwrap()), "a cut between blocks is a beginning");
}
