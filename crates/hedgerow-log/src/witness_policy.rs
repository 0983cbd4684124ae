//! Which cosignatures make a checkpoint *witnessed*: a C2SP tlog-policy file.
//!
//! ```text
//! log example.fund/journal+...                      only these logs' checkpoints, if any is named
//! witness auditor auditor.example/w+... https://...
//! witness broker broker.example/w+...
//! group outside any auditor broker                  k, `any` or `all` of names that stand above
//! quorum outside
//! ```
//! Promises: names are opaque octets, a line says one thing, a name is defined once, is a member once, and stands above
//! its use (so no circle can be written); whatever breaks this is `LOG_POLICY` with its line. A witness is told by its
//! key, so one key cannot count twice. Never: a network, a clock.

use crate::cosignature::CosignerKey;
use crate::note::{Note, VerifierKey};
use hedgerow_core::{Problem, code};
use std::fmt::Write;

/// The longest policy file that is read.
pub const POLICY_BYTES_MAX: usize = 1 << 20;

/// Who must have cosigned.
#[derive(Clone, Debug)]
pub struct WitnessPolicy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    items: Vec<Item>,
    quorum: Option<usize>,
}

/// A witness as a policy names it.
#[derive(Clone, Debug)]
pub struct PolicyWitness {
    /// Its name in the policy.
    pub name: String,
    /// The key that its cosignatures verify with.
    pub key: CosignerKey,
    /// Where it is asked: the submission prefix, if the policy says one.
    pub url: Option<String>,
}

/// What a policy says of one checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    /// Who cosigned, and when, in seconds since the Epoch; in the policy's order.
    pub by: Vec<(String, u64)>,
    /// Who did not.
    pub missing: Vec<String>,
    /// Whether that is enough.
    pub met: bool,
}

#[derive(Clone, Debug)]
struct Item {
    name: Vec<u8>,
    rule: Rule,
    is_member: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Witness(usize),
    Group { least: usize, members: Vec<usize> },
}

/// How many of `witnesses` must cosign so that two quorums share an honest one while fewer than a third lie: 3 of 4.
#[must_use]
pub fn quorum_of(witnesses: usize) -> usize {
    witnesses - witnesses.saturating_sub(1) / 3
}

impl WitnessPolicy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// `LOG_POLICY` names the line and what is wrong with it.
    pub fn parse(file: &[u8]) -> Result<WitnessPolicy, Problem> {
        if file.len() > POLICY_BYTES_MAX {
            return Err(bad(format!("{} bytes, at most {POLICY_BYTES_MAX}", file.len())));
        }
        let text = file.strip_suffix(b"\n").ok_or_else(|| bad("the file does not end in a newline; was it cut?"))?;
        let mut reading = Reading {
            policy: WitnessPolicy { logs: Vec::new(), witnesses: Vec::new(), items: Vec::new(), quorum: None },
            quorum_line: None,
            below: defined_names(text),
        };
        for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
            reading.line(number, line).map_err(|what| bad(format!("line {number}: {what}")))?;
        }
        if reading.quorum_line.is_none() {
            return Err(bad("there is no quorum line"));
        }
        Ok(reading.policy)
    }

    /// The text of a policy that asks for [`quorum_of`] these witnesses, each named by its key's name.
    ///
    /// # Errors
    /// `LOG_POLICY` if there is no witness, or two have one name or one key.
    pub fn text_of(logs: &[VerifierKey], witnesses: &[(CosignerKey, Option<String>)]) -> Result<String, Problem> {
        if witnesses.is_empty() {
            return Err(bad("no witnesses"));
        }
        let (mut text, mut names) = (String::new(), String::new());
        for log in logs {
            writeln!(text, "log {}", log.line()).expect("a String takes any text");
        }
        for (key, url) in witnesses {
            let url = url.as_ref().map_or(String::new(), |url| format!(" {url}"));
            writeln!(text, "witness {} {}{url}", key.name(), key.line()).expect("a String takes any text");
            write!(names, " {}", key.name()).expect("a String takes any text");
        }
        writeln!(text, "group witnesses {}{names}\nquorum witnesses", quorum_of(witnesses.len()))
            .expect("a String takes any text");
        WitnessPolicy::parse(text.as_bytes())?;
        Ok(text)
    }

    /// The witnesses, in the file's order.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether checkpoints of this log may be judged by this policy.
    ///
    /// # Errors
    /// `LOG_POLICY` if the policy names logs and this is none of them.
    pub fn check_log(&self, key: &VerifierKey) -> Result<(), Problem> {
        if self.logs.is_empty() || self.logs.contains(key) {
            return Ok(());
        }
        Err(bad(format!("the log {} is none of those that the policy names", key.line())))
    }

    /// Whether a signed note carries the cosignatures that the policy demands. The log's signature is not looked at.
    ///
    /// # Errors
    /// `LOG_BAD_SIGNATURE` if the note is malformed; `LOG_COSIGNATURE` if a line of a named witness does not verify.
    pub fn judge(&self, note: &[u8]) -> Result<Witnessed, Problem> {
        let note = Note::split(note)?;
        let times = self.witnesses.iter().map(|w| w.key.cosigned_note(&note)).collect::<Result<Vec<_>, _>>()?;
        let mut holds = Vec::with_capacity(self.items.len());
        for item in &self.items {
            holds.push(match &item.rule {
                Rule::Witness(index) => times[*index].is_some(),
                Rule::Group { least, members } => members.iter().filter(|m| holds[**m]).count() >= *least,
            });
        }
        let mut judged = Witnessed { by: Vec::new(), missing: Vec::new(), met: self.quorum.is_none_or(|q| holds[q]) };
        for (witness, time) in self.witnesses.iter().zip(times) {
            match time {
                Some(time_s) => judged.by.push((witness.name.clone(), time_s)),
                None => judged.missing.push(witness.name.clone()),
            }
        }
        Ok(judged)
    }
}

/// A policy that is being read.
struct Reading<'a> {
    policy: WitnessPolicy,
    quorum_line: Option<usize>,
    below: Vec<&'a [u8]>,
}

impl Reading<'_> {
    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), String> {
        if let Some(byte) = line.iter().find(|b| (**b < b' ' && **b != b'\t') || **b == 0x7f) {
            return Err(format!("control character {byte:#04x}"));
        }
        let words: Vec<&[u8]> = words_of(line).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(key),
            [b"log", key, _url] => self.log(key),
            [b"witness", name, key] => self.witness(name, key, None),
            [b"witness", name, key, url] => self.witness(name, key, Some(url)),
            [b"group", name, least, members @ ..] => self.group(name, least, members),
            [b"quorum", name] => self.quorum(number, name),
            [word @ (b"log" | b"witness" | b"group" | b"quorum"), rest @ ..] => {
                Err(format!("{} words behind `{}` are not what it takes", rest.len(), text(word)))
            }
            [word, ..] => Err(format!("unknown word {:?}; known are log, witness, group, quorum and #", text(word))),
        }
    }

    fn log(&mut self, line: &[u8]) -> Result<(), String> {
        let key = VerifierKey::parse(&text(line)).map_err(|p| p.detail)?;
        if self.policy.logs.iter().any(|other| other.public() == key.public()) {
            return Err(format!("the key {} stands twice", key.line()));
        }
        self.policy.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], line: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        let key = CosignerKey::parse(&text(line)).map_err(|p| p.detail)?;
        if let Some(other) = self.policy.witnesses.iter().find(|other| other.key.public() == key.public()) {
            return Err(format!("{} and {} have one key; it would count twice", other.name, text(name)));
        }
        self.define(name, Rule::Witness(self.policy.witnesses.len()))?;
        self.policy.witnesses.push(PolicyWitness { name: text(name), key, url: url.map(text) });
        Ok(())
    }

    fn group(&mut self, name: &[u8], least: &[u8], members: &[&[u8]]) -> Result<(), String> {
        let least = match least {
            b"all" => members.len(),
            b"any" => 1,
            digits => decimal(digits).ok_or_else(|| format!("{:?} is not a number, any or all", text(digits)))?,
        };
        if least == 0 || least > members.len() {
            return Err(format!("{least} of {} members can never be", members.len()));
        }
        let members = members.iter().map(|member| self.member(name, member)).collect::<Result<Vec<_>, _>>()?;
        self.define(name, Rule::Group { least, members })
    }

    fn member(&mut self, group: &[u8], name: &[u8]) -> Result<usize, String> {
        let index = self.find(name).map_err(|what| if name == group { format!("a circle: {what}") } else { what })?;
        if std::mem::replace(&mut self.policy.items[index].is_member, true) {
            return Err(format!("{} is a member twice; it would count twice", text(name)));
        }
        Ok(index)
    }

    fn quorum(&mut self, number: usize, name: &[u8]) -> Result<(), String> {
        if let Some(first) = self.quorum_line.replace(number) {
            return Err(format!("a second quorum line; the first is line {first}"));
        }
        self.policy.quorum = if name == b"none" { None } else { Some(self.find(name)?) };
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), String> {
        if name == b"none" || self.policy.items.iter().any(|item| item.name == name) {
            return Err(format!("the name {} is taken", text(name)));
        }
        self.policy.items.push(Item { name: name.to_vec(), rule, is_member: false });
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<usize, String> {
        self.policy.items.iter().position(|item| item.name == name).ok_or_else(|| {
            let name_text = text(name);
            if self.below.contains(&name) {
                format!("{name_text} stands below; only what stands above may be named, so that there is no circle")
            } else {
                format!("no witness or group is called {name_text}")
            }
        })
    }
}

fn words_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// Every name that some line defines.
fn defined_names(file: &[u8]) -> Vec<&[u8]> {
    let named = |line| {
        let mut words = words_of(line);
        matches!(words.next(), Some(b"witness" | b"group")).then(|| words.next()).flatten()
    };
    file.split(|b| *b == b'\n').filter_map(named).collect()
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let plain = digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"0");
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(code::LOG_POLICY, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cosigner, LogSigner};

    fn witness(n: u8) -> Cosigner {
        Cosigner::new(&format!("w{n}"), &[n; 32]).unwrap()
    }

    fn lines(numbers: std::ops::RangeInclusive<u8>) -> String {
        numbers.map(|n| format!("witness X{n} {}\n", witness(n).verifier().line())).collect()
    }

    fn note_by(numbers: &[u8]) -> String {
        let note = LogSigner::new("a/log", &[7; 32]).unwrap().sign(4, &[3; 32]);
        let body = note.split("\n\n").next().unwrap().to_owned() + "\n";
        numbers.iter().fold(note, |note, n| note + &witness(*n).cosign(&body, 5).unwrap())
    }

    fn met(policy: &str, by: &[u8]) -> bool {
        WitnessPolicy::parse(policy.as_bytes()).unwrap().judge(note_by(by).as_bytes()).unwrap().met
    }

    #[test]
    fn groups_within_groups_count_as_the_example_of_the_specification_says() {
        let text = lines(1..=3)
            + "group X 2 X1 X2 X3\n"
            + &lines(4..=6)
            + "group Y any X4 X5 X6\n"
            + "  # both\n\ngroup X-and-Y\tall X Y\nquorum X-and-Y\n";
        for (by, expected) in
            [(&[1, 2, 4][..], true), (&[1, 2], false), (&[1, 4, 5, 6], false), (&[3, 1, 6], true), (&[], false)]
        {
            assert_eq!(met(&text, by), expected, "{by:?}");
        }
    }

    #[test]
    fn a_single_witness_or_none_may_be_the_quorum() {
        assert!(met(&(lines(1..=2) + "quorum X2\n"), &[2]));
        assert!(!met(&(lines(1..=2) + "quorum X2\n"), &[1]));
        assert!(met("quorum none\n", &[]));
    }

    #[test]
    fn the_default_is_three_of_four_and_says_who_is_missing() {
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 10].map(quorum_of), [1, 2, 3, 3, 4, 5, 5, 7]);
        let keys: Vec<_> = (1..=4).map(|n| (witness(n).verifier(), Some(format!("http://127.0.0.1:{n}")))).collect();
        let log = LogSigner::new("a/log", &[7; 32]).unwrap().verifier();
        let policy =
            WitnessPolicy::parse(WitnessPolicy::text_of(std::slice::from_ref(&log), &keys).unwrap().as_bytes())
                .unwrap();
        assert_eq!(policy.witnesses()[3].url.as_deref(), Some("http://127.0.0.1:4"));
        assert!(policy.check_log(&log).is_ok());
        assert!(policy.check_log(&LogSigner::new("a/log", &[8; 32]).unwrap().verifier()).is_err());
        let judged = policy.judge(note_by(&[4, 1]).as_bytes()).unwrap();
        assert_eq!(judged.by, [("w1".to_owned(), 5), ("w4".to_owned(), 5)]);
        assert_eq!(judged.missing, ["w2", "w3"]);
        assert!(!judged.met && policy.judge(note_by(&[4, 1, 2]).as_bytes()).unwrap().met);
        assert!(WitnessPolicy::text_of(&[], &[]).is_err());
        assert!(WitnessPolicy::text_of(&[], &[keys[0].clone(), keys[0].clone()]).is_err());
    }

    #[test]
    fn a_wrong_cosignature_of_a_named_witness_rejects_the_note() {
        let policy = WitnessPolicy::parse((lines(1..=2) + "group g any X1 X2\nquorum g\n").as_bytes()).unwrap();
        let note = note_by(&[1]);
        let at = note.len() - 40;
        let other = if note.as_bytes()[at] == b'A' { "B" } else { "A" };
        let forged = format!("{}{other}{}", &note[..at], &note[at + 1..]);
        assert_eq!(policy.judge(forged.as_bytes()).unwrap_err().code, code::LOG_COSIGNATURE);
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_named_with_its_line() {
        let two = lines(1..=2);
        let log = LogSigner::new("a/log", &[7; 32]).unwrap().verifier().line();
        let same_key = Cosigner::new("other", &[1; 32]).unwrap().verifier().line();
        for (policy, named) in [
            (format!("{two}quorum X1"), "newline"),
            (two.clone(), "no quorum line"),
            (format!("{two}quorum X1\nquorum X2\n"), "line 4: a second quorum line; the first is line 3"),
            (format!("{two}qourum X1\n"), "line 3: unknown word \"qourum\""),
            (format!("{two}quorum X3\n"), "no witness or group is called X3"),
            (format!("{two}group a any b\ngroup b any a\nquorum a\n"), "b stands below"),
            (format!("{two}group a any a\nquorum a\n"), "a circle"),
            (format!("{two}group X1 any X2\nquorum X1\n"), "the name X1 is taken"),
            (format!("{two}group none any X2\nquorum none\n"), "the name none is taken"),
            (format!("{two}group g 3 X1 X2\nquorum g\n"), "3 of 2 members can never be"),
            (format!("{two}group g 0 X1 X2\nquorum g\n"), "not a number, any or all"),
            (format!("{two}group g 01 X1 X2\nquorum g\n"), "not a number, any or all"),
            (format!("{two}group g most X1 X2\nquorum g\n"), "not a number, any or all"),
            (format!("{two}group g any\nquorum g\n"), "1 of 0 members"),
            (format!("{two}group g any X1 X1\nquorum g\n"), "X1 is a member twice"),
            (format!("{two}group g any X1\ngroup h any X1 X2\nquorum h\n"), "X1 is a member twice"),
            (format!("{two}group g any none\nquorum g\n"), "no witness or group is called none"),
            (format!("{two}witness X3 {same_key}\nquorum X1\n"), "X1 and X3 have one key"),
            (format!("witness X1 {log}\nquorum X1\n"), "not a verifier key line of type 4"),
            (format!("log {log}\nlog {log}\nquorum none\n"), "stands twice"),
            (format!("{two}quorum X1 X2\n"), "2 words behind `quorum`"),
            (format!("{two}quorum X1\r\n"), "control character 0x0d"),
        ] {
            let problem = WitnessPolicy::parse(policy.as_bytes()).expect_err(named);
            assert_eq!(problem.code, code::LOG_POLICY);
            assert!(problem.detail.contains(named), "{named}: {}", problem.detail);
        }
    }

    #[test]
    fn names_are_opaque_octets() {
        let (k, kelvin) = (witness(1).verifier().line(), witness(2).verifier().line());
        let policy =
            [b"witness \xff ", k.as_bytes(), b"\nwitness \xfe ", kelvin.as_bytes(), b"\nquorum \xfe\n"].concat();
        let policy = WitnessPolicy::parse(&policy).unwrap();
        assert!(policy.judge(note_by(&[2]).as_bytes()).unwrap().met);
        assert!(!policy.judge(note_by(&[1]).as_bytes()).unwrap().met);
    }
}
