//! Expressions in tables, and against a twin that tries every way to seat every human.

use super::*;
use proptest::prelude::*;

fn of(value: Value) -> Expression {
    Expression::from_json(&value).unwrap()
}

fn lacks(expression: &Value, votes: &[(&str, &str)]) -> Vec<String> {
    of(expression.clone()).missing(votes).iter().map(Seat::to_string).collect()
}

#[test]
fn one_human_with_two_roles_fills_one_seat() {
    let both = json!({"all": [{"role": "risk", "count": 1}, {"role": "fund_manager", "count": 1}]});
    assert_eq!(lacks(&both, &[]), ["risk", "fund_manager"]);
    assert_eq!(lacks(&both, &[("ada", "risk"), ("ada", "fund_manager")]), ["fund_manager"]);
    assert_eq!(lacks(&both, &[("ada", "risk"), ("ada", "fund_manager"), ("bob", "risk")]), [""; 0]);
}

#[test]
fn several_seats_of_a_role_need_as_many_humans() {
    let two = json!({"role": "risk", "count": 2, "of": 3});
    assert_eq!(lacks(&two, &[("ada", "risk"), ("ada", "risk")]), ["risk"]);
    assert_eq!(lacks(&two, &[("ada", "risk"), ("bob", "risk")]), [""; 0]);
}

#[test]
fn people_move_between_seats_until_all_are_filled() {
    let three = json!({"all": [{"role": "a", "count": 1}, {"role": "b", "count": 1}, {"role": "c", "count": 1}]});
    let votes = [("x", "a"), ("x", "b"), ("y", "a"), ("y", "c"), ("z", "b")];
    assert_eq!(lacks(&three, &votes), [""; 0]);
}

#[test]
fn a_group_of_groups_is_told_by_its_nearest_way() {
    let risk = json!({"role": "risk", "count": 2});
    let quorum = json!({"any": [risk, {"all": [{"person": "ada"}, {"role": "compliance", "count": 1}]}]});
    assert_eq!(lacks(&quorum, &[("ada", "fund_manager")]), ["compliance"]);
    assert_eq!(lacks(&quorum, &[("bob", "risk")]), ["risk"]);
    assert_eq!(lacks(&quorum, &[("bob", "compliance"), ("ada", "risk")]), [""; 0]);
    let two_of_three = json!({"k": 2, "of": [{"role": "a", "count": 1}, {"role": "b", "count": 1}, {"person": "zoe"}]});
    assert_eq!(lacks(&two_of_three, &[("x", "b")]), ["a"]);
    assert_eq!(lacks(&two_of_three, &[("x", "b"), ("x", "a")]), ["b"], "one human is one of the two");
    assert_eq!(lacks(&two_of_three, &[("x", "b"), ("zoe", "b")]), [""; 0]);
    assert!(of(two_of_three.clone()).seats("zoe", "whatever"));
    assert!(!of(two_of_three.clone()).seats("x", "c"));
    assert_eq!(of(two_of_three).named(), ["a", "b", "person \"zoe\""]);
}

#[test]
fn what_cannot_be_read_or_tried_is_refused_with_its_reason() {
    let deep = (0..8).fold(json!({"role": "a", "count": 1}), |inner, _| json!({"all": [inner]}));
    let leaf = json!({"role": "a", "count": 1});
    let wide: Vec<Value> = (0..13).map(|_| leaf.clone()).collect();
    let full: Vec<Value> = (0..3).map(|_| json!({"role": "a", "count": 16})).collect();
    for (bad, why) in [
        (json!({}), "none of role"),
        (json!({"all": [leaf], "any": [leaf]}), "several of them"),
        (json!({"role": "a", "count": 0}), "from 1 to 16"),
        (json!({"role": "a", "count": 2, "of": 1}), "from 2 to 64"),
        (json!({"role": "a", "count": 1, "person": "x"}), "unknown field \"person\""),
        (json!({"rule": "a", "count": 1}), "did you mean \"role\"?"),
        (json!({"all": []}), "0 groups"),
        (json!({"k": 3, "of": [leaf, leaf]}), "from 1 to 2"),
        (json!({"k": 6, "of": wide}), "1716 ways"),
        (json!({"all": full}), "48 seats"),
        (deep, "8 deep"),
        (json!([1]), "not an object"),
    ] {
        let said = Expression::from_json(&bad).unwrap_err();
        assert!(said.contains(why), "{why}: {said}");
    }
}

/// The twin: gives every human each of their possible leaves or none, and asks whether the counts suffice.
fn obvious(expression: &Expression, votes: &[(&str, &str)]) -> bool {
    fn leaves<'a>(expression: &'a Expression, all: &mut Vec<&'a Expression>) {
        match expression {
            Expression::Some { of, .. } => of.iter().for_each(|group| leaves(group, all)),
            leaf => all.push(leaf),
        }
    }
    fn holds(expression: &Expression, leaf: &mut usize, given: &[usize]) -> bool {
        match expression {
            Expression::Some { k, of, .. } => of.iter().filter(|group| holds(group, leaf, given)).count() >= *k,
            Expression::Role { count, .. } => {
                *leaf += 1;
                given[*leaf - 1] >= *count as usize
            }
            Expression::Person(_) => {
                *leaf += 1;
                given[*leaf - 1] >= 1
            }
        }
    }
    fn seated(
        at: usize,
        people: &[&str],
        votes: &[(&str, &str)],
        all: &[&Expression],
        given: &mut Vec<usize>,
        whole: &Expression,
    ) -> bool {
        let Some(human) = people.get(at) else { return holds(whole, &mut 0, given) };
        for (i, leaf) in all.iter().enumerate() {
            let may = votes.iter().filter(|(h, _)| h == human).any(|(h, role)| match leaf {
                Expression::Role { role: wanted, .. } => wanted == role,
                Expression::Person(name) => name == h,
                Expression::Some { .. } => false,
            });
            if may {
                given[i] += 1;
                if seated(at + 1, people, votes, all, given, whole) {
                    return true;
                }
                given[i] -= 1;
            }
        }
        seated(at + 1, people, votes, all, given, whole)
    }
    let mut all = Vec::new();
    leaves(expression, &mut all);
    let mut people: Vec<&str> = votes.iter().map(|(human, _)| *human).collect();
    people.sort_unstable();
    people.dedup();
    seated(0, &people, votes, &all, &mut vec![0; all.len()], expression)
}

fn expressions() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (prop::sample::select(vec!["a", "b", "c"]), 1..3)
            .prop_map(|(role, count)| json!({"role": role, "count": count})),
        prop::sample::select(vec!["x", "y"]).prop_map(|name| json!({"person": name})),
    ];
    leaf.prop_recursive(3, 6, 3, |inner| {
        (prop::collection::vec(inner, 1..4), 0..3, 1_usize..4).prop_map(|(of, word, k)| match word {
            0 => json!({"all": of}),
            1 => json!({"any": of}),
            _ => json!({"k": k.min(of.len()), "of": of}),
        })
    })
}

proptest! {
    #[test]
    fn the_search_agrees_with_every_way_to_seat_every_human(
        value in expressions(),
        votes in prop::collection::vec(
            (prop::sample::select(vec!["x", "y", "z", "w"]), prop::sample::select(vec!["a", "b", "c"])), 0..7),
    ) {
        let expression = Expression::from_json(&value).unwrap();
        prop_assert_eq!(&expression.to_json(), &value);
        let empty = expression.missing(&votes);
        prop_assert_eq!(empty.is_empty(), obvious(&expression, &votes));
        let mut shuffled = votes.clone();
        shuffled.reverse();
        prop_assert_eq!(&expression.missing(&shuffled), &empty);
        // Strangers in the seats that are said to be missing satisfy it, and one fewer does not.
        let names: Vec<String> = (0..empty.len()).map(|i| format!("stranger {i}")).collect();
        let mut more = votes.clone();
        more.extend(empty.iter().zip(&names).map(|(seat, name)| match seat {
            Seat::Role(role) => (name.as_str(), *role),
            Seat::Person(person) => (*person, "any"),
        }));
        prop_assert!(expression.missing(&more).is_empty() || empty.iter().any(|seat| matches!(seat, Seat::Person(_))));
    }
}
