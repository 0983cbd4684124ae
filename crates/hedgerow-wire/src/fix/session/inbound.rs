//! What comes in: the next message, whether it may count now, and who answers it.

use super::super::fault::{Fault, Kind};
use super::super::values::timestamp_ns;
use super::{Event, Session, Store};
use hedgerow_core::time::SECOND;

impl<S: Store> Session<S> {
    /// Takes the next message, one that was held before one that came; false where there is none.
    pub(super) fn step(&mut self, now_ns: i64) -> bool {
        let next_in = self.next_in();
        if self.link.received_logon {
            self.held.forget_before(next_in);
            if let Some(raw) = self.held.take(next_in) {
                self.raw = raw;
                self.process(true, now_ns);
                return true;
            }
        }
        match self.framer.next() {
            None => return false,
            Some(Err(fault)) => self.events.push_back(Event::Passed(fault)),
            Some(Ok(raw)) => {
                self.raw.clear();
                self.raw.extend_from_slice(raw);
                self.process(false, now_ns);
            }
        }
        true
    }

    fn process(&mut self, was_held: bool, now_ns: i64) {
        if !self.settings.schedule.one_run(now_ns, self.store.numbers().since_ns) {
            self.disconnect("its schedule ended", now_ns);
            return;
        }
        let books = self.dictionaries.books(None).expect("without a wish there is the default");
        let split = self.parser.split(&self.raw, books);
        if let Err(fault) = split
            && !fault.is_garbled()
            && self.link.received_logon
        {
            self.refuse(fault, now_ns);
            return;
        }
        if let Err(fault) = split {
            self.events.push_back(Event::Passed(fault));
            if self.raw.windows(6).any(|window| window == b"\x0135=A\x01") {
                self.disconnect("the Logon is garbled", now_ns);
            }
            return;
        }
        let msg_type = self.message().msg_type().to_vec();
        if was_held && matches!(&msg_type[..], b"A" | b"2") {
            // Both were answered when they came.
            self.received_one();
            return;
        }
        match self.fault(&msg_type) {
            None => self.dispatch(&msg_type, now_ns),
            Some(_) if msg_type == b"A" => self.disconnect("the Logon is not valid", now_ns),
            Some(Fault { kind: Kind::Garbled, .. }) => self.unexpected_version(&msg_type, now_ns),
            Some(fault) => self.refuse(fault, now_ns),
        }
    }

    /// What is wrong with the message at hand; garbled stands for another BeginString.
    fn fault(&mut self, msg_type: &[u8]) -> Option<Fault> {
        let message = self.parser.message(&self.raw);
        if let Some(tag) = [49, 56].into_iter().find(|tag| message.get(*tag).is_none()) {
            return Some(Fault::new(Kind::Required, tag));
        }
        if message.get(8) != Some(self.settings.begin_string.as_bytes()) {
            return Some(Fault::new(Kind::Garbled, 8));
        }
        let wish = if self.settings.is_fixt() { message.get(1128) } else { None };
        let Some(books) = self.dictionaries.books(wish) else {
            return Some(Fault::new(Kind::Value, 1128));
        };
        if msg_type == b"A" && self.settings.is_fixt() {
            let spoken = message.get(1137).and_then(|id| self.dictionaries.books(Some(id)));
            if spoken.is_none() {
                return Some(Fault::new(Kind::Required, 1137));
            }
        }
        self.parser.check(&self.raw, books, self.settings.rules).err()
    }

    fn unexpected_version(&mut self, msg_type: &[u8], now_ns: i64) {
        if msg_type == b"5" {
            self.on_logout(now_ns);
        } else if self.link.received_logon {
            self.send_logout("Incorrect BeginString", now_ns);
            self.received_one();
        } else {
            self.disconnect("another BeginString", now_ns);
        }
    }

    fn dispatch(&mut self, msg_type: &[u8], now_ns: i64) {
        match msg_type {
            b"A" => self.on_logon(now_ns),
            b"0" => self.on_plain(now_ns, None),
            b"1" => self.on_test_request(now_ns),
            b"2" => self.on_resend_request(now_ns),
            b"3" => self.on_reject(now_ns),
            b"4" => self.on_sequence_reset(now_ns),
            b"5" => self.on_logout(now_ns),
            _ => self.on_plain(now_ns, Some(Event::Application)),
        }
    }

    /// A message that only counts, and one that the application is told of.
    fn on_plain(&mut self, now_ns: i64, event: Option<Event>) {
        if !self.verified(true, true, now_ns) {
            return;
        }
        match event {
            None => self.received_one(),
            Some(event) => {
                self.owed = Some(self.next_in() + 1);
                self.events.push_back(event);
            }
        }
    }

    pub(super) fn number_at_hand(&self) -> u64 {
        self.message().number(34).unwrap_or(0)
    }

    /// Whether the message at hand may be answered now: logged on, on time, between these two, and its turn.
    pub(super) fn verified(&mut self, not_above: bool, not_below: bool, now_ns: i64) -> bool {
        let message = self.message();
        let msg_type = message.msg_type();
        if !self.may_say(msg_type) {
            self.disconnect("a message of its kind has no place before the Logon or behind the Logout", now_ns);
            return false;
        }
        if !self.on_time(message.get(52), now_ns) {
            self.refuse_and_leave(Kind::SendingTime, now_ns);
            return false;
        }
        if !self.between_us() {
            self.refuse_and_leave(Kind::CompId, now_ns);
            return false;
        }
        let (number, next_in) = (self.number_at_hand(), self.next_in());
        if not_above && number > next_in {
            self.too_high(number, now_ns);
            return false;
        }
        if not_below && number < next_in {
            self.too_low(number, now_ns);
            return false;
        }
        self.link.last_received_ns = now_ns;
        self.link.tests = 0;
        true
    }

    fn between_us(&self) -> bool {
        let message = self.message();
        let ours = message.get(56) == Some(self.settings.sender.as_bytes());
        ours && message.get(49) == Some(self.settings.target.as_bytes())
    }

    /// Whether the message at hand is from our counterparty, to us, and was sent about now.
    pub(super) fn is_theirs_and_of_now(&self, now_ns: i64) -> bool {
        self.between_us() && self.on_time(self.message().get(52), now_ns)
    }

    fn may_say(&self, msg_type: &[u8]) -> bool {
        let link = &self.link;
        match msg_type {
            b"A" => link.sent_reset || link.received_reset || !link.received_logon,
            _ if link.received_reset || link.received_logon => true,
            b"5" => link.sent_logon,
            b"3" | b"4" => link.sent_logon,
            _ => link.sent_logout,
        }
    }

    fn on_time(&self, sending_time: Option<&[u8]>, now_ns: i64) -> bool {
        let limit = u64::from(self.settings.latency_max_s);
        // Whole seconds of both clocks, for there are counterparties whose times have no others.
        let apart = |sent: i64| sent.div_euclid(SECOND).abs_diff(now_ns.div_euclid(SECOND));
        limit == 0 || sending_time.and_then(timestamp_ns).is_some_and(|sent| apart(sent) <= limit)
    }

    /// A fault for which the session ends: Reject and Logout, or nothing but the end before both have logged on.
    fn refuse_and_leave(&mut self, kind: Kind, now_ns: i64) {
        if !self.link.received_logon {
            self.disconnect("the Logon has another CompID or time", now_ns);
            return;
        }
        self.refuse(Fault::new(kind, 0), now_ns);
        self.send_logout("", now_ns);
    }

    /// Holds a message that came before those it follows, and asks for them where that was not done yet.
    pub(super) fn too_high(&mut self, number: u64, now_ns: i64) {
        self.hold(number);
        let next_in = self.next_in();
        if self.link.asked.is_some_and(|(last, _)| next_in <= last) {
            return;
        }
        self.ask_again(number - 1, now_ns);
    }

    /// Keeps the message at hand until its turn; where there is no more room, it will be asked for again.
    pub(super) fn hold(&mut self, number: u64) {
        self.held.keep(number, &self.raw, self.settings.held_max);
    }

    fn too_low(&mut self, number: u64, now_ns: i64) {
        let message = self.message();
        if !message.flag(43) {
            let text = format!("MsgSeqNum too low, expecting {} but received {number}", self.next_in());
            self.send_logout(&text, now_ns);
            self.disconnect(&text, now_ns);
            return;
        }
        if message.msg_type() == b"4" {
            return;
        }
        let Some(original) = message.get(122) else {
            self.refuse(Fault::new(Kind::Required, 122), now_ns);
            return;
        };
        if timestamp_ns(original) > message.get(52).and_then(timestamp_ns) {
            self.refuse(Fault::new(Kind::SendingTime, 0), now_ns);
            self.send_logout("", now_ns);
        }
    }
}
