//! A FIX session for Python: bytes and the time in; bytes to send and what happened out.

use super::FixDictionary;
use crate::words::named;
use hedgerow_core::{Problem, code};
use hedgerow_wire::fix::{
    self, Dictionaries, Event, FileStore, MemoryStore, Rules, Schedule, Session, Settings, Store,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;

/// A FIX session without socket and clock: hand in what arrives, poll until nothing comes, send what `transmit` gives.
#[pyclass(module = "hedgerow._core")]
pub struct FixSession(Session<Box<dyn Store + Send + Sync>>);

#[pymethods]
impl FixSession {
    /// A session between `sender` (us) and `target`. `application` reads the bodies of FIXT messages, `others` those that
    /// name another version. `store` is a file that keeps numbers and messages; without it they last as long as this object.
    /// With `retold` the application tells anew what a power cut takes: messages are written and not waited for, and numbers
    /// kept on the disk many ahead, so that none is used twice; after a crash they go on behind those.
    /// `schedule` is `daily` or `weekly` with its first and last second, in UTC; without it the session runs always.
    ///
    /// Raises `WireError`: a store that cannot be read, a schedule that is none.
    #[new]
    #[pyo3(signature = (begin_string, sender, target, dictionary, *, now_ns, initiator=false, application=None, others=Vec::new(),
        store=None, retold=false, schedule=None, heartbeat_s=30, reset_on_logon=false, reset_when_new=false, reset_on_logout=false,
        reset_on_disconnect=false,
        latency_max_s=120, time_digits=3, values_present=true, fields_known=true, user_fields_known=true,
        never_again=Vec::new(), logon_fields=Vec::new()))]
    #[allow(clippy::too_many_arguments, clippy::fn_params_excessive_bools)]
    fn new(
        begin_string: &str,
        sender: &str,
        target: &str,
        dictionary: PyRef<'_, FixDictionary>,
        now_ns: i64,
        initiator: bool,
        application: Option<PyRef<'_, FixDictionary>>,
        others: Vec<PyRef<'_, FixDictionary>>,
        store: Option<PathBuf>,
        retold: bool,
        schedule: Option<(String, u32, u32)>,
        heartbeat_s: u32,
        reset_on_logon: bool,
        reset_when_new: bool,
        reset_on_logout: bool,
        reset_on_disconnect: bool,
        latency_max_s: u32,
        time_digits: u8,
        values_present: bool,
        fields_known: bool,
        user_fields_known: bool,
        never_again: Vec<String>,
        logon_fields: Vec<(u32, Vec<u8>)>,
    ) -> PyResult<FixSession> {
        let mut settings = Settings::new(begin_string, sender, target, initiator);
        settings.heartbeat_s = heartbeat_s;
        settings.reset_on_logon = reset_on_logon;
        settings.reset_when_new = reset_when_new;
        settings.reset_on_logout = reset_on_logout;
        settings.reset_on_disconnect = reset_on_disconnect;
        settings.latency_max_s = latency_max_s;
        settings.time_digits = time_digits.min(9);
        settings.rules = Rules { values_present, fields_known, user_fields_known };
        settings.never_again = never_again;
        settings.logon_fields = logon_fields;
        settings.schedule = schedule.map_or(Ok(Schedule::Always), named_schedule)?;
        let application = application.map_or_else(|| dictionary.0.clone(), |book| book.0.clone());
        let others = others.iter().map(|book| book.0.clone()).collect();
        let dictionaries = Dictionaries { session: dictionary.0.clone(), application, others };
        let store: Box<dyn Store + Send + Sync> = match store {
            Some(path) => {
                let file = FileStore::open(&path, now_ns).map_err(named)?;
                Box::new(if retold { file.retold() } else { file })
            }
            None => Box::new(MemoryStore::new(now_ns)),
        };
        Ok(FixSession(Session::new(settings, dictionaries, store)))
    }

    /// A connection stands; an initiator's Logon waits in `transmit`. Raises `WireError` outside the schedule.
    fn connected(&mut self, now_ns: i64) -> PyResult<()> {
        self.0.connected(now_ns).map_err(named)
    }

    /// The connection is gone.
    fn disconnected(&mut self, now_ns: i64) {
        self.0.disconnected(now_ns);
    }

    /// Takes bytes as they came.
    #[pyo3(signature = (data: "bytes"))]
    fn received(&mut self, data: &[u8]) {
        self.0.received(data);
    }

    /// What happened next, as its kind and its particulars; nothing until more bytes come.
    ///
    /// Kinds: `logged_on`, `application` and `rejected` (read `fields`), `refused` (we sent a Reject), `withheld` (they
    /// asked again for a message that is never sent again), `passed` (bytes that are no message), `disconnected`. The message of the event before counts as taken by asking.
    fn poll(&mut self, now_ns: i64) -> Option<(&'static str, String)> {
        Some(match self.0.poll(now_ns)? {
            Event::LoggedOn => ("logged_on", String::new()),
            Event::Application => ("application", self.msg_type()),
            Event::Rejected => ("rejected", String::new()),
            Event::Refused(number, fault) => ("refused", format!("message {number}: {}", Problem::from(fault))),
            Event::Withheld(number) => ("withheld", number.to_string()),
            Event::Passed(fault) => ("passed", Problem::from(fault).to_string()),
            Event::Disconnected(why) => ("disconnected", why),
        })
    }

    /// Lets the time pass: heartbeats, test requests, ends. Call it at least once a second.
    fn tick(&mut self, now_ns: i64) {
        self.0.tick(now_ns);
    }

    /// Keeps on the disk what was made to be sent, with one wait for all of it; `transmit` does it too. Raises `WireError`
    /// where the store fails: nothing of it is sent then.
    fn settle(&mut self) -> PyResult<()> {
        self.0.settle().map_err(named)
    }

    /// The bytes to send, in order, once they are kept; they are given once.
    #[pyo3(signature = () -> "bytes")]
    fn transmit<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.transmit())
    }

    /// Sends an application message of tag and value; gives its number. Header fields go to the header, the body stays in
    /// the order given. Raises `WireError`: not logged on, a separator in a value, or a store that failed before.
    #[pyo3(signature = (msg_type, fields: "list[tuple[int, bytes]]", now_ns))]
    fn send(&mut self, msg_type: &str, fields: Vec<(u32, Vec<u8>)>, now_ns: i64) -> PyResult<u64> {
        self.0.send(msg_type.as_bytes(), &fields, now_ns).map_err(named)
    }

    /// Answers the message at hand with a Business Message Reject (a Reject before FIX 4.2); reason 3: unsupported type.
    #[pyo3(signature = (reason, now_ns, text=""))]
    fn business_reject(&mut self, reason: u32, now_ns: i64, text: &str) {
        self.0.business_reject(reason, text, now_ns);
    }

    /// Keeps a number of the application's in order with the messages: what a crash leaves of these, it leaves of it.
    fn note(&mut self, number: u64) {
        self.0.note(number);
    }

    /// The last number that was noted, 0 at first; it outlasts a reset of the session's own.
    #[getter]
    fn noted(&self) -> u64 {
        self.0.noted()
    }

    /// Asks the counterparty to end the session in order.
    #[pyo3(signature = (now_ns, text=""))]
    fn logout(&mut self, now_ns: i64, text: &str) {
        self.0.logout(text, now_ns);
    }

    /// The fields of the message at hand: tag, value, depth within repeating groups.
    #[pyo3(signature = () -> "list[tuple[int, bytes, int]]")]
    fn fields<'py>(&self, py: Python<'py>) -> Vec<(i32, Bound<'py, PyBytes>, u8)> {
        let message = self.0.message();
        let told =
            message.fields().iter().map(|field| (field.tag, PyBytes::new(py, message.value(*field)), field.depth));
        told.collect()
    }

    /// The type of the message at hand.
    #[getter]
    fn msg_type(&self) -> String {
        String::from_utf8_lossy(self.0.message().msg_type()).into_owned()
    }

    /// The numbers of the next message out and in, and since when they are counted.
    #[getter]
    fn numbers(&self) -> (u64, u64, i64) {
        let numbers = self.0.numbers();
        (numbers.next_out, numbers.next_in, numbers.since_ns)
    }

    /// Whether both sides have logged on.
    #[getter]
    fn logged_on(&self) -> bool {
        self.0.is_logged_on()
    }

    /// Whether there is a connection.
    #[getter]
    fn is_connected(&self) -> bool {
        self.0.is_connected()
    }
}

fn named_schedule((kind, start_s, end_s): (String, u32, u32)) -> PyResult<Schedule> {
    let length = match kind.as_str() {
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        _ => 0,
    };
    if start_s >= length || end_s >= length {
        let text =
            format!("schedule '{kind}' from second {start_s} to {end_s}; 'daily' below 86400, 'weekly' below 604800");
        return Err(named(Problem::new(code::WIRE_SESSION, text)));
    }
    let daily = kind == "daily";
    Ok(if daily { Schedule::Daily { start_s, end_s } } else { Schedule::Weekly { start_s, end_s } })
}

/// Who speaks to whom in a framed message: BeginString, SenderCompID, TargetCompID, MsgType; nothing without all four.
#[pyfunction]
#[pyo3(signature = (raw: "bytes"))]
pub fn fix_identity(raw: &[u8]) -> Option<(String, String, String, String)> {
    fix::identify(raw).map(|who| (who.begin_string, who.sender, who.target, who.msg_type))
}
