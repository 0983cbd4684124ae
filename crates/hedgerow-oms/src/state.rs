//! Which state follows which, on which input: twelve states, thirteen inputs, one table.
//!
//! Promises: [`next`] is a single look-up in a table made at compile time. Never: quantities; what they amount to
//! comes in as a [`Standing`].

use hedgerow_core::byte_enum;

byte_enum! {
    /// Where an order is in its life.
    OrderState {
        /// Made by the strategy, not yet decided on.
        New = 1,
        /// Approved and sent; the venue has not answered.
        PendingNew = 2,
        /// Works at the venue, nothing filled.
        Live = 3,
        /// Works at the venue, partly filled.
        PartiallyFilled = 4,
        /// Filled in whole. Terminal.
        Filled = 5,
        /// We asked to cancel; the venue has not answered.
        PendingCancel = 6,
        /// No longer works. Terminal.
        Cancelled = 7,
        /// We asked to change it; the venue has not answered.
        PendingReplace = 8,
        /// Refused by the venue. Terminal.
        Rejected = 9,
        /// Refused by us. Terminal.
        Denied = 10,
        /// Its time is over. Terminal.
        Expired = 11,
        /// We cannot know what became of it; its reservation stays frozen until a report resolves it.
        Unknown = 12,
    }
}

byte_enum! {
    /// What can happen to an order.
    OrderInput {
        /// The gate approved it.
        Approve = 1,
        /// The gate denied it.
        Deny = 2,
        /// The venue works it.
        Accept = 3,
        /// The venue refused it.
        Reject = 4,
        /// Some of it was executed.
        Fill = 5,
        /// We ask the venue to cancel it.
        AskCancel = 6,
        /// It no longer works, on our wish or the venue's.
        Cancelled = 7,
        /// The venue refused to cancel it; it still works.
        CancelRejected = 8,
        /// We ask the venue to change it.
        AskReplace = 9,
        /// The venue changed it.
        Replaced = 10,
        /// The venue refused to change it; it still works as before.
        ReplaceRejected = 11,
        /// Its time is over.
        Expire = 12,
        /// The venue cannot say what became of it.
        Lost = 13,
    }
}

byte_enum! {
    /// How far an order has come, once the input's own lots and terms are counted.
    Extent {
        /// The venue has not acknowledged it and nothing is filled.
        Unacknowledged = 0,
        /// The venue has acknowledged it and nothing is filled.
        Acknowledged = 1,
        /// Some lots are filled, some are open.
        Partial = 2,
        /// No lot is open, under the present terms nor under a change that is still unanswered.
        Complete = 3,
    }
}

impl OrderState {
    /// Nothing can happen to the order any more.
    #[inline]
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Denied | Self::Expired)
    }
}

impl OrderInput {
    /// An answer that says nothing new once the order has ended: it lost a race against a fill or a cancel.
    #[must_use]
    pub const fn is_idle_after_end(self) -> bool {
        matches!(self, Self::Accept | Self::CancelRejected | Self::ReplaceRejected)
    }
}

/// What the quantities amount to when an input arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// How far the order has come, the input counted.
    pub extent: Extent,
    /// A change is unanswered, the input not counted.
    pub replacing: bool,
}

/// A cell of the table below. Codes under 16 are the state itself.
type Cell = u8;
/// Cannot happen.
const NO: Cell = 0;
/// Stays where it is, or is `Filled` if nothing is open.
const STAY: Cell = 16;
/// Back to work: `Filled`, `PendingReplace`, `PartiallyFilled`, `Live` or `PendingNew`, as its standing says.
const WORK: Cell = 17;
/// Answer to a change: as `WORK` with the change settled. Cannot happen when no change is unanswered.
const DONE: Cell = 18;
/// Answer to a change while a cancel is unanswered: as `STAY`. Cannot happen when no change is unanswered.
const STIL: Cell = 19;
/// Refused before it worked: `Rejected`. Cannot happen once it is acknowledged or partly filled.
const REFU: Cell = 20;

const PNEW: Cell = OrderState::PendingNew as u8;
const LIVE: Cell = OrderState::Live as u8;
const PCXL: Cell = OrderState::PendingCancel as u8;
const CXLD: Cell = OrderState::Cancelled as u8;
const PREP: Cell = OrderState::PendingReplace as u8;
const DENY: Cell = OrderState::Denied as u8;
const EXPD: Cell = OrderState::Expired as u8;
const UNKN: Cell = OrderState::Unknown as u8;

const STATES: usize = OrderState::ALL.len();
const INPUTS: usize = OrderInput::ALL.len();
const GONE: [Cell; INPUTS] = [NO; INPUTS];

// A fill before the acknowledgement is one (FIX: a fill implies it), so the late Accept finds PartiallyFilled and stays.
// A cancel may be asked for at any time while the order may work, even if we have lost sight of it.
#[rustfmt::skip]
const RULES: [[Cell; INPUTS]; STATES] = [
    //                 Approve Deny  Accept Reject Fill  AskCxl Cxled CxlRej AskRep Repled RepRej Expire Lost
    /* New          */ [PNEW,  DENY, NO,    NO,    NO,   NO,    NO,   NO,    NO,    NO,    NO,    NO,    NO],
    /* PendingNew   */ [NO,    NO,   LIVE,  REFU,  WORK, PCXL,  CXLD, NO,    NO,    NO,    NO,    EXPD,  UNKN],
    /* Live         */ [NO,    NO,   NO,    NO,    WORK, PCXL,  CXLD, NO,    PREP,  NO,    NO,    EXPD,  UNKN],
    /* Part.Filled  */ [NO,    NO,   STAY,  NO,    WORK, PCXL,  CXLD, NO,    PREP,  NO,    NO,    EXPD,  UNKN],
    /* Filled       */ GONE,
    /* PendingCancel*/ [NO,    NO,   STAY,  REFU,  STAY, NO,    CXLD, WORK,  NO,    STIL,  STIL,  EXPD,  UNKN],
    /* Cancelled    */ GONE,
    /* PendingRepl. */ [NO,    NO,   STAY,  NO,    STAY, PCXL,  CXLD, NO,    NO,    DONE,  DONE,  EXPD,  UNKN],
    /* Rejected     */ GONE,
    /* Denied       */ GONE,
    /* Expired      */ GONE,
    /* Unknown      */ [NO,    NO,   WORK,  REFU,  STAY, STAY,  CXLD, WORK,  NO,    DONE,  DONE,  EXPD,  UNKN],
];

const EXTENTS: usize = Extent::ALL.len();
const WIDTH: usize = EXTENTS * 2;
static NEXT: [u8; 2048] = expand();

#[inline]
const fn place(state: u8, input: u8, extent: u8, replacing: bool) -> usize {
    (state as usize * 16 + input as usize) * WIDTH + extent as usize * 2 + replacing as usize
}

/// Lays every answer out flat, so that a step is one look-up.
const fn expand() -> [u8; 2048] {
    let mut flat = [0; 2048];
    let mut s = 0;
    while s < STATES {
        let mut i = 0;
        while i < INPUTS {
            let mut e = 0;
            while e < EXTENTS {
                let (state, extent) = (OrderState::ALL[s] as u8, Extent::ALL[e]);
                let input = OrderInput::ALL[i] as u8;
                flat[place(state, input, extent as u8, false)] = resolve(RULES[s][i], state, extent, false);
                flat[place(state, input, extent as u8, true)] = resolve(RULES[s][i], state, extent, true);
                e += 1;
            }
            i += 1;
        }
        s += 1;
    }
    flat
}

const fn resolve(cell: Cell, state: u8, extent: Extent, replacing: bool) -> u8 {
    match cell {
        STIL | DONE if !replacing => NO,
        STAY | STIL if matches!(extent, Extent::Complete) => OrderState::Filled as u8,
        STAY | STIL => state,
        WORK if replacing && !matches!(extent, Extent::Complete) => PREP,
        WORK | DONE => match extent {
            Extent::Unacknowledged => PNEW,
            Extent::Acknowledged => LIVE,
            Extent::Partial => OrderState::PartiallyFilled as u8,
            Extent::Complete => OrderState::Filled as u8,
        },
        REFU if matches!(extent, Extent::Unacknowledged) => OrderState::Rejected as u8,
        REFU => NO,
        fixed => fixed,
    }
}

/// The state that follows, or `None` if this cannot happen here.
///
/// ```
/// use hedgerow_oms::{Extent, OrderInput, OrderState, Standing, next};
/// let standing = Standing { extent: Extent::Partial, replacing: false };
/// assert_eq!(next(OrderState::PendingCancel, OrderInput::CancelRejected, standing), Some(OrderState::PartiallyFilled));
/// assert_eq!(next(OrderState::Filled, OrderInput::Fill, standing), None);
/// ```
#[inline]
#[must_use]
pub fn next(state: OrderState, input: OrderInput, standing: Standing) -> Option<OrderState> {
    OrderState::from_u8(NEXT[place(state as u8, input as u8, standing.extent as u8, standing.replacing)])
}
