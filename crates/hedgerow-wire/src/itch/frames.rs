//! Messages in a file: each behind two bytes with its length, most significant first.

use super::Malformed;
use hedgerow_core::code;

/// Walks over the messages of a file or block.
///
/// ```
/// use hedgerow_wire::itch::Frames;
/// let mut frames = Frames::new(b"\0\x02ab\0\x01c\0\x09d");
/// assert_eq!(frames.next(), Some(Ok(&b"ab"[..])));
/// assert_eq!(frames.next(), Some(Ok(&b"c"[..])));
/// assert!(frames.next().unwrap().is_err());
/// assert_eq!((frames.next(), frames.offset()), (None, 7));
/// ```
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    offset: usize,
    ended: bool,
}

impl<'a> Frames<'a> {
    /// The messages of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Frames<'a> {
        Frames { bytes, offset: 0, ended: false }
    }

    /// Where the next message begins; behind an error, where the message that is cut off begins.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.bytes[self.offset..];
        if rest.is_empty() || self.ended {
            return None;
        }
        let message = rest.split_first_chunk::<2>().and_then(|(length, behind)| {
            let length = usize::from(u16::from_be_bytes(*length));
            behind.get(..length)
        });
        let Some(message) = message else {
            self.ended = true;
            return Some(Err(Malformed::new(code::WIRE_TRUNCATED, 0, self.offset as i64, self.bytes.len() as i64)));
        };
        self.offset += 2 + message.len();
        Some(Ok(message))
    }
}
