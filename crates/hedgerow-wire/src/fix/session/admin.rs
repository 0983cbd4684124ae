//! The session's own messages, as they come: Logon, TestRequest, Reject, SequenceReset, Logout.

use super::super::fault::{Fault, Kind};
use super::{Event, Session, Store};

impl<S: Store> Session<S> {
    pub(super) fn on_logon(&mut self, now_ns: i64) {
        let reset = self.message().flag(141);
        // Before anything is reset: what a stranger says, or what was said yesterday, must not cost us our numbers.
        if !self.link.received_logon && !self.is_theirs_and_of_now(now_ns) {
            self.disconnect("the Logon has another CompID or time", now_ns);
            return;
        }
        let asked = self.message().number(108);
        if !self.settings.initiator && asked.is_none() && self.message().get(108).is_some() {
            self.disconnect("its HeartBtInt is no number of seconds", now_ns);
            return;
        }
        self.link.received_reset = reset;
        if reset && !self.link.sent_reset {
            self.reset(now_ns);
        }
        if self.settings.initiator && !self.link.sent_logon && !reset {
            self.disconnect("the Logon came before ours was sent", now_ns);
            return;
        }
        if !self.settings.initiator && self.settings.reset_on_logon && !reset {
            self.reset(now_ns);
        }
        // A store that could not be reset has ended the connection.
        if !self.link.connected || !self.verified(false, true, now_ns) {
            return;
        }
        self.link.received_logon = true;
        if !self.settings.initiator || (reset && !self.link.sent_reset) {
            self.heartbeat_s = u32::try_from(asked.unwrap_or(0)).unwrap_or(u32::MAX);
            self.send_logon(reset, now_ns);
        }
        self.link.sent_reset = false;
        self.link.received_reset = false;
        self.events.push_back(Event::LoggedOn);
        let number = self.number_at_hand();
        if number > self.next_in() && !reset {
            self.hold(number);
            self.ask_again(number - 1, now_ns);
        } else {
            self.received_one();
        }
    }

    pub(super) fn on_test_request(&mut self, now_ns: i64) {
        if self.verified(true, true, now_ns) {
            let id = self.message().get(112).unwrap_or_default().to_vec();
            self.send_admin(b"0", Vec::new(), &[(112, id)], now_ns);
            self.received_one();
        }
    }

    pub(super) fn on_reject(&mut self, now_ns: i64) {
        if self.verified(false, true, now_ns) {
            let number = self.number_at_hand();
            if number == self.next_in() {
                self.owed = Some(number + 1);
                self.events.push_back(Event::Rejected);
            } else {
                self.too_high(number, now_ns);
            }
        }
    }

    pub(super) fn on_sequence_reset(&mut self, now_ns: i64) {
        let fills = self.message().flag(123);
        if !self.verified(fills, fills, now_ns) {
            return;
        }
        let (wanted, next_in) = (self.message().number(36).unwrap_or(0), self.next_in());
        if wanted > next_in {
            self.expect(wanted);
        } else if wanted < next_in {
            self.refuse(Fault::new(Kind::Value, 0), now_ns);
        }
    }

    pub(super) fn on_logout(&mut self, now_ns: i64) {
        if !self.verified(false, false, now_ns) {
            return;
        }
        let why = String::from_utf8_lossy(self.message().get(58).unwrap_or(b"they logged out")).into_owned();
        if !self.link.sent_logout {
            self.send_logout("", now_ns);
        }
        if self.number_at_hand() == self.next_in() {
            self.received_one();
        }
        if self.settings.reset_on_logout {
            self.reset(now_ns);
        }
        self.disconnect(&why, now_ns);
    }
}
