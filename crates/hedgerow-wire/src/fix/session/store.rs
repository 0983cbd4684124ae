//! What a session must remember: the numbers of both directions, and every message it sent.

use hedgerow_core::Problem;
use std::collections::BTreeMap;

/// The numbers that come next, and when the count began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// The number of the next message that we send.
    pub next_out: u64,
    /// The number of the next message that we expect.
    pub next_in: u64,
    /// When the numbers were last set to 1, in UTC nanoseconds.
    pub since_ns: i64,
}

/// Where a session keeps what it must not forget.
///
/// After a crash the store stands as behind some call, and behind every call before a `settle` that returned.
pub trait Store {
    /// The numbers as they stand.
    fn numbers(&self) -> Numbers;

    /// Takes a message that is to be sent once a `settle` has returned; the next has the number behind.
    ///
    /// # Errors
    /// `WIRE_STORE`: then the message must not be sent.
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem>;

    /// Says which message is expected next.
    ///
    /// # Errors
    /// `WIRE_STORE`.
    fn expect(&mut self, number: u64) -> Result<(), Problem>;

    /// Takes a number of the application's, kept in order with the messages; what it says is the application's to know.
    fn note(&mut self, number: u64);

    /// The last of these, 0 at first.
    fn noted(&self) -> u64;

    /// The connection is over, and nothing more will be sent on it.
    fn part(&mut self) {}

    /// Keeps what it was given since the last time: one wait for all of it.
    ///
    /// # Errors
    /// `WIRE_STORE`: then none of it may be sent.
    fn settle(&mut self) -> Result<(), Problem>;

    /// Forgets the messages and begins both counts at 1.
    ///
    /// # Errors
    /// `WIRE_STORE`.
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem>;

    /// Gives the messages that were sent under these numbers, both included, in order.
    ///
    /// # Errors
    /// `WIRE_STORE`.
    fn replay(&self, first: u64, last: u64, give: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem>;
}

/// A store that lasts as long as the program.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    numbers: Numbers,
    noted: u64,
    sent: BTreeMap<u64, Vec<u8>>,
}

impl MemoryStore {
    /// A store whose counts begin now.
    #[must_use]
    pub const fn new(now_ns: i64) -> MemoryStore {
        let numbers = Numbers { next_out: 1, next_in: 1, since_ns: now_ns };
        MemoryStore { numbers, noted: 0, sent: BTreeMap::new() }
    }
}

impl Store for MemoryStore {
    fn numbers(&self) -> Numbers {
        self.numbers
    }
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem> {
        self.sent.insert(number, message.to_vec());
        self.numbers.next_out = number + 1;
        Ok(())
    }
    fn expect(&mut self, number: u64) -> Result<(), Problem> {
        self.numbers.next_in = number;
        Ok(())
    }
    fn note(&mut self, number: u64) {
        self.noted = number;
    }
    fn noted(&self) -> u64 {
        self.noted
    }
    fn settle(&mut self) -> Result<(), Problem> {
        Ok(())
    }
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem> {
        *self = MemoryStore { noted: self.noted, ..MemoryStore::new(now_ns) };
        Ok(())
    }
    fn replay(&self, first: u64, last: u64, give: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
        if first <= last {
            self.sent.range(first..=last).for_each(|(number, message)| give(*number, message));
        }
        Ok(())
    }
}

impl Store for Box<dyn Store + Send + Sync> {
    fn numbers(&self) -> Numbers {
        (**self).numbers()
    }
    fn sent(&mut self, number: u64, message: &[u8]) -> Result<(), Problem> {
        (**self).sent(number, message)
    }
    fn expect(&mut self, number: u64) -> Result<(), Problem> {
        (**self).expect(number)
    }
    fn note(&mut self, number: u64) {
        (**self).note(number);
    }
    fn noted(&self) -> u64 {
        (**self).noted()
    }
    fn part(&mut self) {
        (**self).part();
    }
    fn settle(&mut self) -> Result<(), Problem> {
        (**self).settle()
    }
    fn reset(&mut self, now_ns: i64) -> Result<(), Problem> {
        (**self).reset(now_ns)
    }
    fn replay(&self, first: u64, last: u64, give: &mut dyn FnMut(u64, &[u8])) -> Result<(), Problem> {
        (**self).replay(first, last, give)
    }
}
