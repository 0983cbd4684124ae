//! What goes out: numbered, kept, and only then given to be sent.

use super::super::encode::separates;
use super::super::fault::{Fault, Kind};
use super::super::message::is_admin;
use super::super::values::write_timestamp;
use super::{Event, Session, Store};
use hedgerow_core::{Problem, code};

/// A field to send.
pub type Pair = (u32, Vec<u8>);

/// Fields of the header that the session writes itself.
const OWN: [u32; 9] = [8, 9, 10, 34, 35, 43, 49, 52, 56];

impl<S: Store> Session<S> {
    /// Sends an application message: header fields among these go to the header, the rest is the body as it stands.
    ///
    /// # Errors
    /// `WIRE_SESSION`: not logged on, or a type of the session's own. `WIRE_VALUE`: a value would end its field.
    /// `WIRE_STORE`: an earlier one could not be kept, and nothing is sent any more.
    pub fn send(&mut self, msg_type: &[u8], fields: &[Pair], now_ns: i64) -> Result<u64, Problem> {
        if !self.is_logged_on() || self.link.sent_logout {
            return Err(Problem::new(code::WIRE_SESSION, "it is not logged on"));
        }
        if is_admin(msg_type) {
            let text = String::from_utf8_lossy(msg_type).into_owned();
            return Err(Problem::new(code::WIRE_SESSION, format!("messages of type '{text}' are the session's own")));
        }
        let (mut head, mut body) = (Vec::new(), Vec::new());
        for field in fields.iter().filter(|field| !OWN.contains(&field.0) && field.0 != 122) {
            let known =
                self.dictionaries.application.field(field.0).or_else(|| self.dictionaries.session.field(field.0));
            if separates(&field.1) && known.is_none_or(|known| known.length_tag == 0) {
                return Err(Problem::new(code::WIRE_VALUE, format!("tag {} with the separator in its value", field.0)));
            }
            let session = &self.dictionaries.session;
            let in_header = session.header().has(field.0);
            if in_header { &mut head } else { &mut body }.push(field.clone());
        }
        let number = self.next_out();
        self.post(msg_type, head, &body, None, now_ns);
        self.broken.clone().map_or(Ok(number), Err)
    }

    /// Answers the message at hand: the application does not take its type (reason 3), or another BusinessRejectReason.
    pub fn business_reject(&mut self, reason: u32, text: &str, now_ns: i64) {
        let number = self.message().get(34).unwrap_or(b"0").to_vec();
        let msg_type = self.message().msg_type().to_vec();
        if self.settings.since("FIX.4.2") {
            let text = if text.is_empty() { business_text(reason) } else { text };
            let mut body =
                vec![(45, number), (58, text.into()), (372, msg_type), (380, reason.to_string().into_bytes())];
            if self.settings.is_fixt() {
                // No field of this message in the dictionaries, but QuickFIX has it, and its definitions expect it.
                body.push((1137, self.dictionaries.appl_ver_id().into()));
            }
            self.post(b"j", Vec::new(), &body, None, now_ns);
        } else {
            let text = if text.is_empty() { "Unsupported message type" } else { text };
            let head = self.reversed_route();
            self.post(b"3", head, &[(45, number), (58, text.into())], None, now_ns);
        }
    }

    /// Asks the counterparty to end the session in order.
    pub fn logout(&mut self, text: &str, now_ns: i64) {
        if self.is_logged_on() && !self.link.sent_logout {
            self.send_logout(text, now_ns);
        }
    }

    /// Rejects the message at hand; it counts as received where it was its turn.
    pub(super) fn refuse(&mut self, fault: Fault, now_ns: i64) {
        let message = self.message();
        let msg_type = message.msg_type().to_vec();
        let Some(number) = message.number(34) else {
            let text = "Received message without MsgSeqNum";
            self.send_logout(text, now_ns);
            self.disconnect(text, now_ns);
            return;
        };
        if !self.link.received_logon {
            self.disconnect("a faulty message before the Logon", now_ns);
            return;
        }
        // A business-level answer where only the header of an application message is short of a CompID.
        if fault.kind == Kind::Required
            && matches!(fault.tag, 49 | 56)
            && !is_admin(&msg_type)
            && self.settings.since("FIX.4.2")
        {
            let text = format!("{} ({})", business_text(5), fault.tag);
            if number == self.next_in() {
                self.received_one();
            }
            self.business_reject(5, &text, now_ns);
            return;
        }
        // A type that a small dictionary does not have is one that is not supported, not one that is none.
        if fault.kind == Kind::MsgType && !self.settings.rules.fields_known && self.settings.since("FIX.4.2") {
            if number == self.next_in() {
                self.received_one();
            }
            self.business_reject(3, "", now_ns);
            return;
        }
        let tagged = fault.tag != 0 || fault.kind == Kind::Tag;
        let mut body: Vec<Pair> = vec![(45, number.to_string().into_bytes())];
        if self.settings.since("FIX.4.2") {
            body.push((58, fault.text().into()));
            if tagged {
                body.push((371, fault.tag.to_string().into_bytes()));
            }
            body.push((372, msg_type.clone()));
            // 4.2 ends its list at 11.
            if self.settings.since("FIX.4.3") || fault.kind as u8 <= 11 {
                body.push((373, (fault.kind as u8).to_string().into_bytes()));
            }
        } else {
            let text = if tagged { format!("{} ({})", fault.text(), fault.tag) } else { fault.text().to_owned() };
            body.push((58, text.into_bytes()));
        }
        let head = self.reversed_route();
        if msg_type != b"4" && number == self.next_in() {
            self.received_one();
        }
        self.post(b"3", head, &body, None, now_ns);
        self.events.push_back(Event::Refused(number, fault));
    }

    /// The routing fields of the message at hand, back to where it came from.
    fn reversed_route(&self) -> Vec<Pair> {
        let message = self.message();
        let routes = [(115, 128), (116, 129), (128, 115), (129, 116), (144, 145), (145, 144)];
        let known = |tag: u32| tag < 140 || self.settings.since("FIX.4.1");
        let given = routes.into_iter().filter(|(from, _)| known(*from as u32));
        let given =
            given.filter_map(|(from, to)| Some((to, message.get(from).filter(|value| !value.is_empty())?.to_vec())));
        given.collect()
    }

    pub(super) fn send_admin(&mut self, msg_type: &[u8], head: Vec<Pair>, body: &[Pair], now_ns: i64) {
        self.post(msg_type, head, body, None, now_ns);
    }

    /// An initiator's Logon on a new connection.
    pub(super) fn send_first_logon(&mut self, now_ns: i64) {
        let anew = self.settings.reset_on_logon || (self.settings.reset_when_new && self.next_in() == 1);
        if anew {
            self.reset(now_ns);
        }
        // Both counts at 1 are said to be: the counterparty may remember others.
        let reset = self.settings.since("FIX.4.1") && anew;
        self.link.sent_reset = reset;
        self.send_logon(reset, now_ns);
    }

    pub(super) fn send_logon(&mut self, reset: bool, now_ns: i64) {
        let mut body: Vec<Pair> = vec![(98, b"0".to_vec()), (108, self.heartbeat_s.to_string().into_bytes())];
        if reset {
            body.push((141, b"Y".to_vec()));
        }
        if self.settings.is_fixt() {
            body.push((1137, self.dictionaries.appl_ver_id().into()));
        }
        if self.settings.initiator {
            body.extend(self.settings.logon_fields.iter().cloned());
        }
        self.link.sent_logon = true;
        self.post(b"A", Vec::new(), &body, None, now_ns);
    }

    pub(super) fn send_logout(&mut self, text: &str, now_ns: i64) {
        let body: &[Pair] = if text.is_empty() { &[] } else { &[(58, text.into())] };
        self.post(b"5", Vec::new(), body, None, now_ns);
        self.link.sent_logout = true;
    }

    pub(super) fn clock(&self, now_ns: i64) -> Vec<u8> {
        let digits = if self.settings.since("FIX.4.2") { usize::from(self.settings.time_digits) } else { 0 };
        let mut text = Vec::with_capacity(27);
        write_timestamp(&mut text, now_ns, digits);
        text
    }

    /// Writes a message, to be sent once it is kept; one of an old number (with the time at which it was sent first) is
    /// kept already.
    pub(super) fn post(
        &mut self,
        msg_type: &[u8],
        mut head: Vec<Pair>,
        body: &[Pair],
        again: Option<(u64, Vec<u8>)>,
        now_ns: i64,
    ) {
        if self.broken.is_some() || !self.link.connected {
            return;
        }
        let is_new = again.is_none();
        let number = again.as_ref().map_or_else(|| self.next_out(), |again| again.0);
        head.push((34, number.to_string().into_bytes()));
        head.push((49, self.settings.sender.clone().into_bytes()));
        head.push((52, self.clock(now_ns)));
        head.push((56, self.settings.target.clone().into_bytes()));
        if let Some((_, first)) = again {
            head.push((43, b"Y".to_vec()));
            head.push((122, first));
        }
        head.sort_by_key(|field| field.0);
        self.writer.begin(msg_type);
        for (tag, value) in head.iter().chain(body) {
            self.writer.text(*tag, value);
        }
        let raw = self.writer.finish(self.settings.begin_string.as_bytes());
        // A Logon is never sent again, and what it proves us by shall lie in no file.
        let is_secret = msg_type == b"A" && !self.settings.logon_fields.is_empty();
        let kept = if is_secret { &[][..] } else { raw };
        let done = if is_new { self.store.sent(number, kept) } else { Ok(()) };
        if done.is_ok() {
            self.out.extend_from_slice(raw);
            self.link.last_sent_ns = now_ns;
        }
        self.kept(done);
    }
}

/// The words of a BusinessRejectReason.
const fn business_text(reason: u32) -> &'static str {
    match reason {
        1 => "Unknown ID",
        2 => "Unknown Security",
        3 => "Unsupported Message Type",
        4 => "Application not available",
        5 => "Conditionally Required Field Missing",
        _ => "Other",
    }
}
