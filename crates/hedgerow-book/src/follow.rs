//! Whether an update follows: venues' numbering rules as data, and one small machine that keeps them.
//!
//! A venue numbers its updates so that a lost one shows. Before the first image, and after a gap, updates are held; an
//! image (a snapshot) makes the book whole, old updates are passed over, and the rest follow. Promises: no update is
//! taken twice, out of turn, or after a gap; an image older than what is held is refused. Never: a socket, a clock, or
//! the updates themselves (`Feed` holds those).

use crate::Refused;
use hedgerow_core::code;

/// The numbers of an update, as the venue gives them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers {
    /// Number of its first change; of venues that give one number, that one.
    pub first: i64,
    /// Number of its last change.
    pub last: i64,
    /// The last number of the update before it, where the venue says it.
    pub previous: i64,
}

/// How an update is tied to the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// Its first number is one above the last of the one before.
    First,
    /// It says the last number of the one before.
    Previous,
    /// Nothing ties them; a checksum may.
    Nothing,
}

/// A venue's rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueRule {
    /// Venue and market.
    pub name: &'static str,
    /// How updates are tied to one another.
    pub link: Link,
    /// The number that the first update after an image must cover is so far above the image's own.
    pub lead: i64,
    /// Whether images come among the updates and begin a new count at any time.
    pub image_in_stream: bool,
    /// Where the rule is written.
    pub source: &'static str,
}

/// The rules of the venues that we know, by name.
pub const VENUES: &[VenueRule] = &[
    VenueRule {
        name: "binance_spot",
        link: Link::First,
        lead: 1,
        image_in_stream: false,
        source: "Binance Spot API, How to manage a local order book correctly",
    },
    VenueRule {
        name: "binance_futures",
        link: Link::Previous,
        lead: 0,
        image_in_stream: false,
        source: "Binance USD-M and COIN-M Futures API, How to manage a local order book correctly",
    },
    VenueRule {
        name: "bybit",
        link: Link::First,
        lead: 1,
        image_in_stream: true,
        source: "Bybit API v5, WebSocket Orderbook: process snapshot and delta",
    },
    VenueRule {
        name: "deribit",
        link: Link::Previous,
        lead: 1,
        image_in_stream: true,
        source: "Deribit API v2, book.{instrument}.{interval}: change_id, prev_change_id",
    },
    VenueRule {
        name: "okx",
        link: Link::Previous,
        lead: 1,
        image_in_stream: true,
        source: "OKX API v5, Order book channel: seqId, prevSeqId, checksum",
    },
    VenueRule {
        name: "poloniex",
        link: Link::Previous,
        lead: 1,
        image_in_stream: true,
        source: "Poloniex Spot API, book_lv2: id, lastId",
    },
    VenueRule {
        name: "unnumbered",
        link: Link::Nothing,
        lead: 1,
        image_in_stream: true,
        source: "venues without numbers: Kraken v1 (checksum), Coinbase level2, BitMEX orderBookL2",
    },
];

impl VenueRule {
    /// The rule of a venue.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static VenueRule> {
        VENUES.iter().find(|rule| rule.name == name)
    }

    /// The last number of the update before this one.
    fn before(&self, numbers: &Numbers) -> i64 {
        match self.link {
            Link::First | Link::Nothing => numbers.first.saturating_sub(1),
            Link::Previous => numbers.previous,
        }
    }
}

/// Where the machine stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// No image yet, or a gap: updates are held.
    Waiting,
    /// An image is there, and no update has followed it yet.
    Imaged,
    /// Updates follow.
    Following,
}

/// What to do with an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Apply it.
    Apply,
    /// Pass over it: the book holds it already.
    Skip,
    /// Hold it until an image comes.
    Hold,
}

/// The machine.
///
/// ```
/// use hedgerow_book::{Follower, Numbers, State, Step, VenueRule};
/// let mut spot = Follower::new(VenueRule::named("binance_spot").unwrap());
/// let update = |first, last| Numbers { first, last, previous: 0 };
/// assert_eq!(spot.update(&update(5, 8))?, Step::Hold);
/// spot.image(9, Some(&update(5, 8)))?;
/// assert_eq!(spot.update(&update(5, 8))?, Step::Skip);
/// assert_eq!(spot.update(&update(9, 12))?, Step::Apply);
/// assert!(spot.update(&update(14, 15)).is_err());
/// assert_eq!(spot.state(), State::Waiting);
/// # Ok::<(), hedgerow_book::Refused>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Follower {
    rule: &'static VenueRule,
    state: State,
    last: i64,
}

impl Follower {
    /// A machine that waits for an image.
    #[must_use]
    pub const fn new(rule: &'static VenueRule) -> Follower {
        Follower { rule, state: State::Waiting, last: 0 }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Number of the last change in the book.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Waits for an image from now on: the book is not to be believed.
    pub fn lose(&mut self) {
        self.state = State::Waiting;
    }

    /// An image of the book, as of a number. `oldest` = the oldest update held, if one is.
    ///
    /// # Errors
    /// `BOOK_STALE_SNAPSHOT` if updates between the image and the oldest one held are missing, or the book is ahead of an
    /// image that was asked for.
    pub fn image(&mut self, last: i64, oldest: Option<&Numbers>) -> Result<(), Refused> {
        if let Some(oldest) = oldest.filter(|oldest| self.rule.leaves_out(last, oldest)) {
            return Err(Refused::new(code::BOOK_STALE_SNAPSHOT, last, self.rule.before(oldest)));
        }
        if self.state == State::Following && last < self.last && !self.rule.image_in_stream {
            return Err(Refused::new(code::BOOK_STALE_SNAPSHOT, last, self.last));
        }
        (self.state, self.last) = (State::Imaged, last);
        Ok(())
    }

    /// The numbers of an update that came.
    ///
    /// # Errors
    /// `BOOK_GAP` if updates are missing before it: the machine waits for an image, and this update is to be held.
    /// `BOOK_NUMBERS` if its numbers contradict each other; nothing changes.
    pub fn update(&mut self, numbers: &Numbers) -> Result<Step, Refused> {
        let before = self.rule.before(numbers);
        if numbers.last < numbers.first || before > numbers.last {
            return Err(Refused::new(code::BOOK_NUMBERS, numbers.last, numbers.first.max(before)));
        }
        let follows = match (self.state, self.rule.link) {
            (State::Waiting, _) => return Ok(Step::Hold),
            (_, Link::Nothing) => true,
            (State::Imaged, _) if numbers.last < self.last.saturating_add(self.rule.lead) => return Ok(Step::Skip),
            (State::Imaged, _) => self.rule.covers(numbers, self.last),
            (State::Following, _) => before == self.last,
        };
        if !follows {
            let stands = self.last;
            self.state = State::Waiting;
            return Err(Refused::new(code::BOOK_GAP, before, stands));
        }
        (self.state, self.last) = (State::Following, numbers.last);
        Ok(Step::Apply)
    }
}

impl VenueRule {
    /// Whether an update covers the number that must follow an image.
    fn covers(&self, numbers: &Numbers, image: i64) -> bool {
        let wanted = image.saturating_add(self.lead);
        let first = if self.link == Link::First || self.lead == 0 { numbers.first } else { self.before(numbers) + 1 };
        first <= wanted && wanted <= numbers.last
    }

    /// Whether changes between an image and an update are missing: it is neither in the image nor next to it.
    fn leaves_out(&self, image: i64, update: &Numbers) -> bool {
        let is_newer = update.last >= image.saturating_add(self.lead);
        self.link != Link::Nothing && is_newer && !self.covers(update, image)
    }
}
