//! The obvious twin of the one-pass check: the same rules, one after the other, in the order in which faults are reported.
//!
//! A counterparty learns one fault a message. Which one follows QuickFIX: structure, type, required fields (header,
//! trailer, body, each by tag), then field by field in the order of tags. Never on the way of a message that is right.

use super::check::value_fits;
use super::dictionary::{Dictionary, Layout};
use super::fault::{Fault, Kind};
use super::message::{Books, Field, Rules};
use super::values::number;

/// A field and, where it counts a group, the entries behind it.
struct Part {
    at: usize,
    entries: Vec<Vec<Part>>,
    /// The first field that stands where an entry should begin.
    stray: Option<i32>,
}

struct Twin<'a> {
    raw: &'a [u8],
    fields: &'a mut [Field],
    session: &'a Dictionary,
    rules: Rules,
    /// What the groups at hand stand in, the message's own layout first.
    around: Vec<&'a Layout>,
}

/// Finds the fault to report, or that there is none; says the depth of every field on the way.
#[cold]
pub fn explain(raw: &[u8], fields: &mut [Field], books: Books<'_>, rules: Rules) -> Result<(), Fault> {
    let empty = Layout::default();
    let mut twin = Twin { raw, fields, session: books.session, rules, around: Vec::new() };
    let msg_type = fields_value(raw, twin.fields, 2).to_vec();
    let dictionary = books.of(&msg_type);
    let def = dictionary.message(&msg_type);
    let body_layout = def.map_or(&empty, |def| &def.body);
    let (mut header, mut body, mut trailer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut section, mut misplaced, mut at) = (0, None, 0);
    while at < twin.fields.len() {
        let tag = twin.fields[at].tag;
        let (own, into, layout) = match place_of(tag, books.session) {
            0 => (0, &mut header, books.session.header()),
            2 => (2, &mut trailer, books.session.trailer()),
            _ => (1, &mut body, body_layout),
        };
        if own < section {
            misplaced = misplaced.or(Some(tag));
        }
        section = own.max(section);
        let part = twin.part(&mut at, layout, 0);
        into.push(part);
    }
    if let Some(tag) = misplaced {
        return Err(Fault::new(Kind::OutOfOrder, tag));
    }
    if def.is_none() {
        return Err(Fault::new(Kind::MsgType, 0));
    }
    for (parts, layout) in
        [(&header, books.session.header()), (&trailer, books.session.trailer()), (&body, body_layout)]
    {
        twin.required(parts, layout)?;
    }
    twin.fields_of(header, None, books.session)?;
    twin.fields_of(trailer, None, books.session)?;
    twin.fields_of(body, Some(body_layout), dictionary)
}

fn fields_value<'a>(raw: &'a [u8], fields: &[Field], at: usize) -> &'a [u8] {
    fields.get(at).map_or(&[], |field| &raw[field.start as usize..field.end as usize])
}

/// Tags that are of the header or trailer whatever the dictionary says: 0 header, 1 body, 2 trailer.
fn place_of(tag: i32, session: &Dictionary) -> u8 {
    let within = |layout: &Layout| tag > 0 && layout.has(tag as u32);
    match tag {
        8
        | 9
        | 34
        | 35
        | 43
        | 49
        | 50
        | 52
        | 56
        | 57
        | 90
        | 91
        | 97
        | 115
        | 116
        | 122
        | 128
        | 129
        | 142..=145
        | 212
        | 213
        | 347
        | 369
        | 627 => 0,
        10 | 89 | 93 => 2,
        _ if within(session.header()) => 0,
        _ if within(session.trailer()) => 2,
        _ => 1,
    }
}

impl<'a> Twin<'a> {
    /// Takes one field and the entries of the group that it counts.
    fn part(&mut self, at: &mut usize, layout: &'a Layout, depth: u8) -> Part {
        let mut part = Part { at: *at, entries: Vec::new(), stray: None };
        self.fields[*at].depth = depth;
        let group = layout.group(self.fields[*at].tag as u32);
        *at += 1;
        let Some(group) = group else { return part };
        let count = number(self.value_at(part.at));
        self.around.push(layout);
        let first = group.order.first().copied().unwrap_or(0) as i32;
        while let Some(field) = self.fields.get(*at).copied() {
            if field.tag <= 0 || !group.has(field.tag as u32) {
                let Some(entry) = part.entries.last() else { break };
                let is_within = count.is_some_and(|count| (part.entries.len() as u64) < count);
                if entry.is_empty() || !self.is_let_pass(field.tag, is_within) {
                    break;
                }
            }
            let begins = field.tag == first;
            if !begins && part.entries.is_empty() {
                part.stray = Some(field.tag);
            }
            let taken = self.part(at, group, depth + 1);
            if begins || part.entries.is_empty() {
                part.entries.push(Vec::new());
            }
            if let Some(entry) = part.entries.last_mut() {
                entry.push(taken);
            }
        }
        self.around.pop();
        part
    }

    /// Whether a field that the group at hand has not is of its entry all the same: a counterparty says more than the
    /// dictionary knows. Behind the last entry only what is of nothing around it can be.
    fn is_let_pass(&self, tag: i32, is_within: bool) -> bool {
        let is_body = tag > 0 && place_of(tag, self.session) == 1;
        let is_around = || self.around.iter().any(|layout| layout.has(tag as u32));
        is_body && !self.rules.must_know(tag) && (is_within || !is_around())
    }

    fn value_at(&self, at: usize) -> &'a [u8] {
        let field = self.fields[at];
        &self.raw[field.start as usize..field.end as usize]
    }

    fn tag(&self, part: &Part) -> i32 {
        self.fields[part.at].tag
    }

    fn required(&self, parts: &[Part], layout: &Layout) -> Result<(), Fault> {
        for tag in &layout.required {
            if !parts.iter().any(|part| self.tag(part) == *tag as i32) {
                return Err(Fault::new(Kind::Required, *tag as i32));
            }
        }
        for (tag, group) in &layout.groups {
            let counted = parts.iter().filter(|part| self.tag(part) == *tag as i32 && part.stray.is_none());
            for entry in counted.flat_map(|part| &part.entries) {
                self.required(entry, group)?;
            }
        }
        Ok(())
    }

    /// Checks fields in the order of their tags; membership only where a layout is given.
    fn fields_of(&self, mut parts: Vec<Part>, layout: Option<&Layout>, dictionary: &Dictionary) -> Result<(), Fault> {
        parts.sort_by_key(|part| self.tag(part));
        let mut last = None;
        for part in parts {
            let field = self.fields[part.at];
            // What the layout has not, and need not, may be of a group that nobody knows.
            let is_known = layout.is_none_or(|layout| layout.has(field.tag as u32)) || self.rules.must_know(field.tag);
            if last.replace(field.tag) == Some(field.tag) && is_known {
                return Err(Fault::new(Kind::Repeated, field.tag));
            }
            self.value(field, dictionary)?;
            let known = dictionary.slot(field.tag as u32).filter(|_| field.tag > 0);
            if self.rules.must_know(field.tag) {
                known.ok_or(Fault::new(Kind::Tag, field.tag))?;
                if layout.is_some_and(|layout| !layout.has(field.tag as u32)) {
                    return Err(Fault::new(Kind::NotOfMessage, field.tag));
                }
            }
            let group = layout.unwrap_or(dictionary.header()).group(field.tag as u32);
            if let Some(group) = group {
                self.group(part, field, group, dictionary)?;
            }
        }
        Ok(())
    }

    fn group(&self, part: Part, field: Field, group: &Layout, dictionary: &Dictionary) -> Result<(), Fault> {
        let count = number(&self.raw[field.start as usize..field.end as usize]);
        if let Some(tag) = part.stray {
            return Err(Fault::new(Kind::GroupOrder, tag));
        }
        if count != Some(part.entries.len() as u64) {
            return Err(Fault::new(Kind::GroupCount, field.tag));
        }
        part.entries.into_iter().try_for_each(|entry| self.fields_of(entry, Some(group), dictionary))
    }

    fn value(&self, field: Field, dictionary: &Dictionary) -> Result<(), Fault> {
        if field.start == field.end {
            return if self.rules.values_present { Err(Fault::new(Kind::NoValue, field.tag)) } else { Ok(()) };
        }
        let Some(def) = dictionary.field(field.tag as u32) else { return Ok(()) };
        if value_fits(def, self.raw, field, self.rules) {
            return Ok(());
        }
        let fits = def.format.fits(&self.raw[field.start as usize..field.end as usize]);
        Err(Fault::new(if fits { Kind::Value } else { Kind::Format }, field.tag))
    }
}
