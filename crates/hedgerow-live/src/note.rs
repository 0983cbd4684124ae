//! What the kernel's thread hands to the journal's thread: a record to keep, or a message that may leave behind those.

use hedgerow_core::{Problem, RecordId, code};
use hedgerow_kernel::Send;
use rtrb::{Producer, PushError};

/// Records of fixed size are no longer than this.
const RECORD_MAX: usize = 256;

/// One of the two.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // what is large is what is common, and it lies in the ring's own memory
pub enum Note {
    /// A record of fixed size: kind, id, how long, its bytes.
    Record(u16, RecordId, u16, [u8; RECORD_MAX]),
    /// One of any length, which only people's events are.
    Long(u16, RecordId, Box<[u8]>),
    /// A message for the venue, let pass by the gate: it may leave once everything before it is durable.
    Leaves(Send),
    /// An input and all that followed from it are noted: here a commit may end.
    Whole,
}

impl Note {
    /// A record.
    #[inline]
    pub fn record(kind: u16, id: RecordId, bytes: &[u8]) -> Note {
        if bytes.len() > RECORD_MAX {
            return Note::Long(kind, id, bytes.into());
        }
        let mut place = [0; RECORD_MAX];
        place[..bytes.len()].copy_from_slice(bytes);
        Note::Record(kind, id, bytes.len() as u16, place)
    }
}

/// So often a full ring is looked at again before the processor is offered to others: whoever empties it may want it.
const SPINS: u32 = 64;

/// Puts something into a ring, and waits for room where it is full.
///
/// # Errors
/// `LOG_IO` once nobody takes anything out any more.
#[inline]
pub fn put<T>(ring: &mut Producer<T>, mut what: T, whose: &str) -> Result<(), Problem> {
    let mut tries = 0;
    loop {
        match ring.push(what) {
            Ok(()) => return Ok(()),
            Err(PushError::Full(back)) if !ring.is_abandoned() => what = back,
            Err(PushError::Full(_)) => return Err(gone(whose)),
        }
        tries += 1;
        if tries % SPINS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
    }
}

#[cold]
pub fn gone(whose: &str) -> Problem {
    Problem::new(code::LOG_IO, format!("{whose} has ended, and nothing may happen without it"))
}
