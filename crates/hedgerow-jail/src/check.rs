//! What a module of WebAssembly must be, found without running it: no imports, one bounded memory, four exports, no start.
//!
//! The sections are walked here byte by byte; that the code itself is valid is wasmi's to say.

use hedgerow_core::{Problem, code};
use wasmi::{Config, EnforcedLimits, Engine, ExternType, ValType};

/// A module larger than this is not looked at.
pub const MODULE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a page of memory.
const PAGE_BYTES: u64 = 65_536;
/// What a module must export, with parameters and results.
const CALLS: [(&str, &[ValType], &[ValType]); 4] = [
    ("hedgerow_abi", &[], &[ValType::I32]),
    ("hedgerow_question", &[], &[ValType::I32]),
    ("hedgerow_answer", &[], &[ValType::I32]),
    ("hedgerow_call", &[ValType::I32], &[ValType::I32]),
];
/// What linkers export besides; it is not used.
const IDLE: [&str; 3] = ["__data_end", "__heap_base", "__indirect_function_table"];

/// Something about an artifact: whether it is refused for it, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faulty {
    /// What it is about, such as `imports`.
    pub about: &'static str,
    /// What was found, and what is wanted.
    pub says: String,
}

/// A checked module, ready to be instantiated.
#[derive(Debug)]
pub struct Module {
    pub(crate) engine: Engine,
    pub(crate) module: wasmi::Module,
}

fn engine() -> Engine {
    let mut config = Config::default();
    config.consume_fuel(true).enforced_limits(EnforcedLimits::strict());
    config.wasm_multi_memory(false).wasm_tail_call(false).wasm_custom_page_sizes(false).wasm_wide_arithmetic(false);
    config.ignore_custom_sections(true);
    Engine::new(&config)
}

/// Everything for which a module would be refused; an empty list, and the module, if there is nothing.
///
/// `memory_bytes` is the most that its memory may ever hold.
#[must_use]
pub fn check_module(bytes: &[u8], memory_bytes: u64) -> (Vec<Faulty>, Option<Module>) {
    let mut found = Vec::new();
    let mut say = |about, says: String| found.push(Faulty { about, says });
    if bytes.len() > MODULE_BYTES_MAX {
        say("size", format!("{} bytes, at most {MODULE_BYTES_MAX}", bytes.len()));
        return (found, None);
    }
    match sections(bytes) {
        Err(why) => say("format", why),
        Ok(sections) => {
            for section in sections {
                match section {
                    Section::Start => say("start", "a start function runs before anyone asks; remove it".into()),
                    Section::Custom(name) if name == "name" || name.starts_with(".debug") => {
                        say("names", format!("section {name:?} tells its secrets; link with -s or strip it"));
                    }
                    _ => {}
                }
            }
        }
    }
    let engine = engine();
    match wasmi::Module::new(&engine, bytes) {
        Err(error) => {
            found.push(Faulty { about: "format", says: error.to_string() });
            (found, None)
        }
        Ok(module) => {
            check_imports(&module, &mut found);
            check_exports(&module, memory_bytes, &mut found);
            let whole = found.is_empty().then_some(Module { engine, module });
            (found, whole)
        }
    }
}

fn check_imports(module: &wasmi::Module, found: &mut Vec<Faulty>) {
    let imports: Vec<String> = module.imports().map(|i| format!("{}.{}", i.module(), i.name())).collect();
    if !imports.is_empty() {
        let shown = imports.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        found.push(Faulty { about: "imports", says: format!("{} imports, none is allowed: {shown}", imports.len()) });
    }
}

fn check_exports(module: &wasmi::Module, memory_bytes: u64, found: &mut Vec<Faulty>) {
    let mut say = |about, says: String| found.push(Faulty { about, says });
    match module.get_export("memory") {
        Some(ExternType::Memory(memory)) => {
            let bytes = memory.minimum().saturating_mul(PAGE_BYTES);
            if bytes > memory_bytes {
                say("memory", format!("starts with {bytes} bytes of memory, at most {memory_bytes}"));
            }
            if memory.is_64() {
                say("memory", "has a 64-bit memory; use wasm32".into());
            }
        }
        _ => say("exports", "does not export its memory as `memory`".into()),
    }
    for (name, takes, gives) in CALLS {
        match module.get_export(name) {
            Some(ExternType::Func(kind)) if kind.params() == takes && kind.results() == gives => {}
            Some(_) => say("exports", format!("exports {name} with other parameters or results than the protocol's")),
            None => say("exports", format!("does not export {name}")),
        }
    }
    for export in module.exports() {
        let name = export.name();
        let known = name == "memory" || CALLS.iter().any(|(call, ..)| *call == name) || IDLE.contains(&name);
        if !known {
            say("exports", format!("exports {name:?}, which nobody calls and everybody reads; hide it"));
        }
    }
}

enum Section {
    Custom(String),
    Start,
    Other,
}

/// The sections of a module in order.
fn sections(bytes: &[u8]) -> Result<Vec<Section>, String> {
    let mut rest = bytes.strip_prefix(b"\0asm\x01\0\0\0").ok_or("not a module of WebAssembly version 1")?;
    let mut found = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let size = leb(&mut rest).ok_or("a section without its size")?;
        let content = rest.get(..size).ok_or("a section longer than the file")?;
        rest = &rest[size..];
        found.push(match id {
            0 => {
                let mut inner = content;
                let length = leb(&mut inner).ok_or("a custom section without a name")?;
                let name = inner.get(..length).ok_or("a custom section with half a name")?;
                Section::Custom(String::from_utf8_lossy(name).into_owned())
            }
            8 => Section::Start,
            _ => Section::Other,
        });
    }
    Ok(found)
}

/// An unsigned number of at most 32 bits in LEB128.
fn leb(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok().map(|v| v as usize);
        }
    }
    None
}

impl Module {
    /// A module that passes every check.
    ///
    /// # Errors
    /// `JAIL_REFUSED` with everything that is wrong.
    pub fn new(bytes: &[u8], memory_bytes: u64) -> Result<Module, Problem> {
        let (found, module) = check_module(bytes, memory_bytes);
        module.ok_or_else(|| {
            let says = found.iter().map(|f| format!("{}: {}", f.about, f.says)).collect::<Vec<_>>().join("; ");
            Problem::new(code::JAIL_REFUSED, says)
        })
    }
}
