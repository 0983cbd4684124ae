//! QuickFIX's XML form of a data dictionary.
//!
//! A component counts as required only where the message says so; what a group requires, it requires of each entry.

use super::dictionary::{Dictionary, FieldDef, Layout, MessageDef, Quick, TAG_END};
use super::values::Format;
use hedgerow_core::{Problem, code};
use roxmltree::{Document, Node};
use std::collections::HashMap;
use std::sync::Arc;

/// Components within components: real dictionaries have four levels.
const DEPTH_MAX: usize = 24;

fn amiss(what: impl Into<String>) -> Problem {
    Problem::new(code::WIRE_DICTIONARY, what)
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, Problem> {
    node.attribute(name).ok_or_else(|| amiss(format!("<{}> without {name}", node.tag_name().name())))
}

/// The child elements of a child element; none where it is not there.
fn inside<'a, 'i>(root: Node<'a, 'i>, name: &'static str) -> Vec<Node<'a, 'i>> {
    let found = root.children().find(|node| node.has_tag_name(name));
    found.map(|node| node.children().filter(Node::is_element).collect()).unwrap_or_default()
}

/// Reads a whole dictionary.
pub fn read(text: &str) -> Result<Dictionary, Problem> {
    let document = Document::parse(text).map_err(|error| amiss(error.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name("fix") {
        return Err(amiss(format!("<{}> where <fix> begins a dictionary", root.tag_name().name())));
    }
    let (fields, slots) = fields(root)?;
    let names = fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at as u16)).collect();
    let components = inside(root, "components");
    let components = components.iter().filter_map(|node| Some((node.attribute("name")?, *node))).collect();
    let mut reader = Reader { fields, slots, names, components, groups: HashMap::new() };
    let header = reader.layout(root.children().find(|node| node.has_tag_name("header")))?;
    let trailer = reader.layout(root.children().find(|node| node.has_tag_name("trailer")))?;
    let mut messages = Vec::new();
    let mut types = HashMap::new();
    for node in inside(root, "messages") {
        let msg_type: Box<[u8]> = attribute(node, "msgtype")?.as_bytes().into();
        types.insert(msg_type.clone(), messages.len() as u16);
        let admin = node.attribute("msgcat") == Some("admin");
        messages.push(MessageDef {
            name: attribute(node, "name")?.into(),
            msg_type,
            admin,
            body: reader.layout(Some(node))?,
        });
    }
    let Reader { fields, slots, names, .. } = reader;
    let (quick, shorts) = quick(&fields, slots.len());
    let mut singles = Box::new([u16::MAX; 256]);
    types.iter().filter(|(name, _)| name.len() == 1).for_each(|(name, at)| singles[usize::from(name[0])] = *at);
    let version = version(root)?.into();
    Ok(Dictionary { version, fields, quick, shorts, names, header, trailer, messages, types, singles })
}

/// What the hot path asks, by tag; the lists of one-byte values that are also of the type Char apart.
fn quick(fields: &[FieldDef], tags: usize) -> (Vec<Quick>, Vec<[u64; 4]>) {
    let (mut quick, mut shorts) = (vec![Quick::UNKNOWN; tags], Vec::new());
    for (slot, field) in fields.iter().enumerate() {
        let alone = field.short.filter(|_| matches!(field.format, Format::Char | Format::Boolean | Format::Text));
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        quick[field.tag as usize] = Quick {
            slot: slot as u16,
            short: if alone.is_some() { shorts.len() as u16 } else { u16::MAX },
            format: field.format,
            special: mark(!field.values.is_empty(), Quick::LISTED)
                | mark(field.counts, Quick::COUNTS)
                | mark(field.length_tag != 0, Quick::DATA),
        };
        shorts.extend(alone);
    }
    (quick, shorts)
}

/// `FIX.4.4`, `FIXT.1.1`, `FIX.5.0SP2`.
fn version(root: Node<'_, '_>) -> Result<String, Problem> {
    let pack = root.attribute("servicepack").filter(|pack| !matches!(*pack, "0" | "")).map(|pack| format!("SP{pack}"));
    let kind = root.attribute("type").unwrap_or("FIX");
    Ok(format!("{kind}.{}.{}{}", attribute(root, "major")?, attribute(root, "minor")?, pack.unwrap_or_default()))
}

fn fields(root: Node<'_, '_>) -> Result<(Vec<FieldDef>, Vec<u16>), Problem> {
    let mut fields: Vec<FieldDef> = Vec::new();
    let mut slots = Vec::new();
    let old = matches!(version(root)?.as_str(), "FIX.4.0" | "FIX.4.1");
    for node in inside(root, "fields") {
        let (number, name) = (attribute(node, "number")?, attribute(node, "name")?);
        let tag = number.parse::<u32>().ok().filter(|tag| (1..TAG_END).contains(tag));
        let tag = tag.ok_or_else(|| amiss(format!("field {name} has the number '{number}'; 1 to {}", TAG_END - 1)))?;
        if slots.len() <= tag as usize {
            slots.resize(tag as usize + 1, u16::MAX);
        }
        if fields.len() >= usize::from(u16::MAX) || slots[tag as usize] != u16::MAX {
            return Err(amiss(format!("field {name}: tag {tag} stands twice, or there are too many fields")));
        }
        let listed = || node.children().filter(|child| child.has_tag_name("value"));
        let values: Vec<Box<[u8]>> = listed().filter_map(|v| Some(v.attribute("enum")?.as_bytes().into())).collect();
        let labels =
            listed().filter(|v| v.has_attribute("enum")).map(|v| v.attribute("description").unwrap_or("").into());
        let short = (!values.is_empty() && values.iter().all(|value| value.len() == 1)).then(|| {
            let mut bits = [0_u64; 4];
            values.iter().for_each(|value| bits[usize::from(value[0] >> 6)] |= 1 << (value[0] & 63));
            bits
        });
        let format = Format::named(node.attribute("type").unwrap_or("STRING"));
        // Before 4.2 the type CHAR was of any length.
        let format = if old && format == Format::Char { Format::Text } else { format };
        let labels = labels.collect();
        slots[tag as usize] = fields.len() as u16;
        fields.push(FieldDef { tag, name: name.into(), format, values, labels, short, counts: false, length_tag: 0 });
    }
    let by_name: HashMap<&str, u32> = fields.iter().map(|field| (&*field.name, field.tag)).collect();
    let lengths: Vec<u32> = fields.iter().map(|field| length_tag(field, &by_name)).collect();
    fields.iter_mut().zip(lengths).for_each(|(field, tag)| field.length_tag = tag);
    Ok((fields, slots))
}

/// The field with a data field's length: named after it, or the tag before it (Signature, 89, has the one behind: 93).
fn length_tag(field: &FieldDef, by_name: &HashMap<&str, u32>) -> u32 {
    if field.format != Format::Data {
        return 0;
    }
    let named = [format!("{}Len", field.name), format!("{}Length", field.name)];
    named.iter().find_map(|name| by_name.get(name.as_str()).copied()).unwrap_or(field.tag - 1)
}

struct Reader<'a, 'i> {
    fields: Vec<FieldDef>,
    slots: Vec<u16>,
    names: HashMap<Box<str>, u16>,
    components: HashMap<&'a str, Node<'a, 'i>>,
    /// Groups that stand in the document once are kept once, however many messages have them.
    groups: HashMap<roxmltree::NodeId, Arc<Layout>>,
}

impl<'a, 'i> Reader<'a, 'i> {
    fn layout(&mut self, node: Option<Node<'a, 'i>>) -> Result<Layout, Problem> {
        let mut layout = Layout::default();
        if let Some(node) = node {
            self.fill(&mut layout, node, true, 0)?;
        }
        Ok(layout)
    }

    fn fill(&mut self, layout: &mut Layout, node: Node<'a, 'i>, asked: bool, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(amiss(format!("components within one another, more than {DEPTH_MAX} deep")));
        }
        for child in node.children().filter(Node::is_element) {
            let name = attribute(child, "name")?;
            let required = asked && matches!(child.attribute("required"), Some("Y" | "y"));
            match child.tag_name().name() {
                "field" => {
                    let slot = self.slot(name)?;
                    layout.add(self.fields[usize::from(slot)].tag, required);
                }
                "group" => {
                    let slot = self.slot(name)?;
                    let tag = self.fields[usize::from(slot)].tag;
                    self.fields[usize::from(slot)].counts = true;
                    layout.add(tag, required);
                    layout.add_group(tag, self.group(child, depth)?);
                }
                "component" => {
                    let component =
                        *self.components.get(name).ok_or_else(|| amiss(format!("no component '{name}'")))?;
                    self.fill(layout, component, required, depth + 1)?;
                }
                other => return Err(amiss(format!("<{other}> among fields, groups and components"))),
            }
        }
        Ok(())
    }

    fn group(&mut self, node: Node<'a, 'i>, depth: usize) -> Result<Arc<Layout>, Problem> {
        if let Some(known) = self.groups.get(&node.id()) {
            return Ok(known.clone());
        }
        let mut layout = Layout::default();
        self.fill(&mut layout, node, true, depth + 1)?;
        let layout = Arc::new(layout);
        self.groups.insert(node.id(), layout.clone());
        Ok(layout)
    }

    fn slot(&self, name: &str) -> Result<u16, Problem> {
        self.names.get(name).copied().ok_or_else(|| amiss(format!("no field '{name}'")))
    }
}
