//! Every pair of state and input, written as a table that a person can check against the venue's manual.

use hedgerow_oms::{Extent, OrderInput, OrderState, Standing, next};

/// How to read a cell:
/// `-` cannot happen; a state's name: goes there; `stays`: where it is, or Filled if nothing is open;
/// `works`: Filled if nothing is open, else PendingReplace if a change is unanswered, else PartiallyFilled, Live or
/// PendingNew, by what is filled and acknowledged; `works!`, `stays!`: the same for the answer to a change, which
/// cannot happen when no change is unanswered; `refused`: Rejected, but only before it is acknowledged or filled.
const TABLE: &str = "
| state           | Approve    | Deny   | Accept | Reject  | Fill  | AskCancel     | Cancelled | CancelRejected | AskReplace     | Replaced | ReplaceRejected | Expire  | Lost    |
| New             | PendingNew | Denied | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| PendingNew      | -          | -      | Live   | refused | works | PendingCancel | Cancelled | -              | -              | -        | -               | Expired | Unknown |
| Live            | -          | -      | -      | -       | works | PendingCancel | Cancelled | -              | PendingReplace | -        | -               | Expired | Unknown |
| PartiallyFilled | -          | -      | stays  | -       | works | PendingCancel | Cancelled | -              | PendingReplace | -        | -               | Expired | Unknown |
| Filled          | -          | -      | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| PendingCancel   | -          | -      | stays  | refused | stays | -             | Cancelled | works          | -              | stays!   | stays!          | Expired | Unknown |
| Cancelled       | -          | -      | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| PendingReplace  | -          | -      | stays  | -       | stays | PendingCancel | Cancelled | -              | -              | works!   | works!          | Expired | Unknown |
| Rejected        | -          | -      | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| Denied          | -          | -      | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| Expired         | -          | -      | -      | -       | -     | -             | -         | -              | -              | -        | -               | -       | -       |
| Unknown         | -          | -      | works  | refused | stays | stays         | Cancelled | works          | -              | works!   | works!          | Expired | Unknown |
";

fn rows() -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    TABLE.lines().filter(|line| !line.is_empty()).map(cells).collect()
}

fn meaning(cell: &str, state: OrderState, standing: Standing) -> Option<OrderState> {
    use Extent::{Acknowledged, Complete, Partial, Unacknowledged};
    let by_extent = match standing.extent {
        Unacknowledged => OrderState::PendingNew,
        Acknowledged => OrderState::Live,
        Partial => OrderState::PartiallyFilled,
        Complete => OrderState::Filled,
    };
    let complete = standing.extent == Complete;
    match cell {
        "-" => None,
        "stays!" | "works!" if !standing.replacing => None,
        "stays" | "stays!" => Some(if complete { OrderState::Filled } else { state }),
        "works" if standing.replacing && !complete => Some(OrderState::PendingReplace),
        "works" | "works!" => Some(by_extent),
        "refused" => (standing.extent == Unacknowledged).then_some(OrderState::Rejected),
        name => Some(*OrderState::ALL.iter().find(|s| s.name() == name).expect("a state's name")),
    }
}

#[test]
fn every_pair_of_state_and_input_does_what_the_table_says() {
    let rows = rows();
    let inputs: Vec<&str> = OrderInput::ALL.iter().map(|i| i.name()).collect();
    assert_eq!(rows[0][1..], inputs);
    assert_eq!(rows.len() - 1, OrderState::ALL.len());
    let mut pairs = 0;
    for (row, state) in rows[1..].iter().zip(OrderState::ALL) {
        assert_eq!(row[0], state.name());
        for (cell, input) in row[1..].iter().zip(OrderInput::ALL) {
            for extent in Extent::ALL {
                for replacing in [false, true] {
                    let standing = Standing { extent: *extent, replacing };
                    let seen = next(*state, *input, standing);
                    assert_eq!(
                        seen,
                        meaning(cell, *state, standing),
                        "{} on {} {standing:?}",
                        state.name(),
                        input.name()
                    );
                }
            }
            pairs += 1;
        }
    }
    assert_eq!(pairs, 12 * 13);
}

#[test]
fn nothing_ever_leaves_a_terminal_state() {
    let terminal: Vec<&str> = OrderState::ALL.iter().filter(|s| s.is_terminal()).map(|s| s.name()).collect();
    assert_eq!(terminal, ["Filled", "Cancelled", "Rejected", "Denied", "Expired"]);
    for row in rows().iter().filter(|row| terminal.contains(&row[0])) {
        assert!(row[1..].iter().all(|cell| *cell == "-"), "{}", row[0]);
    }
}

#[test]
fn every_state_but_new_can_be_reached() {
    let standing = |extent: &Extent| Standing { extent: *extent, replacing: true };
    for state in OrderState::ALL {
        let reached = OrderState::ALL.iter().any(|from| {
            OrderInput::ALL
                .iter()
                .any(|input| Extent::ALL.iter().any(|extent| next(*from, *input, standing(extent)) == Some(*state)))
        });
        assert_eq!(reached, *state != OrderState::New, "{}", state.name());
    }
}
