//! What can be traded: symbol, currency, tick, lot, and the exact value of one tick of one lot.

use crate::{Instrument, MONEY_UNIT};
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name of up to 32 bytes of UTF-8, padded with zero bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Symbol(pub [u8; 32]);

impl Symbol {
    /// `None` if the text is empty, longer than 32 bytes, or holds control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Symbol> {
        let ok = !text.is_empty() && text.len() <= 32 && !text.chars().any(char::is_control);
        ok.then(|| {
            let mut name = [0; 32];
            name[..text.len()].copy_from_slice(text.as_bytes());
            Symbol(name)
        })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(32);
        std::str::from_utf8(&self.0[..end]).unwrap_or("?")
    }
}
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text of up to 64 bytes of UTF-8, padded with zero bytes: names that others give.
#[derive(Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable, Serialize, Deserialize)]
#[repr(C)]
pub struct Text64([[u8; 32]; 2]);

impl Text64 {
    /// `None` if the text is longer than 64 bytes, or holds control characters; nothing is a text.
    ///
    /// ```
    /// use hedgerow_core::Text64;
    /// assert_eq!(Text64::parse("28457").unwrap().as_str(), "28457");
    /// assert_eq!(Text64::parse(&"9".repeat(65)), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Text64> {
        let ok = text.len() <= 64 && !text.chars().any(char::is_control);
        ok.then(|| {
            let mut padded = Text64::default();
            bytemuck::bytes_of_mut(&mut padded)[..text.len()].copy_from_slice(text.as_bytes());
            padded
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = bytemuck::bytes_of(self);
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..end]).unwrap_or("?")
    }
}
impl fmt::Debug for Text64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// May be sold short (subject to `locate_lots`).
pub const SHORTABLE: u32 = 1;
/// On the restricted list: only risk-reducing orders pass.
pub const RESTRICTED: u32 = 2;
/// Trading is halted: no order passes.
pub const HALTED: u32 = 4;

impl Instrument {
    /// Exact value of one tick of one lot (`tick * lot * multiplier`), or `None` if it is not a whole number of 10^-9 units.
    #[must_use]
    pub fn exact_tick_value(tick_nano: i64, lot_nano: i64, multiplier: i64) -> Option<i64> {
        let product = (tick_nano as i128).checked_mul(lot_nano as i128)?.checked_mul(multiplier as i128)?;
        (product > 0 && product % MONEY_UNIT == 0).then(|| i64::try_from(product / MONEY_UNIT).ok()).flatten()
    }
}
