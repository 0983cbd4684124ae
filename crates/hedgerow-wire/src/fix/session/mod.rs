//! A FIX session: bytes and the time in; bytes to send, messages for the application and what became of it out.
//!
//! Source: FIX session protocol, 4.0 to FIXT 1.1. Promises: every message is kept before it is sent (those that were made
//! together with one wait for the disk); a message that came
//! counts as received only when the application asks for the next event, so that a crash in between has it sent again;
//! whatever bytes come, the answer is the protocol's. Never: a socket, a clock, a thread.
//!
//! The caller hands in what arrives (`received`), asks for events until there are none (`poll`), sends what `transmit`
//! gives, and calls `tick` at least once a second.

mod admin;
mod event;
mod file_store;
mod held;
mod inbound;
mod outbound;
mod resend;
mod schedule;
mod settings;
mod store;
mod timers;

pub use event::{Event, Identity, identify};
pub use file_store::FileStore;
pub use schedule::Schedule;
pub use settings::{Dictionaries, Settings};
pub use store::{MemoryStore, Numbers, Store};

use super::encode::Writer;
use super::frames::Framer;
use super::message::Message;
use super::parser::Parser;
use hedgerow_core::{Problem, code};
use held::Held;
use std::collections::VecDeque;

/// Where the two sides stand with one another.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    connected: bool,
    sent_logon: bool,
    received_logon: bool,
    sent_logout: bool,
    /// We asked for a reset of the numbers in our Logon, and wait for theirs.
    sent_reset: bool,
    /// They asked, and our answer is on its way.
    received_reset: bool,
    /// How many TestRequests are without an answer.
    tests: u32,
    last_sent_ns: i64,
    last_received_ns: i64,
    /// The last number that we asked to be sent again, and when.
    asked: Option<(u64, i64)>,
}

/// One session with one counterparty.
#[derive(Debug)]
pub struct Session<S> {
    settings: Settings,
    dictionaries: Dictionaries,
    store: S,
    link: Link,
    heartbeat_s: u32,
    framer: Framer,
    parser: Parser,
    writer: Writer,
    /// The message at hand.
    raw: Vec<u8>,
    /// Messages that came before those that they follow.
    held: Held,
    /// The number to expect once the application has taken the message at hand.
    owed: Option<u64>,
    events: VecDeque<Event>,
    out: Vec<u8>,
    /// What the store could not do; nothing is sent after that.
    broken: Option<Problem>,
}

impl<S: Store> Session<S> {
    /// A session that is not connected.
    #[must_use]
    pub fn new(settings: Settings, dictionaries: Dictionaries, store: S) -> Session<S> {
        Session {
            heartbeat_s: settings.heartbeat_s,
            framer: Framer::new(settings.message_max),
            settings,
            dictionaries,
            store,
            link: Link::default(),
            parser: Parser::new(),
            writer: Writer::new(),
            raw: Vec::new(),
            held: Held::default(),
            owed: None,
            events: VecDeque::new(),
            out: Vec::new(),
            broken: None,
        }
    }

    /// What was agreed on.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The numbers that come next.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        self.store.numbers()
    }

    /// Whether both sides have logged on.
    #[must_use]
    pub const fn is_logged_on(&self) -> bool {
        self.link.connected && self.link.sent_logon && self.link.received_logon
    }

    /// Whether there is a connection.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.link.connected
    }

    /// The message of the last event that had one.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        self.parser.message(&self.raw)
    }

    /// A connection stands; an initiator logs on.
    ///
    /// # Errors
    /// `WIRE_SESSION`: there is one already, or the schedule does not allow any now. `WIRE_STORE`.
    pub fn connected(&mut self, now_ns: i64) -> Result<(), Problem> {
        if self.link.connected {
            return Err(Problem::new(code::WIRE_SESSION, "it is connected already"));
        }
        self.keep_schedule(now_ns)?;
        if self.settings.schedule.run_of(now_ns).is_none() {
            return Err(Problem::new(code::WIRE_SESSION, "it is outside its schedule"));
        }
        self.link = Link { connected: true, last_sent_ns: now_ns, last_received_ns: now_ns, ..Link::default() };
        self.framer.clear();
        self.held.clear();
        self.events.clear();
        self.out.clear();
        self.owed = None;
        self.heartbeat_s = self.settings.heartbeat_s;
        if self.settings.initiator {
            self.send_first_logon(now_ns);
        }
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// The connection is gone, whoever ended it.
    pub fn disconnected(&mut self, now_ns: i64) {
        if self.link.connected {
            self.disconnect("the connection ended", now_ns);
        }
    }

    /// Takes bytes as they came.
    pub fn received(&mut self, bytes: &[u8]) {
        if self.link.connected {
            self.framer.push(bytes);
        }
    }

    /// What happened next; nothing until more bytes come. The message of the event before counts as taken now.
    pub fn poll(&mut self, now_ns: i64) -> Option<Event> {
        self.take_owed();
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if !self.link.connected || !self.step(now_ns) {
                return None;
            }
        }
    }

    /// Keeps what was made to be sent, and which messages have come, as one.
    ///
    /// # Errors
    /// `WIRE_STORE`: nothing of it is sent, and the session goes no further.
    pub fn settle(&mut self) -> Result<(), Problem> {
        if self.broken.is_none() {
            let done = self.store.settle();
            if !self.kept(done) {
                self.out.clear();
            }
        }
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// The bytes to send, in order, once they are kept; they are given once. Where they cannot be kept, none are, and the
    /// next event says so.
    #[must_use]
    pub fn transmit(&mut self) -> Vec<u8> {
        let _told_as_an_event = self.settle();
        std::mem::take(&mut self.out)
    }

    /// Keeps a number of the application's in order with the messages: whatever a crash leaves of these, it leaves of it.
    pub fn note(&mut self, number: u64) {
        self.store.note(number);
    }

    /// The last number that was noted and is kept, 0 at first.
    #[must_use]
    pub fn noted(&self) -> u64 {
        self.store.noted()
    }

    /// How many bytes wait for those before them.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.held.bytes()
    }

    /// What keeps the session from going on, if the store failed.
    #[must_use]
    pub const fn broken(&self) -> Option<&Problem> {
        self.broken.as_ref()
    }

    fn take_owed(&mut self) {
        if let Some(number) = self.owed.take() {
            self.expect(number);
        }
    }

    fn next_in(&self) -> u64 {
        self.store.numbers().next_in
    }

    fn next_out(&self) -> u64 {
        self.store.numbers().next_out
    }

    /// Does what the store may refuse; a refusal ends the connection, for nothing may be sent that is not kept.
    fn kept(&mut self, done: Result<(), Problem>) -> bool {
        match done {
            Ok(()) => true,
            Err(problem) => {
                self.events.push_back(Event::Disconnected(problem.to_string()));
                self.broken = Some(problem);
                self.link = Link::default();
                false
            }
        }
    }

    fn expect(&mut self, number: u64) {
        let done = self.store.expect(number);
        self.kept(done);
    }

    fn received_one(&mut self) {
        self.expect(self.next_in() + 1);
    }

    fn reset(&mut self, now_ns: i64) {
        let done = self.store.reset(now_ns);
        self.kept(done);
        self.held.clear();
        self.link.asked = None;
        self.owed = None;
    }

    fn disconnect(&mut self, why: &str, now_ns: i64) {
        if !self.link.connected {
            return;
        }
        self.link = Link::default();
        self.held.clear();
        self.framer.clear();
        self.store.part();
        if self.settings.reset_on_disconnect {
            self.reset(now_ns);
        }
        self.events.push_back(Event::Disconnected(why.to_owned()));
    }
}
