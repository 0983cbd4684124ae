//! Frames: a length, a sequence number, a kind, a version and a count, then the rows. One frame in, one frame out.

use crate::orders::Orders;
use crate::rows::{Now, Row, Rows};
use crate::Strategy;
use core::convert::TryInto;

/// Version of the protocol; a frame of another version is not understood.
pub const ABI: u16 = 1;
/// Bytes before the payload: length u32 (of everything after it), sequence u32, kind u16, version u16, rows u32.
pub const HEAD_BYTES: usize = 16;
/// Bytes of [`Now`] before the rows of a frame to a strategy.
pub const NOW_BYTES: usize = 16;
/// No frame is longer than this, its length field included.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// What a frame is. Numbers from 128 go from the strategy to the runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// The run begins; rows are instruments.
    Start = 1,
    /// Rows are bars.
    Bars = 2,
    /// Rows are fills.
    Fills = 3,
    /// The run ends; no rows.
    Stop = 4,
    /// The answer; rows are intents.
    Intents = 128,
    /// The strategy cannot go on; the payload is up to 512 bytes of UTF-8, not rows.
    Failed = 129,
    /// The strategy tried what the jail forbids and its interpreter saw it; the payload is as that of `Failed`.
    Forbidden = 130,
}

impl Kind {
    /// The kind of a number.
    #[must_use]
    pub const fn from_u16(number: u16) -> Option<Kind> {
        Some(match number {
            1 => Kind::Start,
            2 => Kind::Bars,
            3 => Kind::Fills,
            4 => Kind::Stop,
            128 => Kind::Intents,
            129 => Kind::Failed,
            130 => Kind::Forbidden,
            _ => return None,
        })
    }
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Fewer bytes than the head, or another number of them than the length says.
    Length,
    /// A version that is not [`ABI`].
    Version,
    /// A kind that does not exist.
    Kind,
    /// Rows that do not fill the payload.
    Rows,
}

/// A frame, its payload still bytes.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number of the call; an answer carries that of its question.
    pub sequence: u32,
    /// What it is.
    pub kind: Kind,
    /// How many rows it says it has.
    pub rows: u32,
    /// Everything after the head.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a whole frame.
    ///
    /// # Errors
    /// Says which part of the head cannot be.
    pub fn read(bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let head = bytes.get(..HEAD_BYTES).ok_or(FrameError::Length)?;
        if word(head, 0) as usize != bytes.len() - 4 {
            return Err(FrameError::Length);
        }
        if half(head, 10) != ABI {
            return Err(FrameError::Version);
        }
        let kind = Kind::from_u16(half(head, 8)).ok_or(FrameError::Kind)?;
        Ok(Frame { sequence: word(head, 4), kind, rows: word(head, 12), payload: &bytes[HEAD_BYTES..] })
    }

    /// The rows of a frame to a strategy, after its [`Now`].
    ///
    /// # Errors
    /// If they do not fill the payload.
    pub fn rows_of<R: Row>(&self) -> Result<(Now, Rows<'a, R>), FrameError> {
        let now = Now::read(self.payload).ok_or(FrameError::Rows)?;
        let rows = &self.payload[NOW_BYTES..];
        if (self.rows as usize).checked_mul(R::BYTES) != Some(rows.len()) {
            return Err(FrameError::Rows);
        }
        Ok((now, Rows::new(rows)))
    }

    /// The rows of an answer.
    ///
    /// # Errors
    /// If they do not fill the payload.
    pub fn answer_rows<R: Row>(&self) -> Result<Rows<'a, R>, FrameError> {
        if (self.rows as usize).checked_mul(R::BYTES) != Some(self.payload.len()) {
            return Err(FrameError::Rows);
        }
        Ok(Rows::new(self.payload))
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].try_into().map_or(0, u32::from_le_bytes)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes[at..at + 2].try_into().map_or(0, u16::from_le_bytes)
}

/// Writes a head into the first [`HEAD_BYTES`] bytes of a frame of `bytes` bytes in all.
pub(crate) fn write_head(frame: &mut [u8], bytes: usize, sequence: u32, kind: Kind, rows: u32) {
    frame[..4].copy_from_slice(&(bytes as u32 - 4).to_le_bytes());
    frame[4..8].copy_from_slice(&sequence.to_le_bytes());
    frame[8..10].copy_from_slice(&(kind as u16).to_le_bytes());
    frame[10..12].copy_from_slice(&ABI.to_le_bytes());
    frame[12..16].copy_from_slice(&rows.to_le_bytes());
}

/// One call: reads the question, lets the strategy speak, writes the answer; returns the answer's bytes.
///
/// A question that cannot be read, and an answer that does not fit, become an answer of kind `Failed`.
pub fn answer<S: Strategy>(strategy: &mut S, question: &[u8], out: &mut [u8]) -> usize {
    let frame = match Frame::read(question) {
        Ok(frame) => frame,
        Err(_) => return failed(out, 0, "the question is no frame of this version"),
    };
    let mut orders = Orders::new(&mut out[HEAD_BYTES..]);
    let told = match frame.kind {
        Kind::Start => frame.rows_of().map(|(now, rows)| strategy.on_start(now, rows, &mut orders)),
        Kind::Bars => frame.rows_of().map(|(now, rows)| strategy.on_bars(now, rows, &mut orders)),
        Kind::Fills => frame.rows_of().map(|(now, rows)| strategy.on_fills(now, rows, &mut orders)),
        Kind::Stop => frame.rows_of::<Now>().map(|(now, _)| strategy.on_stop(now, &mut orders)),
        _ => Err(FrameError::Kind),
    };
    let (rows, is_full) = (orders.len(), orders.is_full());
    match told {
        Err(_) => failed(out, frame.sequence, "the question's rows cannot be read"),
        Ok(()) if is_full => failed(out, frame.sequence, "more intents than an answer can hold"),
        Ok(()) => {
            let bytes = HEAD_BYTES + rows as usize * crate::Intent::BYTES;
            write_head(out, bytes, frame.sequence, Kind::Intents, rows);
            bytes
        }
    }
}

fn failed(out: &mut [u8], sequence: u32, says: &str) -> usize {
    let bytes = HEAD_BYTES + says.len();
    out[HEAD_BYTES..bytes].copy_from_slice(says.as_bytes());
    write_head(out, bytes, sequence, Kind::Failed, 0);
    bytes
}
