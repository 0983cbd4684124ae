//! Who must sign, as data: so many people of a role, a named person, all of, any of, or k of several such groups.
//!
//! Promises: one human fills one seat of the whole expression, whatever the number of their roles, devices or votes;
//! the answer does not depend on the order of votes, because every way to satisfy the expression is tried and its seats
//! are filled by a maximum matching; expressions with more ways or seats than that can take are refused when they are
//! read. Never: looks at signatures.

use super::fields::Fields;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Groups within groups.
const DEPTH_MAX: u32 = 8;
/// Different ways to satisfy an expression, and seats of one way.
const WAYS_MAX: u64 = 1_024;
const SEATS_MAX: usize = 32;

/// Who must sign.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Expression {
    /// So many people of one role; where `of` is given, the roster must hold at least so many of them.
    Role {
        /// The role.
        role: String,
        /// How many humans.
        count: u32,
        /// Out of at least how many.
        of: Option<u32>,
    },
    /// One human by name, whatever role they speak in.
    Person(String),
    /// So many of the groups.
    Some {
        /// How many.
        k: usize,
        /// The groups.
        of: Vec<Expression>,
        /// How it was written.
        word: Group,
    },
}

/// The word for a group of groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Group {
    /// `{"all":[...]}`
    All,
    /// `{"any":[...]}`
    Any,
    /// `{"k":2,"of":[...]}`
    KOf,
}

/// One signature that is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seat<'a> {
    /// Of anybody in the role.
    Role(&'a str),
    /// Of one human.
    Person(&'a str),
}

impl Seat<'_> {
    fn takes(&self, human: &str, role: &str) -> bool {
        match self {
            Seat::Role(wanted) => *wanted == role,
            Seat::Person(name) => *name == human,
        }
    }
}

impl fmt::Display for Seat<'_> {
    /// `risk`, or `person "Ada"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seat::Role(role) => write!(f, "{role}"),
            Seat::Person(name) => write!(f, "person {name:?}"),
        }
    }
}

impl Expression {
    /// One signature of a role.
    #[must_use]
    pub fn one(role: &str) -> Expression {
        Expression::Role { role: role.to_owned(), count: 1, of: None }
    }

    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence that names the field and what is wrong with it.
    pub fn from_json(value: &Value) -> Result<Expression, String> {
        let expression = read(value, 1)?;
        let ways = expression.count_ways();
        if ways > WAYS_MAX {
            return Err(format!("expression can be satisfied in {ways} ways, at most {WAYS_MAX} are tried"));
        }
        match expression.ways().iter().map(Vec::len).max() {
            Some(seats) if seats > SEATS_MAX => Err(format!("expression has {seats} seats, at most {SEATS_MAX}")),
            _ => Ok(expression),
        }
    }

    /// Writes it as it was read.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Expression::Role { role, count, of: None } => json!({"role": role, "count": count}),
            Expression::Role { role, count, of } => json!({"role": role, "count": count, "of": of}),
            Expression::Person(name) => json!({"person": name}),
            Expression::Some { k, of, word } => {
                let of: Vec<Value> = of.iter().map(Expression::to_json).collect();
                match word {
                    Group::All => json!({"all": of}),
                    Group::Any => json!({"any": of}),
                    Group::KOf => json!({"k": k, "of": of}),
                }
            }
        }
    }

    /// The seats still empty, by the way to satisfy the expression that lacks the fewest of them; none = satisfied.
    /// `votes` are pairs of a human and a role they speak for.
    #[must_use]
    pub fn missing(&self, votes: &[(&str, &str)]) -> Vec<Seat<'_>> {
        let mut fewest: Option<Vec<Seat<'_>>> = None;
        for way in self.ways() {
            let empty = unfilled(&way, votes);
            if fewest.as_ref().is_none_or(|least| empty.len() < least.len()) {
                fewest = Some(empty);
            }
        }
        fewest.unwrap_or_default()
    }

    /// Whether a vote of this human in this role could fill any seat.
    #[must_use]
    pub fn seats(&self, human: &str, role: &str) -> bool {
        self.ways().iter().flatten().any(|seat| seat.takes(human, role))
    }

    /// The roles and people with a seat, each once, for messages.
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        let mut named: Vec<String> = Vec::new();
        for seat in self.ways().iter().flatten().map(Seat::to_string) {
            if !named.contains(&seat) {
                named.push(seat);
            }
        }
        named
    }

    /// Whether one human alone can satisfy it.
    #[must_use]
    pub fn is_possible_for_one(&self) -> bool {
        self.ways().iter().any(|way| way.len() == 1)
    }

    /// Roles that must be held by so many people, written `risk 2 of 3`.
    pub(super) fn demands(&self) -> Vec<(&str, u32)> {
        match self {
            Expression::Role { role, of: Some(of), .. } => vec![(role, *of)],
            Expression::Some { of, .. } => of.iter().flat_map(Expression::demands).collect(),
            _ => Vec::new(),
        }
    }

    /// Every way to satisfy it, as seats.
    fn ways(&self) -> Vec<Vec<Seat<'_>>> {
        match self {
            Expression::Role { role, count, .. } => vec![vec![Seat::Role(role); *count as usize]],
            Expression::Person(name) => vec![vec![Seat::Person(name)]],
            Expression::Some { k, of, .. } => chosen(of, *k),
        }
    }

    fn count_ways(&self) -> u64 {
        let Expression::Some { k, of, .. } = self else { return 1 };
        // Elementary symmetric sums: after each group, how many ways there are to have satisfied j of them.
        let mut ways = vec![0_u64; k + 1];
        ways[0] = 1;
        for group in of {
            let count = group.count_ways();
            for j in (1..=*k).rev() {
                ways[j] = ways[j].saturating_add(ways[j - 1].saturating_mul(count));
            }
        }
        ways[*k]
    }
}

/// The ways to satisfy `k` of the groups.
fn chosen(groups: &[Expression], k: usize) -> Vec<Vec<Seat<'_>>> {
    if k == 0 {
        return vec![Vec::new()];
    }
    let Some((first, rest)) = groups.split_first() else { return Vec::new() };
    let mut ways = Vec::new();
    for tail in chosen(rest, k - 1) {
        ways.extend(first.ways().into_iter().map(|way| [way, tail.clone()].concat()));
    }
    ways.extend(chosen(rest, k));
    ways
}

fn read(value: &Value, depth: u32) -> Result<Expression, String> {
    if depth > DEPTH_MAX {
        return Err(format!("expression is nested more than {DEPTH_MAX} deep"));
    }
    let fields = Fields::of(value, "expression", &["all", "any", "count", "k", "of", "person", "role"])?;
    let has = |name: &str| fields.optional(name).is_some();
    let only = |names: &[&str]| Fields::of(value, "expression", names).map(|_| ());
    if has("role") {
        only(&["role", "count", "of"])?;
        let count = fields.integer("count", 1, 16)?;
        let of = if has("of") { Some(fields.integer("of", count, 64)?) } else { None };
        let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        return Ok(Expression::Role { role: fields.role("role")?, count: small(count), of: of.map(small) });
    }
    if has("person") {
        only(&["person"])?;
        return Ok(Expression::Person(fields.name("person")?));
    }
    let (word, list) = match (has("all"), has("any"), has("k")) {
        (true, false, false) => (Group::All, "all"),
        (false, true, false) => (Group::Any, "any"),
        (false, false, true) => (Group::KOf, "of"),
        _ => return Err("expression is none of role, person, all, any and k of, or several of them".to_owned()),
    };
    only(if word == Group::KOf { &["k", "of"] } else { &["all", "any"] })?;
    let of = fields.list(list)?.iter().map(|item| read(item, depth + 1)).collect::<Result<Vec<_>, String>>()?;
    if of.is_empty() || of.len() > 16 {
        return Err(format!("expression: {list} has {} groups, not 1 to 16", of.len()));
    }
    let k = match word {
        Group::All => of.len(),
        Group::Any => 1,
        Group::KOf => usize::try_from(fields.integer("k", 1, of.len() as i64)?).unwrap_or(1),
    };
    Ok(Expression::Some { k, of, word })
}

/// The seats of one way that the votes leave empty.
fn unfilled<'a>(seats: &[Seat<'a>], votes: &[(&str, &str)]) -> Vec<Seat<'a>> {
    let mut sitting: Vec<Option<&str>> = vec![None; seats.len()];
    let mut empty = Vec::new();
    for seat in 0..seats.len() {
        if !fill(seat, seats, votes, &mut sitting, &mut vec![false; seats.len()]) {
            empty.push(seats[seat]);
        }
    }
    empty
}

/// Fills one seat, asking people already seated to move to another seat of theirs where that helps (Kuhn 1955).
fn fill<'v>(
    seat: usize,
    seats: &[Seat<'_>],
    votes: &[(&'v str, &str)],
    sitting: &mut [Option<&'v str>],
    asked: &mut [bool],
) -> bool {
    asked[seat] = true;
    for (human, _) in votes.iter().filter(|(human, role)| seats[seat].takes(human, role)) {
        let free = match sitting.iter().position(|s| *s == Some(*human)) {
            None => true,
            Some(other) => !asked[other] && fill(other, seats, votes, sitting, asked),
        };
        if free {
            sitting[seat] = Some(*human);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
