//! What the value of a field may look like, by the type that the dictionary gives it.
//!
//! Source: FIX 4.4 and 5.0 SP2, volume 1, "FIX data types". Promises: nothing is accepted that the type does not allow:
//! no sign where there is none, no exponent, no date outside the calendar. Never: a float, a copy.

use hedgerow_core::time::SECOND;

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// A type of value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Any bytes but the separator.
    Text,
    /// Several values of the list, a space between them.
    Several,
    /// One byte.
    Char,
    /// `Y` or `N`.
    Boolean,
    /// Digits, perhaps behind a minus.
    Int,
    /// Digits: a length, a count, a sequence number.
    Count,
    /// Digits with or without a point, perhaps behind a minus: a price, a quantity, an amount.
    Decimal,
    /// A UTC date and time.
    Timestamp,
    /// A UTC time of day.
    TimeOnly,
    /// A date.
    Date,
    /// A month, a day or a week of it.
    MonthYear,
    /// 1 to 31.
    DayOfMonth,
    /// Bytes of the length that the field before says.
    Data,
}

impl Format {
    /// The format of a type's name; text, where the name is of a type that allows any.
    #[must_use]
    pub fn named(name: &str) -> Format {
        match name.to_ascii_uppercase().as_str() {
            "CHAR" => Format::Char,
            "BOOLEAN" => Format::Boolean,
            "INT" | "TAGNUM" => Format::Int,
            "LENGTH" | "NUMINGROUP" | "SEQNUM" => Format::Count,
            "PRICE" | "AMT" | "QTY" | "QUANTITY" | "FLOAT" | "PRICEOFFSET" | "PERCENTAGE" => Format::Decimal,
            "UTCTIMESTAMP" | "TIME" => Format::Timestamp,
            "UTCTIMEONLY" => Format::TimeOnly,
            "UTCDATE" | "UTCDATEONLY" | "DATE" | "LOCALMKTDATE" => Format::Date,
            "MONTHYEAR" => Format::MonthYear,
            "DAYOFMONTH" => Format::DayOfMonth,
            "DATA" | "XMLDATA" => Format::Data,
            "MULTIPLEVALUESTRING" | "MULTIPLECHARVALUE" | "MULTIPLESTRINGVALUE" => Format::Several,
            _ => Format::Text,
        }
    }

    /// Whether a value is of several, a space between them.
    #[must_use]
    pub const fn is_several(self) -> bool {
        matches!(self, Format::Several)
    }

    /// Whether a value that is not empty is one of this type.
    #[inline(always)]
    #[must_use]
    pub fn fits(self, value: &[u8]) -> bool {
        match self {
            Format::Text | Format::Several | Format::Data => true,
            Format::Char => value.len() == 1,
            Format::Boolean => matches!(value, b"Y" | b"N"),
            Format::Int => digits(value.strip_prefix(b"-").unwrap_or(value)),
            Format::Count => digits(value),
            Format::Decimal => decimal(value),
            Format::Timestamp => timestamp_fits(value),
            Format::TimeOnly => time_fits(value),
            Format::Date => date_fits(value),
            Format::MonthYear => month_year_fits(value),
            Format::DayOfMonth => matches!(number(value), Some(1..=31)),
        }
    }
}

#[inline]
fn digits(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

#[inline]
fn decimal(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let (mut points, mut seen) = (0, 0);
    for byte in value {
        points += usize::from(*byte == b'.');
        seen += usize::from(byte.is_ascii_digit());
    }
    seen > 0 && points <= 1 && points + seen == value.len()
}

/// Digits as a number; nothing where there is another byte, none at all, or too many.
#[inline]
#[must_use]
pub fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, byte| match byte.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(sum * 10 + u64::from(digit)),
        _ => None,
    })
}

#[inline]
fn two(value: &[u8], at: usize) -> u32 {
    let (tens, ones) = (value[at].wrapping_sub(b'0'), value[at + 1].wrapping_sub(b'0'));
    // What is no digit is far above every limit that it is compared with.
    if tens > 9 || ones > 9 { u32::MAX } else { u32::from(tens) * 10 + u32::from(ones) }
}

#[inline]
fn date_fits(value: &[u8]) -> bool {
    value.len() == 8 && date_of(value).is_some()
}

/// Eight bytes less the bytes that would be digits 0 (and colons) there; nothing where one is above 9.
#[inline]
fn digits_of(value: &[u8], zeros: &[u8; 8]) -> Option<[u8; 8]> {
    let eight = u64::from_le_bytes(*value.first_chunk()?);
    let digits = eight ^ u64::from_le_bytes(*zeros);
    // 0x76 and a digit stay below 0x80; everything above 9 does not, or has the high bit itself.
    let above = (digits & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(0x7676_7676_7676_7676) | digits;
    (above & 0x8080_8080_8080_8080 == 0).then_some(digits.to_le_bytes())
}

/// Year, month, day of the first eight bytes.
#[inline]
fn date_of(value: &[u8]) -> Option<(u32, u32, u32)> {
    let digits = digits_of(value, b"00000000")?.map(u32::from);
    let [a, b, c, d, e, f, g, h] = digits;
    let (year, month, day) = (a * 1000 + b * 100 + c * 10 + d, e * 10 + f, g * 10 + h);
    let days = match month {
        2 if year % 4 != 0 || (year % 100 == 0 && year % 400 != 0) => 28,
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1 <= day && day <= days).then_some((year, month, day))
}

/// `HH:MM:SS`, a leap second allowed, with a point and up to twelve digits behind it or without.
#[inline]
fn time_fits(value: &[u8]) -> bool {
    let Some([a, b, colon, c, d, other, e, f]) = digits_of(value, b"00:00:00") else { return false };
    let within = a * 10 + b < 24 && c < 6 && e * 10 + f <= 60 && colon | other == 0 && d <= 9;
    within && (value.len() == 8 || (value[8] == b'.' && value.len() <= 21 && digits(&value[9..])))
}

#[inline]
fn timestamp_fits(value: &[u8]) -> bool {
    value.len() >= 17 && value[8] == b'-' && date_of(value).is_some() && time_fits(&value[9..])
}

fn month_year_fits(value: &[u8]) -> bool {
    if value.len() < 6 || number(&value[..4]).is_none() || !(1..=12).contains(&two(value, 4)) {
        return false;
    }
    match &value[6..] {
        [] => true,
        [b'w', week] => (b'1'..=b'5').contains(week),
        [_, _] => date_fits(value),
        _ => false,
    }
}

/// A UTC timestamp as nanoseconds since 1970; digits beyond nanoseconds are left out.
///
/// ```
/// use hedgerow_wire::fix::timestamp_ns;
/// assert_eq!(timestamp_ns(b"19700102-00:00:00.250"), Some(86_400_250_000_000));
/// assert_eq!(timestamp_ns(b"20260230-00:00:00"), None);
/// ```
#[must_use]
pub fn timestamp_ns(value: &[u8]) -> Option<i64> {
    if !timestamp_fits(value) {
        return None;
    }
    let (year, month, day) = date_of(value)?;
    let seconds = i64::from(two(value, 9)) * 3600 + i64::from(two(value, 12)) * 60 + i64::from(two(value, 15));
    let fraction = value.get(18..).unwrap_or_default();
    let nanos = (0..9).fold(0, |sum, at| sum * 10 + i64::from(fraction.get(at).map_or(0, |byte| byte - b'0')));
    (days_since_1970(i64::from(year), i64::from(month), i64::from(day)) * DAY_S + seconds)
        .checked_mul(SECOND)
        .and_then(|ns| ns.checked_add(nanos))
}

/// Days of the proleptic Gregorian calendar; years begin in March, so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Writes nanoseconds since 1970 as a UTC timestamp with so many digits behind the point (0, 3, 6 or 9).
#[inline]
pub fn write_timestamp(out: &mut Vec<u8>, ns: i64, digits: usize) {
    let (seconds, nanos) = (ns.div_euclid(SECOND), ns.rem_euclid(SECOND));
    let (days, of_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    write_digits(out, year as u64, 4);
    write_digits(out, month as u64, 2);
    write_digits(out, day as u64, 2);
    for (mark, part) in [(b'-', of_day / 3600), (b':', of_day / 60 % 60), (b':', of_day % 60)] {
        out.push(mark);
        write_digits(out, part as u64, 2);
    }
    if digits > 0 {
        out.push(b'.');
        write_digits(out, nanos as u64 / 10_u64.pow(9 - digits as u32), digits);
    }
}

/// Writes a number with so many digits, zeros in front.
#[inline]
pub fn write_digits(out: &mut Vec<u8>, mut value: u64, digits: usize) {
    let mut text = [b'0'; 20];
    for place in text[..digits].iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&text[..digits]);
}

/// Writes a number as it is.
#[inline]
pub fn write_number(out: &mut Vec<u8>, value: u64) {
    write_digits(out, value, value.checked_ilog10().map_or(1, |log| log as usize + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_what_it_allows_and_nothing_else() {
        let cases: [(Format, &[&str], &[&str]); 9] = [
            (Format::Int, &["0", "-7", "007"], &["", "-", "+1", "1.0", "1e3"]),
            (Format::Count, &["0", "12"], &["-1", "+1", "x"]),
            (Format::Decimal, &["0", "-1.50", "002000.00", ".5", "23."], &["+200.00", "1e5", "1.2.3", ".", "-", "NaN"]),
            (Format::Boolean, &["Y", "N"], &["y", "1", "YN"]),
            (
                Format::Timestamp,
                &["20240229-23:59:60", "20261120-14:30:00.123456789"],
                &[
                    "20230229-00:00:00",
                    "20231301-00:00:00",
                    "20230101-24:00:00",
                    "20230101 00:00:00",
                    "20230101-00:00:00.",
                    "20230101",
                ],
            ),
            (Format::TimeOnly, &["00:00:00", "23:59:59.999"], &["24:00:00", "0:0:0", "12-00-00"]),
            (Format::Date, &["20240229"], &["20230229", "2024022", "202402290", "2024-2-9"]),
            (Format::MonthYear, &["202612", "20261231", "202612w1"], &["202613", "202612w6", "2026", "20261232"]),
            (Format::DayOfMonth, &["1", "31"], &["0", "32", "x"]),
        ];
        for (format, good, bad) in cases {
            good.iter().for_each(|value| assert!(format.fits(value.as_bytes()), "{format:?} {value}"));
            bad.iter().for_each(|value| assert!(!format.fits(value.as_bytes()), "{format:?} {value}"));
        }
    }

    #[test]
    fn timestamps_are_written_as_they_are_read() {
        for ns in [0, 1, 951_782_400_000_000_000, 1_764_374_400_123_456_789, -1, 4_102_444_800_000_000_000] {
            let mut text = Vec::new();
            write_timestamp(&mut text, ns, 9);
            assert_eq!(timestamp_ns(&text), Some(ns), "{}", String::from_utf8_lossy(&text));
        }
        let mut text = Vec::new();
        write_timestamp(&mut text, 1_764_374_400_123_456_789, 3);
        assert_eq!(text, b"20251129-00:00:00.123");
    }
}
