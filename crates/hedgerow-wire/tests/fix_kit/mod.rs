//! What the tests of FIX share: the published dictionaries where they are, a small one of our own, and messages.
#![allow(dead_code)]

use hedgerow_wire::fix::{Dictionary, Writer};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The folder with what others published, where it is.
pub fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fix");
    folder.is_dir().then_some(folder)
}

/// A text, unpacked by the system's gzip where it is packed.
pub fn text(path: &Path) -> Option<String> {
    if path.exists() {
        return std::fs::read_to_string(path).ok();
    }
    let packed = PathBuf::from(format!("{}.gz", path.display()));
    let child = std::process::Command::new("gzip").arg("-dc").arg(packed).stdout(std::process::Stdio::piped()).spawn();
    let mut unpacked = String::new();
    child.ok()?.stdout?.read_to_string(&mut unpacked).ok()?;
    Some(unpacked)
}

/// A published dictionary, such as `FIX44`.
pub fn published(name: &str) -> Option<Dictionary> {
    let text = text(&shared()?.join("dictionaries").join(format!("{name}.xml")))?;
    Some(Dictionary::from_xml(&text).expect("a published dictionary is read"))
}

/// A dictionary of our own with what the tests need: a group within a group, a component, data, lists of values.
pub fn small() -> Dictionary {
    Dictionary::from_xml(SMALL).expect("it is read")
}

/// Its text.
pub const SMALL: &str = include_str!("small.xml");

/// A message of fields `tag=value|...`, with header order as written.
pub fn message(msg_type: &str, fields: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.begin(msg_type.as_bytes());
    for field in fields.split('|').filter(|field| !field.is_empty()) {
        let (tag, value) = field.split_once('=').expect("tag=value");
        writer.text(tag.parse().expect("a tag"), value.as_bytes());
    }
    writer.finish(b"FIX.4.4").to_vec()
}

/// The header's fields behind MsgType.
pub const HEADER: &str = "34=2|49=A|52=20261120-14:30:00.000|56=B|";
