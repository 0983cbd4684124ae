//! What two counterparties agreed on before they connect.

use super::super::dictionary::Dictionary;
use super::super::frames::MESSAGE_MAX;
use super::super::message::{Books, Rules};
use super::schedule::Schedule;
use std::sync::Arc;

/// The names of versions as ApplVerID (1128) and DefaultApplVerID (1137) say them.
const APPL_VER_IDS: &[(&str, &str)] = &[
    ("2", "FIX.4.0"),
    ("3", "FIX.4.1"),
    ("4", "FIX.4.2"),
    ("5", "FIX.4.3"),
    ("6", "FIX.4.4"),
    ("7", "FIX.5.0"),
    ("8", "FIX.5.0SP1"),
    ("9", "FIX.5.0SP2"),
];

/// Dictionaries by version.
#[derive(Clone, Debug)]
pub struct Dictionaries {
    /// Of BeginString: header, trailer and the session's messages.
    pub session: Arc<Dictionary>,
    /// Of the application's messages; the same before FIXT.
    pub application: Arc<Dictionary>,
    /// Others that a message may name in ApplVerID.
    pub others: Vec<Arc<Dictionary>>,
}

impl Dictionaries {
    /// One dictionary for everything, as before FIXT.
    #[must_use]
    pub fn one(dictionary: Arc<Dictionary>) -> Dictionaries {
        Dictionaries { session: dictionary.clone(), application: dictionary, others: Vec::new() }
    }

    /// DefaultApplVerID of the application's version.
    #[must_use]
    pub fn appl_ver_id(&self) -> &'static str {
        let version = self.application.version();
        APPL_VER_IDS.iter().find(|(_, name)| *name == version).map_or("9", |(id, _)| id)
    }

    /// The dictionaries for a message with this ApplVerID, if it has one and there is one.
    #[must_use]
    pub fn books(&self, appl_ver_id: Option<&[u8]>) -> Option<Books<'_>> {
        let Some(id) = appl_ver_id else {
            return Some(Books { session: &self.session, application: &self.application });
        };
        let (_, version) = APPL_VER_IDS.iter().find(|(known, _)| known.as_bytes() == id)?;
        let application =
            std::iter::once(&self.application).chain(&self.others).find(|book| book.version() == *version)?;
        Some(Books { session: &self.session, application })
    }
}

/// One session's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `FIX.4.0` to `FIX.4.4`, or `FIXT.1.1`.
    pub begin_string: String,
    /// Our SenderCompID.
    pub sender: String,
    /// Theirs.
    pub target: String,
    /// Whether we connect and log on first.
    pub initiator: bool,
    /// HeartBtInt that an initiator asks for, in seconds.
    pub heartbeat_s: u32,
    /// Each logon begins both counts at 1.
    pub reset_on_logon: bool,
    /// The logon of an initiator that never heard anything of this session does: a new store, an old name.
    pub reset_when_new: bool,
    /// Each logout does.
    pub reset_on_logout: bool,
    /// Each lost connection does.
    pub reset_on_disconnect: bool,
    /// How far SendingTime may be from our clock, in seconds; 0 for any distance.
    pub latency_max_s: u32,
    /// Digits of a second in our timestamps: 0, 3, 6 or 9. Before FIX 4.2 there are none.
    pub time_digits: u8,
    /// What is let pass.
    pub rules: Rules,
    /// When it runs.
    pub schedule: Schedule,
    /// The longest message that is waited for, in bytes.
    pub message_max: usize,
    /// How many messages are held while those before them are asked for.
    pub held_max: usize,
    /// How long a Logon may be without an answer, in seconds.
    pub logon_wait_s: u32,
    /// How long a Logout may be.
    pub logout_wait_s: u32,
    /// How long a ResendRequest may be without any progress before it is asked again.
    pub resend_wait_s: u32,
    /// Types of application messages that are never sent again: a gap is filled in their place (stale orders).
    pub never_again: Vec<String>,
    /// Fields that our Logon has besides its own, such as Username (553).
    pub logon_fields: Vec<(u32, Vec<u8>)>,
}

impl Settings {
    /// Settings of a session between two names; everything else as most venues have it.
    #[must_use]
    pub fn new(begin_string: &str, sender: &str, target: &str, initiator: bool) -> Settings {
        Settings {
            begin_string: begin_string.to_owned(),
            sender: sender.to_owned(),
            target: target.to_owned(),
            initiator,
            heartbeat_s: 30,
            reset_on_logon: false,
            reset_when_new: false,
            reset_on_logout: false,
            reset_on_disconnect: false,
            latency_max_s: 120,
            time_digits: 3,
            rules: Rules::default(),
            schedule: Schedule::Always,
            message_max: MESSAGE_MAX,
            held_max: 10_000,
            logon_wait_s: 10,
            logout_wait_s: 2,
            resend_wait_s: 60,
            never_again: Vec::new(),
            logon_fields: Vec::new(),
        }
    }

    /// Whether the version is at least this one, such as `FIX.4.2`; FIXT is later than all of FIX 4.
    #[must_use]
    pub fn since(&self, version: &str) -> bool {
        self.begin_string.as_str() >= version
    }

    /// Whether the application's version is named apart from the session's.
    #[must_use]
    pub fn is_fixt(&self) -> bool {
        self.begin_string.starts_with("FIXT")
    }
}
