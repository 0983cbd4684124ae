//! The runner's end: one question, one answer, a deadline.
//!
//! Promises: a late, malformed, oversized, out-of-sequence or surplus answer is a named [`Fault`] and no answer; what is
//! kept of a process that floods its pipe is bounded. Never: blocks beyond the deadline.

use hedgerow_core::{Code, code};
use hedgerow_strategy::{Frame, FrameError, HEAD_BYTES, Intent, Kind, Row};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::{Duration, Instant};

/// Text of a `Failed` or `Forbidden` answer beyond this is cut.
const SAYS_BYTES_MAX: usize = 512;

/// What the other side may do.
#[derive(Clone, Copy, Debug)]
pub struct ChannelLimits {
    /// How long an answer may take.
    pub deadline: Duration,
    /// Longest answer, its head included.
    pub answer_bytes: usize,
    /// How many answers in a row may be late before the channel closes.
    pub late_max: u32,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Which row of the table.
    pub code: Code,
    /// The particulars in words.
    pub detail: String,
    /// What was seen, where it is a number of bytes, rows or calls.
    pub value: u64,
    /// What was allowed.
    pub limit: u64,
}

/// A whole answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Number of the call.
    pub sequence: u32,
    /// How many intents.
    pub intents: u32,
    /// Their bytes.
    pub rows: &'a [u8],
}

/// A channel to one process, over two pipes.
pub struct Channel {
    questions: OwnedFd,
    answers: OwnedFd,
    limits: ChannelLimits,
    question: Vec<u8>,
    answer: Vec<u8>,
    have: usize,
    taken: usize,
    sequence: u32,
    late: u32,
    closed: Option<Fault>,
    asked: Sha256,
    told: Sha256,
    tape: Option<Box<dyn Write + Send>>,
}

fn fault(code: Code, detail: impl Into<String>, value: u64, limit: u64) -> Fault {
    Fault { code, detail: detail.into(), value, limit }
}

fn gone(why: &str) -> Fault {
    fault(code::JAIL_GONE, why, 0, 0)
}

impl Channel {
    /// Over the writing end of the process's input and the reading end of its output. With a tape, every question and
    /// every answer taken is written to it; four zero bytes stand for no answer.
    ///
    /// # Errors
    /// If the pipes cannot be made non-blocking.
    pub fn new(
        questions: OwnedFd,
        answers: OwnedFd,
        limits: ChannelLimits,
        tape: Option<Box<dyn Write + Send>>,
    ) -> std::io::Result<Channel> {
        for end in [&questions, &answers] {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok(Channel {
            questions,
            answers,
            question: Vec::with_capacity(4096),
            // One byte more than allowed, so that surplus shows.
            answer: vec![0; limits.answer_bytes.max(HEAD_BYTES) + 1],
            limits,
            have: 0,
            taken: 0,
            sequence: 0,
            late: 0,
            closed: None,
            asked: Sha256::new(),
            told: Sha256::new(),
            tape,
        })
    }

    /// Asks one question and waits for its answer. `payload` is a [`hedgerow_strategy::Now`] and `rows` rows.
    ///
    /// # Errors
    /// A [`Fault`]; unless it is the first late answers, the channel is closed by it.
    pub fn call(&mut self, kind: Kind, rows: u32, payload: &[u8]) -> Result<Answer<'_>, Fault> {
        let until = Instant::now() + self.limits.deadline;
        if let Some(fault) = &self.closed {
            return Err(fault.clone());
        }
        self.forget_taken();
        self.sequence += 1;
        self.write_question(kind, rows, payload);
        let heard = self.exchange(until);
        let bytes = match &heard {
            Ok(bytes) => &self.answer[..*bytes],
            Err(_) => &[0; 4],
        };
        if let Some(tape) = &mut self.tape
            && let Err(error) = tape.write_all(&self.question).and_then(|()| tape.write_all(bytes))
        {
            let fault = fault(code::LOG_IO, format!("the tape: {error}"), 0, 0);
            self.closed = Some(fault.clone());
            return Err(fault);
        }
        match heard {
            Ok(bytes) => {
                self.taken = bytes;
                self.told.update(&self.answer[..bytes]);
                self.late = 0;
                let rows = &self.answer[HEAD_BYTES..bytes];
                Ok(Answer { sequence: self.sequence, intents: (rows.len() / Intent::BYTES) as u32, rows })
            }
            Err(fault) => {
                let is_late = fault.code == code::JAIL_LATE;
                self.late += u32::from(is_late);
                if !is_late || self.late > self.limits.late_max {
                    self.closed = Some(fault.clone());
                }
                Err(fault)
            }
        }
    }

    fn write_question(&mut self, kind: Kind, rows: u32, payload: &[u8]) {
        self.question.clear();
        let length = (HEAD_BYTES - 4 + payload.len()) as u32;
        for part in [length, self.sequence] {
            self.question.extend_from_slice(&part.to_le_bytes());
        }
        for part in [kind as u16, hedgerow_strategy::ABI] {
            self.question.extend_from_slice(&part.to_le_bytes());
        }
        self.question.extend_from_slice(&rows.to_le_bytes());
        self.question.extend_from_slice(payload);
        self.asked.update(&self.question);
    }

    /// The answer that was taken last makes room.
    fn forget_taken(&mut self) {
        self.answer.copy_within(self.taken..self.have, 0);
        self.have -= self.taken;
        self.taken = 0;
    }

    /// Sends the question and reads until its answer is whole; returns the answer's bytes.
    fn exchange(&mut self, until: Instant) -> Result<usize, Fault> {
        self.send(until)?;
        loop {
            if let Some(bytes) = self.whole()? {
                let sequence = self.judged(bytes)?;
                if sequence == self.sequence {
                    if self.have > bytes {
                        let surplus = (self.have - bytes) as u64;
                        return Err(fault(code::JAIL_SURPLUS, "bytes after the answer", surplus, 0));
                    }
                    return Ok(bytes);
                }
                // The answer to a question whose time was up: found before, dropped now.
                self.taken = bytes;
                self.forget_taken();
                continue;
            }
            self.receive(until)?;
        }
    }

    /// The number of bytes of the first frame, once it is whole.
    fn whole(&self) -> Result<Option<usize>, Fault> {
        let Some(length) = self.answer.get(..4).filter(|_| self.have >= 4) else { return Ok(None) };
        let bytes = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize + 4;
        if bytes > self.limits.answer_bytes {
            let detail = format!("an answer of {bytes} bytes, allowed are {}", self.limits.answer_bytes);
            return Err(fault(code::JAIL_OVERSIZE, detail, bytes as u64, self.limits.answer_bytes as u64));
        }
        Ok((bytes <= self.have).then_some(bytes))
    }

    /// Whether the first frame is an answer of intents in its turn; its sequence number.
    fn judged(&self, bytes: usize) -> Result<u32, Fault> {
        let frame = Frame::read(&self.answer[..bytes]).map_err(|error| {
            let detail = match error {
                FrameError::Length => format!("{bytes} bytes are fewer than a head"),
                FrameError::Version => "another version of the protocol".to_owned(),
                FrameError::Kind => "an unknown kind".to_owned(),
                FrameError::Rows => "rows that do not fill it".to_owned(),
            };
            fault(code::JAIL_FRAME, detail, bytes as u64, 0)
        })?;
        let is_old = frame.sequence < self.sequence && frame.sequence + self.late >= self.sequence;
        if frame.sequence != self.sequence && !is_old {
            let detail = format!("answer {} to question {}", frame.sequence, self.sequence);
            return Err(fault(code::JAIL_SEQUENCE, detail, u64::from(frame.sequence), u64::from(self.sequence)));
        }
        match frame.kind {
            Kind::Intents if frame.answer_rows::<Intent>().is_ok() => Ok(frame.sequence),
            Kind::Intents => {
                let detail = format!("{} intents in {} bytes", frame.rows, frame.payload.len());
                Err(fault(code::JAIL_FRAME, detail, u64::from(frame.rows), 0))
            }
            Kind::Failed | Kind::Forbidden => {
                let is_failed = frame.kind == Kind::Failed;
                let code = if is_failed { code::JAIL_FAILED } else { code::JAIL_FORBIDDEN };
                Err(fault(code, plain_text(frame.payload), 0, 0))
            }
            other => Err(fault(code::JAIL_FRAME, format!("a {other:?} frame as an answer"), other as u64, 0)),
        }
    }

    fn send(&mut self, until: Instant) -> Result<(), Fault> {
        let mut sent = 0;
        while sent < self.question.len() {
            match rustix::io::write(&self.questions, &self.question[sent..]) {
                Ok(count) => sent += count,
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, until)?,
                Err(Errno::INTR) => {}
                Err(_) if sent == 0 => return Err(gone("it had ended when it was asked")),
                Err(_) => return Err(gone("it ended while it was asked")),
            }
        }
        Ok(())
    }

    fn receive(&mut self, until: Instant) -> Result<(), Fault> {
        match rustix::io::read(&self.answers, &mut self.answer[self.have..]) {
            Ok(0) => Err(gone("it ended before it answered")),
            Ok(count) => {
                self.have += count;
                Ok(())
            }
            Err(Errno::AGAIN) => self.wait(PollFlags::IN, until),
            Err(Errno::INTR) => Ok(()),
            Err(error) => Err(gone(&format!("its output cannot be read: {error}"))),
        }
    }

    fn wait(&self, what: PollFlags, until: Instant) -> Result<(), Fault> {
        let left = until.saturating_duration_since(Instant::now());
        let end = if what == PollFlags::IN { &self.answers } else { &self.questions };
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(end, what)], Some(&timeout)) {
            Ok(0) if until <= Instant::now() => {
                let limit = self.limits.deadline.as_nanos() as u64;
                let detail = format!("no answer to question {} within {:?}", self.sequence, self.limits.deadline);
                Err(fault(code::JAIL_LATE, detail, 0, limit))
            }
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(gone(&format!("its pipes cannot be waited for: {error}"))),
        }
    }

    /// What the other side may do.
    #[must_use]
    pub fn limits(&self) -> ChannelLimits {
        self.limits
    }

    /// Sets how long an answer may take from now on; returns how long it was.
    pub fn set_deadline(&mut self, deadline: Duration) -> Duration {
        std::mem::replace(&mut self.limits.deadline, deadline)
    }

    /// Running hashes of all questions and of all answers that were taken.
    #[must_use]
    pub fn hashes(&self) -> ([u8; 32], [u8; 32]) {
        (self.asked.clone().finalize().into(), self.told.clone().finalize().into())
    }

    /// Number of the last question.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Whether nothing more will be asked.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Writes the tape to its file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.tape.as_mut().map_or(Ok(()), |tape| tape.flush())
    }
}

/// Text from the other side, cut and without control characters: it is shown to people.
fn plain_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SAYS_BYTES_MAX)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
