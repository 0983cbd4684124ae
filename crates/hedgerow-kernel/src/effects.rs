//! What a step brings about: records to write, in order, and approved messages to send once they are written.
//!
//! One preallocated buffer, used again for every step.

use hedgerow_core::{CancelRequest, FullOrder, FullReplace, Noun, Order, ReplaceRequest};
use hedgerow_risk::{Approved, ApprovedLeg, ApprovedQuote};

/// A message for a venue. It may leave only after the step's records are durable.
#[derive(Debug)]
pub enum Send {
    /// Place this order.
    New(Approved<Order>),
    /// Place this order, which has terms.
    NewFull(Approved<FullOrder>),
    /// Cancel a working order.
    Cancel(Approved<CancelRequest>),
    /// Change a working order.
    Replace(Approved<ReplaceRequest>),
    /// Change a working order that has terms.
    ReplaceFull(Approved<FullReplace>),
    /// Both sides of a quote, or what of it changes, in the order in which a venue that takes one message a side is told.
    Quote {
        /// The sides.
        legs: ApprovedQuote,
        /// The second one would meet the first as it stood: it leaves once the first has been changed.
        in_turn: bool,
    },
}

impl From<ApprovedLeg> for Send {
    /// One side of a quote as a message of its own.
    fn from(leg: ApprovedLeg) -> Send {
        match leg {
            ApprovedLeg::New(order) => Send::New(order),
            ApprovedLeg::Replace(request) => Send::Replace(request),
            ApprovedLeg::Cancel(request) => Send::Cancel(request),
        }
    }
}

/// The records and messages of one step.
#[derive(Debug, Default)]
pub struct Effects {
    bytes: Vec<u8>,
    /// Kind and size of each record.
    index: Vec<(u16, u16)>,
    /// Messages to send, in order.
    pub sends: Vec<Send>,
}

impl Effects {
    /// A buffer large enough that ordinary steps never allocate.
    #[must_use]
    pub fn new() -> Effects {
        Effects { bytes: Vec::with_capacity(16 * 1024), index: Vec::with_capacity(128), sends: Vec::with_capacity(64) }
    }

    /// Empties the buffer, keeping its memory.
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.index.clear();
        self.sends.clear();
    }

    #[inline]
    pub(crate) fn emit<N: Noun>(&mut self, record: &N) {
        self.index.push((N::KIND, const { N::INFO.size as u16 }));
        self.bytes.extend_from_slice(bytemuck::bytes_of(record));
    }

    /// The records as (kind, bytes), in order of their ids.
    pub fn records(&self) -> impl Iterator<Item = (u16, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.index.iter().map(move |&(kind, size)| {
            let (record, after) = rest.split_at(usize::from(size));
            rest = after;
            (kind, record)
        })
    }

    /// The records of one type.
    pub fn of<N: Noun>(&self) -> impl Iterator<Item = N> + '_ {
        self.records().filter(|(kind, _)| *kind == N::KIND).map(|(_, bytes)| bytemuck::pod_read_unaligned(bytes))
    }

    /// Whether the step wrote nothing besides its input.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}
