//! A message that was split, checked in one pass: structure, tags, types, listed values, required fields, groups.
//!
//! Promises: what it passes its slow twin (`explain.rs`) passes too. Never: a word about what is wrong, which the twin finds.

use super::dictionary::{Dictionary, FieldDef, Layout, MessageDef, Quick};
use super::message::{Books, Field, Rules};
use super::values::number;
use std::ops::Range;

/// One pass over a message; nothing means that something is wrong, or is let pass by the rules only.
pub(super) struct Pass<'p> {
    pub fields: &'p mut [Field],
    pub stamps: &'p mut [u32],
    pub pass: u32,
    pub raw: &'p [u8],
    pub rules: Rules,
}

impl Pass<'_> {
    pub fn message(&mut self, books: Books<'_>) -> Option<()> {
        let msg_type = self.value(*self.fields.get(2)?);
        let dictionary = books.of(msg_type);
        let def: &MessageDef = dictionary.message(msg_type)?;
        // The first three were found to be these, and right, when the message was split.
        let header = books.session.header();
        self.pass += 1;
        let mut seen = 0;
        for tag in [8, 9, 35] {
            *self.stamps.get_mut(tag as usize)? = self.pass;
            seen += header.role(tag)?;
        }
        let at = self.layout(3, seen, header, books.session)?;
        self.pass += 1;
        let at = self.layout(at, 0, &def.body, dictionary)?;
        self.pass += 1;
        let at = self.layout(at, 0, books.session.trailer(), books.session)?;
        (at == self.fields.len()).then_some(())
    }

    /// The fields of a layout from a place on, so many required ones seen before; gives the place behind them.
    #[inline]
    fn layout(&mut self, from: usize, seen: u32, layout: &Layout, dictionary: &Dictionary) -> Option<usize> {
        let (pass, mut at, mut seen) = (self.pass, from, seen);
        while let Some(&Field { tag, start, end, .. }) = self.fields.get(at) {
            let Some(required) = layout.role(tag as u32) else { break };
            seen += required;
            let quick = dictionary.quick(tag);
            self.field(tag, start..end, quick, dictionary, pass)?;
            at += 1;
            if quick.special & Quick::COUNTS != 0 {
                at = self.group(at, tag, layout, dictionary, 1)?;
            }
        }
        (seen as usize == layout.required.len()).then_some(at)
    }

    /// One field: whether it is there for the first time in this pass, and its value is one that it may have.
    ///
    /// Its parts come apart: a whole `Field` read so soon after it was written in parts waits for the stores.
    #[inline(always)]
    fn field(&mut self, tag: i32, place: Range<u32>, quick: Quick, dictionary: &Dictionary, pass: u32) -> Option<()> {
        let stamp = self.stamps.get_mut(tag as usize)?;
        if *stamp == pass {
            return None;
        }
        *stamp = pass;
        let value = &self.raw[place.start as usize..place.end as usize];
        let fits = if value.is_empty() { !self.rules.values_present } else { dictionary.fits(quick, value) };
        fits.then_some(())
    }

    /// The entries of the group that the field before `from` counts, if it counts one here.
    fn group(
        &mut self,
        from: usize,
        count_tag: i32,
        outer: &Layout,
        dictionary: &Dictionary,
        depth: u8,
    ) -> Option<usize> {
        let Some(layout) = outer.group(count_tag as u32) else { return Some(from) };
        let count = number(self.value(self.fields[from - 1]))?;
        let first = *layout.order.first()? as i32;
        let (mut at, mut entries) = (from, 0);
        while self.fields.get(at).is_some_and(|field| field.tag == first) {
            entries += 1;
            self.pass += 1;
            let (pass, begin, mut seen) = (self.pass, at, 0);
            while let Some(Field { tag, start, end, depth: own }) = self.fields.get_mut(at) {
                let (tag, start, end) = (*tag, *start, *end);
                let role = layout.role(tag as u32);
                let Some(required) = role.filter(|_| at == begin || tag != first) else { break };
                seen += required;
                *own = depth;
                let quick = dictionary.quick(tag);
                self.field(tag, start..end, quick, dictionary, pass)?;
                at += 1;
                if quick.special & Quick::COUNTS != 0 {
                    at = self.group(at, tag, layout, dictionary, depth + 1)?;
                }
            }
            if seen as usize != layout.required.len() {
                return None;
            }
        }
        // A field of the group that follows where no entry begins was meant to be one.
        let stray = self.fields.get(at).is_some_and(|field| layout.has(field.tag as u32));
        (entries == count && !stray).then_some(at)
    }

    #[inline]
    fn value(&self, field: Field) -> &[u8] {
        &self.raw[field.start as usize..field.end as usize]
    }
}

/// Whether a value is one that its field may have.
#[inline]
pub(super) fn value_fits(def: &FieldDef, raw: &[u8], field: Field, rules: Rules) -> bool {
    let value = &raw[field.start as usize..field.end as usize];
    if value.is_empty() {
        return !rules.values_present;
    }
    def.format.fits(value) && def.allows(value)
}
