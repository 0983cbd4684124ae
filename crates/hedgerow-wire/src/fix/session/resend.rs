//! Messages asked for again, by us and by them.

use super::super::message::is_admin;
use super::super::parser::Parser;
use super::outbound::Pair;
use super::{Event, Session, Store};

/// While so many bytes wait to be sent, nothing is sent again: a few small requests could ask for all that ever was.
const WAITING_MAX: usize = 64 << 20;

/// A message as it was kept: its header without what the session writes itself.
struct Kept {
    msg_type: Vec<u8>,
    head: Vec<Pair>,
    body: Vec<Pair>,
    sent_at: Vec<u8>,
}

impl<S: Store> Session<S> {
    /// Asks for everything from the next expected number on; the answer must reach at least this one.
    pub(super) fn ask_again(&mut self, last: u64, now_ns: i64) {
        let begin = self.next_in().to_string().into_bytes();
        let infinity: &[u8] = if self.settings.since("FIX.4.2") { b"0" } else { b"999999" };
        self.link.asked = Some((last, now_ns));
        self.send_admin(b"2", Vec::new(), &[(7, begin), (16, infinity.to_vec())], now_ns);
    }

    pub(super) fn on_resend_request(&mut self, now_ns: i64) {
        if !self.verified(false, false, now_ns) {
            return;
        }
        if self.out.len() > WAITING_MAX {
            self.disconnect("more was asked for again than is taken", now_ns);
            return;
        }
        let message = self.message();
        let (begin, end) = (message.number(7).unwrap_or(0).max(1), message.number(16).unwrap_or(0));
        let (number, newest) = (self.number_at_hand(), self.next_out() - 1);
        let open = end == 0 || (end == 999_999 && !self.settings.since("FIX.4.3"));
        self.resend(begin, if open { newest } else { end.min(newest) }, now_ns);
        let next_in = self.next_in();
        if number == next_in {
            self.received_one();
        } else if number > next_in {
            // It was answered, and is not again when its turn comes.
            self.hold(number);
        }
    }

    /// Sends messages again, and fills the gaps where the session's own stood.
    fn resend(&mut self, first: u64, last: u64, now_ns: i64) {
        let mut messages: Vec<(u64, Vec<u8>)> = Vec::new();
        let done = self.store.replay(first, last, &mut |number, raw| messages.push((number, raw.to_vec())));
        if !self.kept(done) {
            return;
        }
        let mut gap = first;
        let mut parser = Parser::new();
        for (number, raw) in messages {
            let Some(Kept { msg_type, head, body, sent_at }) = self.taken_apart(&mut parser, &raw) else { continue };
            if is_admin(&msg_type) {
                continue;
            }
            if self.settings.never_again.iter().any(|never| never.as_bytes() == msg_type) {
                self.events.push_back(Event::Withheld(number));
                continue;
            }
            if gap < number {
                self.fill_gap(gap, number, now_ns);
            }
            self.post(&msg_type, head, &body, Some((number, sent_at)), now_ns);
            gap = number + 1;
        }
        if gap <= last {
            self.fill_gap(gap, last + 1, now_ns);
        }
    }

    fn fill_gap(&mut self, first: u64, next: u64, now_ns: i64) {
        let body = [(36, next.to_string().into_bytes()), (123, b"Y".to_vec())];
        let now = self.clock(now_ns);
        self.post(b"4", Vec::new(), &body, Some((first, now)), now_ns);
    }

    fn taken_apart(&self, parser: &mut Parser, raw: &[u8]) -> Option<Kept> {
        parser.split(raw, self.dictionaries.books(None)?).ok()?;
        let message = parser.message(raw);
        let (mut head, mut body) = (Vec::new(), Vec::new());
        let session = &self.dictionaries.session;
        for field in message.fields() {
            let tag = field.tag.unsigned_abs();
            let pair = (tag, message.value(*field).to_vec());
            match tag {
                8 | 9 | 10 | 34 | 35 | 43 | 49 | 52 | 56 | 122 => {}
                _ if session.header().has(tag) => head.push(pair),
                _ => body.push(pair),
            }
        }
        Some(Kept { msg_type: message.msg_type().to_vec(), head, body, sent_at: message.get(52)?.to_vec() })
    }
}
