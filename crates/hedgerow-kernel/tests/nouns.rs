//! Golden files of the nouns: one record each as bytes and as JSON, which every language reads and writes alike.
//!
//! Every byte of a field differs from its neighbours, so that a wrong offset, width, sign or byte order shows. Values are
//! text: numbers in decimal, bytes in hexadecimal. `UPDATE_GOLDEN=1 cargo test -p hedgerow-kernel --test nouns` writes
//! the files again; a change of them is a change of the journal's format.

use hedgerow_core::{
    AlgoSettings, Bar, BookLevel, BookOrder, CancelRequest, CashMovement, ContingentOrder, Execution, Fill, Finding,
    FirmLimits, Forecast, FxRate, Instrument, JailAnswer, JailStart, KernelStart, KillSwitch, LifecycleEvent, Mandate,
    MarketPhase, Noun, NounInfo, Order, OrderEvent, OrderTerms, ParentEvent, ParentOrder, PlanStep, Posting, Quote,
    QuoteUpdate, ReplaceRequest, Route, Sequenced, Session, Slice, StateHash, StrategyStart, Target, Trade,
    VenueReport, Verdict, nouns,
};
use hedgerow_kernel::{Input, authority::keys::hex, authority::limit_fields};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::LazyLock;

/// A record read as what it is, and its bytes written again.
type Trip = fn(&[u8]) -> Vec<u8>;
const TRIPS: [(u16, Trip); 41] = [
    trip::<Bar>(),
    trip::<FxRate>(),
    trip::<Forecast>(),
    trip::<Target>(),
    trip::<ParentOrder>(),
    trip::<Order>(),
    trip::<CancelRequest>(),
    trip::<ReplaceRequest>(),
    trip::<Verdict>(),
    trip::<VenueReport>(),
    trip::<Fill>(),
    trip::<OrderEvent>(),
    trip::<Posting>(),
    trip::<Mandate>(),
    trip::<Finding>(),
    trip::<Instrument>(),
    trip::<CashMovement>(),
    trip::<Session>(),
    trip::<KillSwitch>(),
    trip::<FirmLimits>(),
    trip::<StateHash>(),
    trip::<StrategyStart>(),
    trip::<KernelStart>(),
    trip::<Sequenced>(),
    trip::<JailStart>(),
    trip::<JailAnswer>(),
    trip::<BookLevel>(),
    trip::<BookOrder>(),
    trip::<Trade>(),
    trip::<Quote>(),
    trip::<LifecycleEvent>(),
    trip::<AlgoSettings>(),
    trip::<PlanStep>(),
    trip::<Slice>(),
    trip::<ParentEvent>(),
    trip::<OrderTerms>(),
    trip::<MarketPhase>(),
    trip::<QuoteUpdate>(),
    trip::<ContingentOrder>(),
    trip::<Route>(),
    trip::<Execution>(),
];

const fn trip<N: Noun>() -> (u16, Trip) {
    (N::KIND, |bytes| bytemuck::bytes_of(&bytemuck::pod_read_unaligned::<N>(bytes)).to_vec())
}

/// Where the files lie; written again first, if that was asked for.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/nouns"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for noun in nouns() {
            let bytes = record(noun);
            std::fs::write(folder.join(format!("{}.bin", noun.name)), &bytes).unwrap();
            std::fs::write(folder.join(format!("{}.json", noun.name)), described(noun, &bytes)).unwrap();
        }
    }
    folder
});

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(FOLDER.join(format!("{name}.bin"))).unwrap()
}

/// The limits' fields in order of layout.
fn limits() -> impl Iterator<Item = (&'static str, &'static str)> {
    limit_fields().chain([("spare", "u64")])
}

fn size(kind: &str) -> usize {
    match kind {
        "money" => 16,
        "i64" | "u64" | "f64" | "currency" => 8,
        "u32" | "i32" => 4,
        "u16" => 2,
        "u8" => 1,
        "bytes32" | "text32" => 32,
        "text64" => 64,
        "limits" => limits().map(|(_, kind)| size(kind)).sum(),
        other => panic!("a field of type {other:?} has no size of its own"),
    }
}

/// The sample of a field: its place in the record chooses its bytes.
fn sample(kind: &str, size: usize, place: usize) -> Vec<u8> {
    let padded = |text: String| [text.as_bytes(), &vec![0; size - text.len()]].concat();
    match kind {
        "f64" => (-0.123_456_789 * (place + 1) as f64).to_le_bytes().to_vec(),
        "currency" => padded(format!("CUR{place}")),
        "text32" => padded(format!("SYMBOL-{place}")),
        "text64" => padded(format!("a name that others gave, of sixty-four bytes at most, {place}")),
        "limits" => {
            limits().enumerate().flat_map(|(at, (_, kind))| sample(kind, self::size(kind), place + at)).collect()
        }
        _ => (0..size).map(|at| ((place + 1) * 0x11 + at * 3) as u8).collect(),
    }
}

/// A field's value as text.
fn told(kind: &str, bytes: &[u8]) -> Value {
    let unsigned = bytes.iter().rev().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let text = || std::str::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned();
    match kind {
        "u8" | "u16" | "u32" | "u64" => json!(unsigned.to_string()),
        "i64" => json!((unsigned as i64).to_string()),
        "i32" => json!((unsigned as i32).to_string()),
        "money" => json!((unsigned as i128).to_string()),
        "f64" => json!(f64::from_bits(unsigned as u64).to_string()),
        "currency" | "text32" | "text64" => json!(text()),
        "limits" => {
            let mut rest = bytes;
            let value = |(name, kind): (&str, &str)| {
                let (field, after) = rest.split_at(size(kind));
                rest = after;
                json!([name, kind, told(kind, field)])
            };
            limits().map(value).collect()
        }
        _ => json!(hex(bytes)),
    }
}

/// The bytes of a field that its text stands for.
fn written(kind: &str, value: &Value, size: usize) -> Vec<u8> {
    let text = || value.as_str().expect("values are text");
    let padded = |text: &str| [text.as_bytes(), &vec![0; size - text.len()]].concat();
    match kind {
        "u8" | "u16" | "u32" | "u64" => text().parse::<u64>().unwrap().to_le_bytes()[..size].to_vec(),
        "i32" => text().parse::<i32>().unwrap().to_le_bytes().to_vec(),
        "i64" => text().parse::<i64>().unwrap().to_le_bytes().to_vec(),
        "money" => text().parse::<i128>().unwrap().to_le_bytes().to_vec(),
        "f64" => text().parse::<f64>().unwrap().to_le_bytes().to_vec(),
        "currency" | "text32" | "text64" => padded(text()),
        "limits" => {
            let fields = value.as_array().unwrap().iter().zip(limits());
            fields.flat_map(|(field, (_, kind))| written(kind, &field[2], self::size(kind))).collect()
        }
        _ => text()
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect(),
    }
}

fn record(noun: &NounInfo) -> Vec<u8> {
    noun.fields.iter().enumerate().flat_map(|(place, field)| sample(field.kind, field.size, place)).collect()
}

fn described(noun: &NounInfo, bytes: &[u8]) -> String {
    let field = |f: &hedgerow_core::Field| {
        let value = told(f.kind, &bytes[f.offset..f.offset + f.size]);
        format!("    {}", json!([f.name, f.kind, value]))
    };
    let fields = noun.fields.iter().map(field).collect::<Vec<_>>().join(",\n");
    format!("{{\n  \"noun\": \"{}\",\n  \"kind\": {},\n  \"fields\": [\n{fields}\n  ]\n}}\n", noun.name, noun.kind)
}

#[test]
fn each_golden_file_is_read_and_rewritten_byte_for_byte() {
    for noun in nouns() {
        let golden = golden(noun.name);
        assert_eq!(golden, record(noun), "{}: the sample has changed", noun.name);
        let text = std::fs::read_to_string(FOLDER.join(format!("{}.json", noun.name))).unwrap();
        assert_eq!(text, described(noun, &golden), "{}", noun.name);
        let (_, trip) = TRIPS.iter().find(|(kind, _)| *kind == noun.kind).expect("every noun makes the trip");
        assert_eq!(trip(&golden), golden, "{}", noun.name);
        let value: Value = serde_json::from_str(&text).unwrap();
        let fields = value["fields"].as_array().unwrap().iter().zip(noun.fields);
        let rebuilt: Vec<u8> = fields.flat_map(|(told, field)| written(field.kind, &told[2], field.size)).collect();
        assert_eq!(rebuilt, golden, "{} from its text", noun.name);
    }
}

#[test]
fn there_is_a_golden_file_for_every_noun_and_for_nothing_else() {
    let mut found: Vec<String> =
        std::fs::read_dir(&*FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut wanted: Vec<String> =
        nouns().iter().flat_map(|noun| ["bin", "json"].map(|ending| format!("{}.{ending}", noun.name))).collect();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(TRIPS.len(), nouns().len());
}

#[test]
fn what_the_named_fields_say_is_what_the_golden_file_says() {
    let bar: Bar = bytemuck::pod_read_unaligned(&golden("Bar"));
    assert_eq!((bar.id, bar.open_ticks), (0x2623_201d_1a17_1411, 0x6a67_6461_5e5b_5855));
    let order: Order = bytemuck::pod_read_unaligned(&golden("Order"));
    assert_eq!((order.strategy, order.side, order.tif), (0x9c99, 0xaa, 0xcc));
    let mandate: Mandate = bytemuck::pod_read_unaligned(&golden("Mandate"));
    assert_eq!(mandate.limits.capital.0.to_le_bytes()[..3], [0x11, 0x14, 0x17]);
    assert_eq!(mandate.artifact[0], 0x22);
}

#[test]
fn an_input_is_the_same_input_after_a_trip_through_the_journal() {
    for noun in nouns() {
        let bytes = golden(noun.name);
        let id = record_id(noun, &bytes);
        let Some(input) = Input::from_record(noun.kind, id, &bytes).unwrap() else { continue };
        assert_eq!(input.as_record(), (noun.kind, id, bytes.as_slice()), "{}", noun.name);
        for wrong in [&bytes[1..], &[bytes.as_slice(), &[0]].concat(), &[]] {
            assert!(Input::from_record(noun.kind, id, wrong).is_err(), "{}", noun.name);
        }
    }
}

/// The id that a record carries, or one for an event that has none.
fn record_id(noun: &NounInfo, bytes: &[u8]) -> u64 {
    let field = noun.fields.iter().find(|field| field.name == "id");
    field.map_or(1, |field| u64::from_le_bytes(bytes[field.offset..field.offset + 8].try_into().unwrap()))
}
