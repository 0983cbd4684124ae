//! What a session tells its owner, and who speaks in a message.

use super::super::fault::Fault;

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Both sides have logged on.
    LoggedOn,
    /// A message for the application: `Session::message` lends it.
    Application,
    /// The counterparty rejected a message of ours: `Session::message` lends the Reject.
    Rejected,
    /// A message was refused with a Reject: its number and its fault.
    Refused(u64, Fault),
    /// The counterparty asked for a message of ours again that is never sent again: it will not have it.
    Withheld(u64),
    /// Bytes that are no message were passed over.
    Passed(Fault),
    /// The session is over and the connection is to be ended, once what is to be sent is sent.
    Disconnected(String),
}

/// Who speaks to whom, from a message's header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// BeginString (8).
    pub begin_string: String,
    /// SenderCompID (49).
    pub sender: String,
    /// TargetCompID (56).
    pub target: String,
    /// MsgType (35).
    pub msg_type: String,
}

/// Who speaks to whom, as far as the header of a framed message says so.
///
/// ```
/// let logon = b"8=FIX.4.4\x019=5\x0135=A\x0149=US\x0156=THEM\x0110=000\x01";
/// let who = hedgerow_wire::fix::identify(logon).unwrap();
/// assert_eq!((who.begin_string.as_str(), who.sender.as_str(), who.target.as_str()), ("FIX.4.4", "US", "THEM"));
/// ```
#[must_use]
pub fn identify(raw: &[u8]) -> Option<Identity> {
    let field = |tag: &[u8]| {
        let value = raw.split(|&b| b == 1).find_map(|field| field.strip_prefix(tag))?;
        String::from_utf8(value.to_vec()).ok()
    };
    let (begin_string, sender) = (field(b"8=")?, field(b"49=")?);
    Some(Identity { begin_string, sender, target: field(b"56=")?, msg_type: field(b"35=")? })
}
