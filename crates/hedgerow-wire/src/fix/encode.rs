//! Writes messages: fields behind one another, length and checksum last.
//!
//! Promises: no memory asked for once a message as long was written; the body is written once, where it is sent from.
//! Never: a check of what a value means (a separator within a value is the caller's to refuse, see `separates`).

use super::values::{write_digits, write_number, write_timestamp};

/// Room for `8=FIXT.1.1|9=123456789|` before the body.
const HEAD: usize = 40;
const SOH: u8 = 1;

/// Writes one message after the other into the same room.
///
/// ```
/// use hedgerow_wire::fix::Writer;
/// let mut writer = Writer::new();
/// let heartbeat = writer.begin(b"0").number(34, 2).text(49, b"A").text(56, b"B").finish(b"FIX.4.4");
/// assert_eq!(heartbeat, b"8=FIX.4.4\x019=20\x0135=0\x0134=2\x0149=A\x0156=B\x0110=126\x01");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    /// A writer that has written nothing.
    #[must_use]
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Begins a message of a type.
    #[inline]
    pub fn begin(&mut self, msg_type: &[u8]) -> &mut Writer {
        self.buffer.clear();
        self.buffer.resize(HEAD, 0);
        self.text(35, msg_type)
    }

    #[inline]
    fn tag(&mut self, tag: u32) {
        match tag {
            0..=9 => self.buffer.extend_from_slice(&[b'0' + tag as u8, b'=']),
            10..=99 => self.buffer.extend_from_slice(&[b'0' + (tag / 10) as u8, b'0' + (tag % 10) as u8, b'=']),
            _ => {
                write_number(&mut self.buffer, u64::from(tag));
                self.buffer.push(b'=');
            }
        }
    }

    /// A field with its value's bytes.
    #[inline]
    pub fn text(&mut self, tag: u32, value: &[u8]) -> &mut Writer {
        self.tag(tag);
        self.buffer.extend_from_slice(value);
        self.buffer.push(SOH);
        self
    }

    /// A field with a number.
    #[inline]
    pub fn number(&mut self, tag: u32, value: u64) -> &mut Writer {
        self.tag(tag);
        write_number(&mut self.buffer, value);
        self.buffer.push(SOH);
        self
    }

    /// A field with a decimal of so many digits behind the point, exactly.
    #[inline]
    pub fn decimal(&mut self, tag: u32, value: i64, digits: u32) -> &mut Writer {
        self.tag(tag);
        if value < 0 {
            self.buffer.push(b'-');
        }
        let (size, unit) = (value.unsigned_abs(), 10_u64.pow(digits.min(18)));
        write_number(&mut self.buffer, size / unit);
        if digits > 0 {
            self.buffer.push(b'.');
            write_digits(&mut self.buffer, size % unit, digits.min(18) as usize);
        }
        self.buffer.push(SOH);
        self
    }

    /// A field with a UTC timestamp of so many digits behind the point.
    #[inline]
    pub fn timestamp(&mut self, tag: u32, ns: i64, digits: usize) -> &mut Writer {
        self.tag(tag);
        write_timestamp(&mut self.buffer, ns, digits);
        self.buffer.push(SOH);
        self
    }

    /// Ends the message and gives its bytes.
    #[inline]
    pub fn finish(&mut self, begin_string: &[u8]) -> &[u8] {
        let length = self.buffer.len() - HEAD;
        let width = length.checked_ilog10().map_or(1, |log| log as usize + 1);
        let start = HEAD.saturating_sub(begin_string.len() + width + 6);
        let mut at = start;
        for part in [b"8=", begin_string, b"\x019="] {
            self.buffer[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        let mut rest = length;
        for place in self.buffer[at..HEAD - 1].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.buffer[HEAD - 1] = SOH;
        let sum = self.buffer[start..].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        self.buffer.extend_from_slice(b"10=");
        write_digits(&mut self.buffer, u64::from(sum), 3);
        self.buffer.push(SOH);
        &self.buffer[start..]
    }
}

/// Whether a value would end its field before its time.
#[must_use]
pub fn separates(value: &[u8]) -> bool {
    value.contains(&SOH)
}
