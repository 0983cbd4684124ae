//! Reads the fields of a JSON object strictly: every field known, every field there, every field of its type.
//!
//! Promises: an error names the object, the field and the value seen, and suggests the nearest known word. Never:
//! a default, a conversion.

use super::keys::unhex;
use super::limits::money;
use hedgerow_core::Money;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One object and the name it has in messages.
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    what: &'a str,
}

impl<'a> Fields<'a> {
    /// The object, if it holds no field but the known ones.
    pub fn of(value: &'a Value, what: &'a str, known: &[&str]) -> Result<Fields<'a>, String> {
        let map = value.as_object().ok_or_else(|| format!("{what} is {}, not an object", brief(value)))?;
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(format!("{what} has an unknown field {key:?}{}", did_you_mean(key, known))),
            None => Ok(Fields { map, what }),
        }
    }

    /// A field that may be absent.
    pub fn optional(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// A field of any type.
    pub fn get(&self, name: &str) -> Result<&'a Value, String> {
        self.map.get(name).ok_or_else(|| format!("{} lacks the field {name:?}", self.what))
    }

    /// A string.
    pub fn text(&self, name: &str) -> Result<&'a str, String> {
        let value = self.get(name)?;
        value.as_str().ok_or_else(|| self.wrong(name, value, "a string"))
    }

    /// A name of 1 to 64 bytes, without control characters and without white space at its ends.
    pub fn name(&self, name: &str) -> Result<String, String> {
        let text = self.text(name)?;
        is_name(text).then(|| text.to_owned()).ok_or_else(|| {
            self.wrong(name, self.map.get(name).unwrap_or(&Value::Null), "a name of 1 to 64 bytes in one trimmed line")
        })
    }

    /// A role: lower-case letters, digits and underscores, a letter first.
    pub fn role(&self, name: &str) -> Result<String, String> {
        role(self.get(name)?).ok_or_else(|| {
            self.wrong(name, self.map.get(name).unwrap_or(&Value::Null), "a role such as \"fund_manager\"")
        })
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<&'a [Value], String> {
        let value = self.get(name)?;
        value.as_array().map(Vec::as_slice).ok_or_else(|| self.wrong(name, value, "a list"))
    }

    /// A whole number between two bounds, both allowed.
    pub fn integer(&self, name: &str, low: i64, high: i64) -> Result<i64, String> {
        let value = self.get(name)?;
        let number = value.as_i64().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(name, value, &format!("a whole number from {low} to {high}")))
    }

    /// 32 bytes as 64 lower-case hexadecimal digits: a hash or a key.
    pub fn hash(&self, name: &str) -> Result<[u8; 32], String> {
        let value = self.get(name)?;
        hash(value).ok_or_else(|| self.wrong(name, value, "64 lower-case hexadecimal digits"))
    }

    /// A list of 32-byte values.
    pub fn hashes(&self, name: &str) -> Result<Vec<[u8; 32]>, String> {
        let items = self.list(name)?;
        items
            .iter()
            .map(|item| hash(item).ok_or_else(|| self.wrong(name, item, "64 lower-case hexadecimal digits")))
            .collect()
    }

    /// A positive time in nanoseconds, written as a decimal string because JSON numbers end at 2^53.
    pub fn nanos(&self, name: &str) -> Result<i64, String> {
        let value = self.get(name)?;
        decimal_integer(value)
            .filter(|n| *n > 0)
            .ok_or_else(|| self.wrong(name, value, "a decimal string of nanoseconds since 1970"))
    }

    /// A span of time from 0 in nanoseconds, written as a decimal string.
    pub fn span(&self, name: &str) -> Result<i64, String> {
        let value = self.get(name)?;
        decimal_integer(value).ok_or_else(|| self.wrong(name, value, "a decimal string of nanoseconds, from \"0\""))
    }

    /// Money as a decimal string of currency units.
    pub fn money(&self, name: &str) -> Result<Money, String> {
        let value = self.get(name)?;
        money(value).ok_or_else(|| self.wrong(name, value, "a decimal string of currency units such as \"1000000.00\""))
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Result<bool, String> {
        let value = self.get(name)?;
        value.as_bool().ok_or_else(|| self.wrong(name, value, "true or false"))
    }

    /// A field that must be there and may be null.
    pub fn nullable(&self, name: &str) -> Result<Option<&'a Value>, String> {
        Ok(Some(self.get(name)?).filter(|value| !value.is_null()))
    }

    /// 32 bytes in hexadecimal, or null.
    pub fn hash_or_null(&self, name: &str) -> Result<Option<[u8; 32]>, String> {
        self.nullable(name)?.map(|_| self.hash(name)).transpose()
    }

    /// A list of names, each of 1 to 64 bytes, none twice.
    pub fn names(&self, name: &str) -> Result<Vec<String>, String> {
        let mut names: Vec<String> = Vec::new();
        for item in self.list(name)? {
            let text = item.as_str().filter(|text| is_name(text));
            let text = text.ok_or_else(|| self.wrong(name, item, "a name of 1 to 64 bytes in one trimmed line"))?;
            if names.iter().any(|known| known == text) {
                return Err(format!("{}: {name} has {text:?} twice", self.what));
            }
            names.push(text.to_owned());
        }
        Ok(names)
    }

    /// An object whose values are all text.
    pub fn texts(&self, name: &str) -> Result<BTreeMap<String, String>, String> {
        let value = self.get(name)?;
        let map = value.as_object().ok_or_else(|| self.wrong(name, value, "an object of texts"))?;
        let text = |(key, value): (&String, &Value)| {
            let text = value.as_str().ok_or_else(|| self.wrong(&format!("{name}.{key}"), value, "a string"))?;
            Ok((key.clone(), text.to_owned()))
        };
        map.iter().map(text).collect()
    }

    /// The message for a field that is not what it should be.
    pub fn wrong(&self, name: &str, value: &Value, wanted: &str) -> String {
        format!("{}: {name} is {}, not {wanted}", self.what, brief(value))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.trim() == text && !text.chars().any(char::is_control)
}

/// A non-negative integer spelt as a decimal string without sign or leading zero.
pub(super) fn decimal_integer(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// A role: lower-case letters, digits and underscores, a letter first, at most 32 bytes.
pub(super) fn role(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let ok = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ok.then(|| text.to_owned())
}

fn hash(value: &Value) -> Option<[u8; 32]> {
    value.as_str().and_then(unhex)
}

/// A value for a message, cut to a readable length.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}

/// `; did you mean "risk"?` for the known word nearest to this one, or nothing when none is near.
pub(super) fn did_you_mean<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    let near = word.chars().count() / 3 + 1;
    let best = known.iter().map(|k| (distance(word, k.as_ref()), k.as_ref())).min();
    match best {
        Some((d, name)) if d > 0 && d <= near => format!("; did you mean {name:?}?"),
        _ => String::new(),
    }
}

/// Levenshtein's edit distance; words longer than 64 characters count as far away.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_field_is_named_with_its_nearest_neighbour() {
        let value = json!({"strategi": 1});
        let why = Fields::of(&value, "proposal", &["strategy", "tier"]).err().unwrap();
        assert_eq!(why, "proposal has an unknown field \"strategi\"; did you mean \"strategy\"?");
    }

    #[test]
    fn a_field_of_the_wrong_type_is_shown_with_its_value() {
        let value = json!({"a": 7, "n": "x\ny", "k": "zz", "t": "007", "c": 99});
        let fields = Fields::of(&value, "event", &["a", "n", "k", "t", "c", "r"]).unwrap();
        assert_eq!(fields.text("a").unwrap_err(), "event: a is 7, not a string");
        assert!(fields.name("n").unwrap_err().contains("one trimmed line"));
        assert!(fields.hash("k").unwrap_err().contains("hexadecimal"));
        assert!(fields.nanos("t").unwrap_err().contains("\"007\""));
        assert!(fields.integer("c", 1, 16).unwrap_err().contains("from 1 to 16"));
        assert_eq!(fields.text("r").unwrap_err(), "event lacks the field \"r\"");
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(did_you_mean("zebra", &["risk"]), "");
    }
}
