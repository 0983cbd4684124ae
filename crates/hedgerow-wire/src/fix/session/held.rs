//! Messages that came before those that they follow, until their turn.
//!
//! Promises: no more of them than allowed, and no more bytes than `BYTES_MAX`, however long they are.

use std::collections::BTreeMap;

/// As much as is kept altogether.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// Held messages by their number.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl Held {
    /// Keeps a message where there is room for it; the first of a number stays.
    pub fn keep(&mut self, number: u64, raw: &[u8], count_max: usize) {
        let room = self.messages.len() < count_max && self.bytes + raw.len() <= BYTES_MAX;
        if room && !self.messages.contains_key(&number) {
            self.bytes += raw.len();
            self.messages.insert(number, raw.to_vec());
        }
    }

    /// The message of a number, which is not held any more.
    pub fn take(&mut self, number: u64) -> Option<Vec<u8>> {
        let raw = self.messages.remove(&number)?;
        self.bytes -= raw.len();
        Some(raw)
    }

    /// Messages whose turn is over are dropped.
    pub fn forget_before(&mut self, number: u64) {
        while let Some(first) = self.messages.first_entry().filter(|first| *first.key() < number) {
            self.bytes -= first.remove().len();
        }
    }

    /// Nothing is held any more.
    pub fn clear(&mut self) {
        *self = Held::default();
    }

    /// The bytes of all of them.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
