//! Canonical JSON (RFC 8785) without floats: one value has exactly one spelling.
//!
//! Promises: [`parse`] accepts nothing that [`write`] would have spelt otherwise, so white space, a repeated key,
//! keys out of order, a needless escape, `1.0` and `-0` are all refused. Never: a float, an integer beyond 2^53 - 1
//! (JavaScript cannot hold it), a panic on foreign bytes.

use serde_json::Value;

/// The largest integer that every JSON reader holds exactly (RFC 8785 section 3.2.2.3, I-JSON).
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// Reads bytes that are exactly canonical.
///
/// # Errors
/// A sentence that says what is not canonical.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| format!("not JSON: {e}"))?;
    let spelt = write(&value)?;
    if spelt.as_bytes() == bytes {
        return Ok(value);
    }
    let at = spelt.bytes().zip(bytes).take_while(|(a, b)| a == *b).count();
    Err(format!("not canonical JSON (RFC 8785) from byte {at}: white space, key order, a repeated key or an escape"))
}

/// Spells any JSON text canonically.
///
/// # Errors
/// As [`write`], or what is not JSON.
pub fn respell(text: &str) -> Result<String, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    write(&value)
}

/// Spells a value canonically.
///
/// # Errors
/// A sentence that names the number which cannot be written: a float, or an integer beyond 2^53 - 1.
pub fn write(value: &Value) -> Result<String, String> {
    let mut text = String::new();
    append(&mut text, value)?;
    Ok(text)
}

fn append(text: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => match number.as_i64() {
            Some(n) if n.abs() <= INTEGER_MAX => text.push_str(&n.to_string()),
            _ => return Err(format!("the number {number} is not an integer within 2^53 - 1; write it as a string")),
        },
        Value::String(string) => append_string(text, string),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                append(text, item)?;
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                append_string(text, key);
                text.push(':');
                append(text, item)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

fn append_string(text: &mut String, string: &str) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            c if c < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sorting_example_of_rfc_8785_is_spelt_as_printed_there() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
                "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        let order: Vec<String> = write(&value).unwrap().split("\":\"").map(str::to_owned).collect();
        let names = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        assert!(order[1..].iter().zip(names).all(|(text, name)| text.starts_with(name)), "{order:?}");
    }

    #[test]
    fn strings_are_escaped_as_rfc_8785_says_and_no_further() {
        let value: Value = serde_json::from_str(r#""\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u007f""#).unwrap();
        assert_eq!(write(&value).unwrap(), "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\"");
    }

    #[test]
    fn every_second_spelling_of_a_value_is_refused() {
        assert!(parse(br#"{"a":1,"b":[true,null,"x"]}"#).is_ok());
        assert_eq!(respell(" {\"b\": \"\\u0041\", \"a\": -1} ").unwrap(), r#"{"a":-1,"b":"A"}"#);
        for bad in [
            r#"{"a": 1}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e2}"#,
            r#"{"a":-0}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":18446744073709551615}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\/"}"#,
            "{\"a\":1}\n",
            "",
            "{",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn nesting_without_end_is_an_error_and_not_an_overflow_of_the_stack() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
