//! Whether the seats of a quorum can be filled: each seat by another human, each human in a role they voted in.
//!
//! Promises: the order of votes does not matter, because the seats are filled by a maximum matching; one human
//! fills one seat, whatever the number of their roles, devices or votes. Never: looks at signatures.

use super::fields::Fields;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many people of one role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seats {
    /// The role.
    pub role: String,
    /// How many humans.
    pub count: u32,
}

/// Reads `[{"count":1,"role":"risk"},...]`.
pub(super) fn parse(items: &[Value]) -> Result<Vec<Seats>, String> {
    let mut quorum: Vec<Seats> = Vec::new();
    for item in items {
        let fields = Fields::of(item, "quorum", &["count", "role"])?;
        let role = fields.role("role")?;
        if quorum.iter().any(|seats| seats.role == role) {
            return Err(format!("quorum names the role {role:?} twice"));
        }
        let count = u32::try_from(fields.integer("count", 1, 16)?).unwrap_or(16);
        quorum.push(Seats { role, count });
    }
    if quorum.is_empty() || quorum.len() > 16 {
        return Err(format!("quorum has {} roles, not 1 to 16", quorum.len()));
    }
    Ok(quorum)
}

/// The roles still needed, once for each empty seat; `votes` are pairs of a human and a role they speak for.
#[must_use]
pub fn missing(quorum: &[Seats], votes: &[(&str, &str)]) -> Vec<String> {
    let seats: Vec<&str> = quorum.iter().flat_map(|s| std::iter::repeat_n(s.role.as_str(), s.count as usize)).collect();
    let mut sitting: Vec<Option<&str>> = vec![None; seats.len()];
    let mut empty = Vec::new();
    for seat in 0..seats.len() {
        if !fill(seat, &seats, votes, &mut sitting, &mut vec![false; seats.len()]) {
            empty.push(seats[seat].to_owned());
        }
    }
    empty
}

/// Fills one seat, asking people already seated to move to another seat of theirs where that helps (Kuhn 1955).
fn fill<'a>(
    seat: usize,
    seats: &[&str],
    votes: &[(&'a str, &str)],
    sitting: &mut [Option<&'a str>],
    asked: &mut [bool],
) -> bool {
    asked[seat] = true;
    for (human, _) in votes.iter().filter(|(_, role)| *role == seats[seat]) {
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
mod tests {
    use super::*;

    fn quorum(seats: &[(&str, u32)]) -> Vec<Seats> {
        seats.iter().map(|(role, count)| Seats { role: (*role).to_owned(), count: *count }).collect()
    }

    #[test]
    fn one_human_with_two_roles_fills_one_seat() {
        let quorum = quorum(&[("risk", 1), ("fund_manager", 1)]);
        assert_eq!(missing(&quorum, &[]), ["risk", "fund_manager"]);
        assert_eq!(missing(&quorum, &[("ada", "risk"), ("ada", "fund_manager")]), ["fund_manager"]);
        assert_eq!(missing(&quorum, &[("ada", "risk"), ("ada", "fund_manager"), ("bob", "risk")]), [""; 0]);
    }

    #[test]
    fn several_seats_of_a_role_need_as_many_humans() {
        let quorum = quorum(&[("risk", 2)]);
        assert_eq!(missing(&quorum, &[("ada", "risk"), ("ada", "risk")]), ["risk"]);
        assert_eq!(missing(&quorum, &[("ada", "risk"), ("bob", "risk")]), [""; 0]);
    }

    #[test]
    fn people_move_between_seats_until_all_are_filled() {
        let quorum = quorum(&[("a", 1), ("b", 1), ("c", 1)]);
        let votes = [("x", "a"), ("x", "b"), ("y", "a"), ("y", "c"), ("z", "b")];
        assert_eq!(missing(&quorum, &votes), [""; 0]);
    }
}
