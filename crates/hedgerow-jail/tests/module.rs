//! Modules of WebAssembly: what is refused, what is contained, and that equal questions have equal answers.

use hedgerow_core::code;
use hedgerow_jail::{HostLimits, Module, WasmHost, check_module, serve};
use hedgerow_strategy::{Frame, Kind, NOW_BYTES};

const MEMORY: u64 = 1 << 20;
const LIMITS: HostLimits = HostLimits { fuel: 1_000_000, memory_bytes: MEMORY, answer_bytes: 65_536 };

/// A module with the protocol's exports around the body of `hedgerow_call`; `more` stands beside them.
fn wat(more: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 8) {more}
        (func (export "hedgerow_abi") (result i32) i32.const 1)
        (func (export "hedgerow_question") (result i32) i32.const 1024)
        (func (export "hedgerow_answer") (result i32) i32.const 512)
        (func (export "hedgerow_call") (param i32) (result i32) {body}))"#
    );
    wat::parse_str(text).unwrap()
}

/// Writes the head of an answer of `bytes` bytes with the question's sequence; what follows is up to the body.
fn head(bytes: u32) -> String {
    format!(
        "(i32.store (i32.const 512) (i32.const {})) (i32.store (i32.const 516) (i32.load (i32.const 1028)))
         (i32.store (i32.const 520) (i32.const 0x10080)) (i32.store (i32.const 524) (i32.const {}))",
        bytes - 4,
        (bytes - 16) / 32
    )
}

fn question(sequence: u32) -> Vec<u8> {
    let mut frame = ((12 + NOW_BYTES) as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(&sequence.to_le_bytes());
    frame.extend_from_slice(&[2, 0, 1, 0, 0, 0, 0, 0]);
    frame.extend_from_slice(&[0; NOW_BYTES]);
    frame
}

fn host(bytes: &[u8]) -> WasmHost {
    WasmHost::new(&Module::new(bytes, MEMORY).unwrap(), LIMITS).unwrap()
}

fn abouts(bytes: &[u8]) -> Vec<&'static str> {
    check_module(bytes, MEMORY).0.into_iter().map(|found| found.about).collect()
}

#[test]
fn a_module_that_keeps_the_protocol_answers() {
    let mut host = host(&wat("", &format!("{} i32.const 16", head(16))));
    for sequence in [1, 2, 3] {
        let frame = Frame::read(host.call(&question(sequence)).unwrap()).unwrap();
        assert_eq!((frame.sequence, frame.kind, frame.rows), (sequence, Kind::Intents, 0));
    }
}

#[test]
fn everything_that_would_be_refused_is_told_at_once() {
    assert_eq!(abouts(&wat("", "i32.const 0")), Vec::<&str>::new());
    let imports = wat::parse_str(r#"(module (import "wasi_snapshot_preview1" "fd_read" (func)))"#).unwrap();
    assert_eq!(abouts(&imports), ["imports", "exports", "exports", "exports", "exports", "exports"]);
    assert_eq!(abouts(&wat("(func $f) (start $f)", "i32.const 0")), ["start", "names"]);
    assert_eq!(abouts(&wat("(func $f)", "i32.const 0")), ["names"]);
    assert_eq!(abouts(&wat(r#"(func (export "secret_alpha"))"#, "i32.const 0")), ["exports"]);
    let greedy = wat::parse_str(r#"(module (memory (export "memory") 17))"#).unwrap();
    assert_eq!(abouts(&greedy)[0], "memory");
    assert_eq!(abouts(b"\x7fELF"), ["format", "format"]);
    assert_eq!(abouts(&[]), ["format", "format"]);
    assert_eq!(abouts(&vec![0; hedgerow_jail::MODULE_BYTES_MAX + 1]), ["size"]);
}

#[test]
fn a_module_cut_short_anywhere_is_refused_and_never_a_panic() {
    let whole = wat("(data (i32.const 9) \"abc\")", "(f64.store (i32.const 0) (f64.const 1)) i32.const 0");
    // Cut between its last two sections it is still a module, without its data.
    let refused = (0..whole.len()).filter(|length| !abouts(&whole[..*length]).is_empty()).count();
    assert_eq!(refused, whole.len() - 1);
    for at in 0..whole.len() {
        let mut spoiled = whole.clone();
        spoiled[at] ^= 0x41;
        if let Ok(module) = Module::new(&spoiled, MEMORY)
            && let Ok(mut host) = WasmHost::new(&module, LIMITS)
        {
            let _ = host.call(&question(1));
        }
    }
}

#[test]
fn a_loop_without_end_runs_out_of_steps() {
    let mut host = host(&wat("", "(loop br 0) i32.const 0"));
    let problem = host.call(&question(1)).unwrap_err();
    assert_eq!(problem.code, code::JAIL_FAILED);
    assert!(problem.detail.contains("fuel"), "{problem}");
}

#[test]
fn growing_without_end_stops_at_the_limit() {
    let mut host = host(&wat("", "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) i32.const 0"));
    assert_eq!(host.call(&question(1)).unwrap_err().code, code::JAIL_FAILED);
}

#[test]
fn deep_recursion_is_a_failure_and_not_a_crash() {
    let more = "(func (param i64 i64 i64 i64) (call 0 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))";
    let body = "(call 0 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)) i32.const 0";
    assert_eq!(host(&wat(more, body)).call(&question(1)).unwrap_err().code, code::JAIL_FAILED);
}

#[test]
fn an_answer_outside_the_memory_or_of_an_absurd_length_is_none() {
    for (length, wanted) in [
        ("i32.const -1", code::JAIL_OVERSIZE),
        ("i32.const 65537", code::JAIL_OVERSIZE),
        ("i32.const 15", code::JAIL_OVERSIZE),
        ("unreachable", code::JAIL_FAILED),
    ] {
        assert_eq!(host(&wat("", length)).call(&question(1)).unwrap_err().code, wanted, "{length}");
    }
    let far = wat::parse_str(
        r#"(module (memory (export "memory") 8) (func (export "hedgerow_abi") (result i32) i32.const 1)
        (func (export "hedgerow_question") (result i32) i32.const 0)
        (func (export "hedgerow_answer") (result i32) i32.const 524280)
        (func (export "hedgerow_call") (param i32) (result i32) i32.const 16))"#,
    )
    .unwrap();
    assert_eq!(host(&far).call(&question(1)).unwrap_err().code, code::JAIL_FAILED);
}

#[test]
fn buffers_outside_the_memory_and_other_versions_are_refused() {
    let with = |abi: u32, at: u32| {
        wat::parse_str(format!(
            r#"(module (memory (export "memory") 8) (func (export "hedgerow_abi") (result i32) i32.const {abi})
            (func (export "hedgerow_question") (result i32) i32.const {at})
            (func (export "hedgerow_answer") (result i32) i32.const 0)
            (func (export "hedgerow_call") (param i32) (result i32) i32.const 16))"#
        ))
        .unwrap()
    };
    for bytes in [with(2, 0), with(1, 300_000), with(1, u32::MAX)] {
        let module = Module::new(&bytes, MEMORY).unwrap();
        assert_eq!(WasmHost::new(&module, LIMITS).err().unwrap().code, code::JAIL_REFUSED);
    }
}

#[test]
fn what_is_not_a_number_has_the_same_bits_on_every_machine() {
    // 0/0, infinity minus infinity, the root of -1, and a sum with a NaN of another payload: all become 0x7ff8000000000000.
    let body = format!(
        "{} (f64.store (i32.const 528) (f64.div (f64.const 0) (f64.const 0)))
        (f64.store (i32.const 536) (f64.sub (f64.const inf) (f64.const inf)))
        (f64.store (i32.const 544) (f64.sqrt (f64.const -1)))
        (f64.store (i32.const 552) (f64.add (f64.const -nan:0x4000000000001) (f64.const 1))) i32.const 48",
        head(48)
    );
    let mut host = host(&wat("", &body));
    let frame = host.call(&question(1)).unwrap();
    for cell in frame[16..48].chunks(8) {
        assert_eq!(u64::from_le_bytes(cell.try_into().unwrap()), 0x7ff8_0000_0000_0000);
    }
}

#[test]
fn the_same_questions_use_the_same_steps_and_get_the_same_answers() {
    let body =
        format!("{} (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1))) i32.const 16", head(16));
    let run = || {
        let mut host = host(&wat("", &body));
        (1..50).map(|n| (host.call(&question(n)).unwrap().to_vec(), host.fuel_left())).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_served_module_that_failed_says_so_to_every_question_after() {
    let module = Module::new(&wat("", "unreachable"), MEMORY).unwrap();
    let questions = [question(1), question(2)].concat();
    let mut answers = Vec::new();
    serve(WasmHost::new(&module, LIMITS), questions.as_slice(), &mut answers).unwrap();
    let bytes = u32::from_le_bytes(answers[..4].try_into().unwrap()) as usize + 4;
    for (sequence, frame) in [(1, &answers[..bytes]), (2, &answers[bytes..])] {
        let frame = Frame::read(frame).unwrap();
        assert_eq!((frame.sequence, frame.kind), (sequence, Kind::Failed));
    }
}
