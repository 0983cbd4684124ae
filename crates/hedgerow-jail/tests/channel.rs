//! The runner's end of the wall against processes that keep the protocol and processes that do not.

use hedgerow_core::code;
use hedgerow_jail::{Channel, ChannelLimits, Fault};
use hedgerow_strategy::{Bar, FRAME_BYTES_MAX, Frame, HEAD_BYTES, Kind, Now, Orders, Row, Rows, Strategy, answer};
use proptest::prelude::*;
use rustix::fd::OwnedFd;
use std::fs::File;
use std::io::{Read, Write};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const LIMITS: ChannelLimits = ChannelLimits { deadline: Duration::from_millis(300), answer_bytes: 4096, late_max: 1 };

/// Buys as many units as it was told bars.
struct Counting;
impl Strategy for Counting {
    fn on_bars(&mut self, _: Now, bars: Rows<'_, Bar>, orders: &mut Orders<'_>) {
        orders.buy(0, bars.len() as f64);
    }
}

/// A channel to a thread that plays the other side; it ends when its part is played or the channel is dropped.
fn with(part: impl FnOnce(File, File) + Send + 'static) -> (Channel, JoinHandle<()>) {
    with_limits(LIMITS, part)
}

fn with_limits(limits: ChannelLimits, part: impl FnOnce(File, File) + Send + 'static) -> (Channel, JoinHandle<()>) {
    let (theirs_in, ours_out): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
    let (ours_in, theirs_out): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
    let other = std::thread::spawn(move || part(theirs_in.into(), theirs_out.into()));
    (Channel::new(ours_out, ours_in, limits, None).unwrap(), other)
}

fn next_question(from: &mut File) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    from.read_exact(&mut head).ok()?;
    let mut frame = vec![0; u32::from_le_bytes(head) as usize + 4];
    frame[..4].copy_from_slice(&head);
    from.read_exact(&mut frame[4..]).ok()?;
    Some(frame)
}

fn keeps_the_protocol(mut from: File, mut to: File) {
    let mut out = [0; 4096];
    while let Some(question) = next_question(&mut from) {
        let bytes = answer(&mut Counting, &question, &mut out);
        to.write_all(&out[..bytes]).unwrap();
    }
}

fn bars(count: usize) -> Vec<u8> {
    let mut payload = vec![0; Now::BYTES + count * Bar::BYTES];
    assert!(Now { ts: 1, nav: 2.0 }.write(&mut payload));
    payload
}

fn ask(channel: &mut Channel, count: usize) -> Result<u32, Fault> {
    channel.call(Kind::Bars, count as u32, &bars(count)).map(|answer| answer.intents)
}

/// A whole answer without intents.
fn empty_answer(sequence: u32) -> Vec<u8> {
    let mut frame = 12_u32.to_le_bytes().to_vec();
    frame.extend_from_slice(&sequence.to_le_bytes());
    frame.extend_from_slice(&[128, 0, 1, 0, 0, 0, 0, 0]);
    frame
}

/// The other side answers the first question with these bytes and stays.
fn says(bytes: Vec<u8>) -> Result<u32, Fault> {
    let (mut channel, other) = with(move |mut from, mut to| {
        next_question(&mut from);
        to.write_all(&bytes).unwrap();
        while next_question(&mut from).is_some() {}
    });
    let heard = ask(&mut channel, 1);
    drop(channel);
    other.join().unwrap();
    heard
}

#[test]
fn each_question_gets_its_answer_up_to_the_largest_frame() {
    let (mut channel, other) = with(keeps_the_protocol);
    let most = (FRAME_BYTES_MAX - HEAD_BYTES - Now::BYTES) / Bar::BYTES;
    for count in [1, 0, 500, most] {
        let told = channel.call(Kind::Bars, count as u32, &bars(count)).unwrap();
        let intent = hedgerow_strategy::Intent::read(told.rows).unwrap();
        assert_eq!((told.intents, intent.amount, intent.action), (1, count as f64, 1));
    }
    assert_eq!(channel.sequence(), 4);
    drop(channel);
    other.join().unwrap();
}

#[test]
fn what_is_not_an_answer_has_a_name_and_closes_the_channel() {
    let whole = empty_answer(1);
    assert_eq!(says(whole.clone()), Ok(0));
    let with_byte = |at: usize, byte: u8| {
        let mut spoiled = empty_answer(1);
        spoiled[at] = byte;
        spoiled
    };
    for (bytes, wanted) in [
        (with_byte(0, 11), code::JAIL_FRAME),
        (with_byte(10, 2), code::JAIL_FRAME),
        (with_byte(8, 77), code::JAIL_FRAME),
        (with_byte(8, 2), code::JAIL_FRAME),
        (with_byte(12, 1), code::JAIL_FRAME),
        (with_byte(4, 2), code::JAIL_SEQUENCE),
        (with_byte(4, 0), code::JAIL_SEQUENCE),
        (with_byte(2, 1), code::JAIL_OVERSIZE),
        (vec![0xff; 64], code::JAIL_OVERSIZE),
        ([whole.clone(), vec![0]].concat(), code::JAIL_SURPLUS),
        ([whole.clone(), whole.clone()].concat(), code::JAIL_SURPLUS),
    ] {
        assert_eq!(says(bytes.clone()).unwrap_err().code, wanted, "{bytes:?}");
    }
}

#[test]
fn a_failure_is_told_in_its_own_words_without_control_characters() {
    let mut frame = empty_answer(1);
    frame[8] = 129;
    frame[0] += 5;
    frame.extend_from_slice(b"a\x1bb\nc");
    let fault = says(frame).unwrap_err();
    assert_eq!((fault.code, fault.detail.as_str()), (code::JAIL_FAILED, "a b c"));
}

#[test]
fn a_late_answer_is_dropped_and_the_next_one_taken() {
    let (mut channel, other) = with(|mut from, mut to| {
        next_question(&mut from);
        next_question(&mut from);
        to.write_all(&[empty_answer(1), empty_answer(2)].concat()).unwrap();
        next_question(&mut from);
        to.write_all(&empty_answer(3)).unwrap();
    });
    let start = Instant::now();
    assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_LATE);
    assert!(start.elapsed() >= LIMITS.deadline && start.elapsed() < LIMITS.deadline * 10);
    assert_eq!(ask(&mut channel, 1), Ok(0));
    assert_eq!(ask(&mut channel, 1), Ok(0));
    other.join().unwrap();
}

#[test]
fn a_process_that_is_late_too_often_is_asked_no_more() {
    let (mut channel, other) = with(|mut from, _to| while next_question(&mut from).is_some() {});
    for _ in 0..2 {
        assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_LATE);
    }
    assert!(channel.is_closed());
    let start = Instant::now();
    assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_LATE);
    assert!(start.elapsed() < LIMITS.deadline, "a closed channel does not wait");
    drop(channel);
    other.join().unwrap();
}

#[test]
fn a_process_that_does_not_read_cannot_hold_up_the_question() {
    let (mut channel, other) = with(|from, to| {
        std::thread::sleep(LIMITS.deadline * 2);
        drop((from, to));
    });
    let most = (FRAME_BYTES_MAX - HEAD_BYTES - Now::BYTES) / Bar::BYTES;
    assert_eq!(ask(&mut channel, most).unwrap_err().code, code::JAIL_LATE);
    other.join().unwrap();
}

#[test]
fn a_flood_is_cut_off_after_one_answer() {
    let (mut channel, other) = with(|mut from, mut to| {
        next_question(&mut from);
        while to.write_all(&[0x20; 1 << 16]).is_ok() {}
    });
    assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_OVERSIZE);
    drop(channel);
    other.join().unwrap();
}

#[test]
fn a_process_that_ends_is_found_whether_it_was_asked_or_not() {
    let (mut channel, other) = with(|mut from, _to| drop(next_question(&mut from)));
    assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_GONE);
    other.join().unwrap();
    let (mut channel, other) = with(|_from, _to| {});
    other.join().unwrap();
    assert_eq!(ask(&mut channel, 1).unwrap_err().code, code::JAIL_GONE);
}

#[test]
fn equal_talks_have_equal_hashes_and_a_tape_that_holds_every_frame() {
    let folder = std::env::temp_dir().join(format!("hedgerow-tape-{}", std::process::id()));
    let talk = || {
        let (theirs_in, ours_out): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
        let (ours_in, theirs_out): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
        let other = std::thread::spawn(move || keeps_the_protocol(theirs_in.into(), theirs_out.into()));
        let tape = File::create(&folder).unwrap();
        let mut channel = Channel::new(ours_out, ours_in, LIMITS, Some(Box::new(tape))).unwrap();
        (1..20).for_each(|count| assert_eq!(ask(&mut channel, count), Ok(1)));
        channel.flush().unwrap();
        let hashes = channel.hashes();
        drop(channel);
        other.join().unwrap();
        (hashes, std::fs::read(&folder).unwrap())
    };
    let (first, second) = (talk(), talk());
    assert_eq!(first, second);
    let (mut rest, mut frames) = (first.1.as_slice(), 0);
    while !rest.is_empty() {
        let bytes = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize + 4;
        assert_eq!(Frame::read(&rest[..bytes]).unwrap().sequence, frames / 2 + 1);
        (rest, frames) = (&rest[bytes..], frames + 1);
    }
    assert_eq!(frames, 38);
    std::fs::remove_file(&folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_are_never_an_answer_with_intents_and_never_a_hang(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let limits = ChannelLimits { deadline: Duration::from_millis(20), ..LIMITS };
        let (mut channel, other) = with_limits(limits, move |mut from, mut to| {
            next_question(&mut from);
            let _ = to.write_all(&bytes);
        });
        let heard = ask(&mut channel, 1);
        prop_assert!(heard.is_err() || heard == Ok(0));
        other.join().unwrap();
    }

    #[test]
    fn random_questions_never_panic_and_are_always_answered_with_a_frame(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut out = [0; 1024];
        let told = answer(&mut Counting, &bytes, &mut out);
        prop_assert_eq!(Frame::read(&out[..told]).unwrap().kind, Kind::Failed);
    }
}
