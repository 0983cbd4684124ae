//! The journal's thread: keeps what the kernel said, and lets leave what was let pass.
//!
//! Promises: a message leaves when everything noted before it is durable; all that waits is kept with one write and one
//! sync, and no commit parts an input from what followed; after a failure nothing more leaves; a gateway that is slow holds
//! up no note: its messages stand in line, no more than the gate lets work at once. Never: looks into a record.

use crate::note::gone;
use crate::{Note, Seat};
use hedgerow_core::Problem;
use hedgerow_kernel::Send;
use hedgerow_log::{Journal, Storage};
use rtrb::{Consumer, Producer, PushError};
use std::collections::VecDeque;

/// So many notes are kept together at most, so that what came first does not wait for a flood behind it.
const GROUP_MAX: usize = 4096;

/// Keeps notes until their producer is gone and none is left; gives the journal back, committed.
///
/// # Errors
/// What [`Journal::append`] and [`Journal::commit`] give; `LOG_IO` where nobody takes what may leave. `RUN_CONFIG` as
/// [`Seat::take`].
pub fn keep<S: Storage>(
    mut journal: Journal<S>,
    mut notes: Consumer<Note>,
    mut gateway: Producer<Send>,
    seat: Seat,
) -> Result<Journal<S>, Problem> {
    seat.take()?;
    // Never waited for: a gateway that waits for room in the ring of inputs would wait for ever, with all in a circle.
    let mut leaving: VecDeque<Send> = VecDeque::with_capacity(GROUP_MAX);
    loop {
        // Looked at before the ring is emptied: what was noted last is still found in it.
        let is_over = notes.is_abandoned();
        let (mut kept, mut is_whole) = (0, true);
        while kept < GROUP_MAX || !is_whole {
            let Ok(note) = notes.pop() else {
                if is_whole {
                    break;
                }
                if notes.is_abandoned() && notes.is_empty() {
                    return Err(gone("the kernel's thread"));
                }
                std::thread::yield_now(); // the rest of a step is on its way
                continue;
            };
            (kept, is_whole) = (kept + 1, matches!(note, Note::Whole));
            match note {
                Note::Whole => {}
                Note::Record(kind, id, length, bytes) => journal.append(kind, id, &bytes[..usize::from(length)])?,
                Note::Long(kind, id, bytes) => journal.append(kind, id, &bytes)?,
                Note::Leaves(send) => leaving.push_back(send),
            }
        }
        if kept > 0 {
            journal.commit()?;
        }
        while let Some(send) = leaving.pop_front() {
            if let Err(PushError::Full(back)) = gateway.push(send) {
                leaving.push_front(back);
                break;
            }
        }
        if kept == 0 {
            if is_over && leaving.is_empty() {
                return Ok(journal);
            }
            if gateway.is_abandoned() {
                return Err(gone("the gateway"));
            }
            seat.rest();
        }
    }
}
