//! A book that follows its venue: images and numbered updates in, and always known whether the book can be believed.
//!
//! Promises: what cannot follow is held, within a bound, until an image makes the book whole; a refused image or update
//! leaves the book as it was and the feed waiting. Never: I/O; whoever drives it asks the venue for an image when
//! `needs_image` says so.

use crate::Refused;
use crate::book::Book;
use crate::follow::{Follower, Numbers, State, Step, VenueRule};
use hedgerow_core::code;
use std::collections::VecDeque;

/// What became of an update or image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The book holds it.
    Applied,
    /// The book held it already.
    Skipped,
    /// It waits for an image.
    Held,
}

/// A book and the machine that guards it.
///
/// ```
/// use hedgerow_book::{Book, Feed, LevelBook, Numbers, Rules, Taken, VenueRule};
/// use hedgerow_core::{BookLevel, LevelAction, Side};
/// let rule = VenueRule::named("binance_futures").unwrap();
/// let mut feed = Feed::new(LevelBook::new(Rules::default())?, rule, 10_000);
/// let set = |side: Side, price_ticks, lots| {
///     BookLevel { price_ticks, lots, side: side as u8, action: LevelAction::Set as u8, ..BookLevel::default() }
/// };
/// let numbers = |first, last, previous| Numbers { first, last, previous };
/// assert_eq!(feed.update(&numbers(10, 12, 9), &[set(Side::Buy, 99, 1)])?, Taken::Held);
/// feed.image(11, &[set(Side::Buy, 98, 1), set(Side::Sell, 100, 1)])?;
/// assert_eq!(feed.book().best(Side::Buy).unwrap().price_ticks, 99);
/// assert!(feed.update(&numbers(15, 16, 14), &[]).is_err() && feed.needs_image());
/// # Ok::<(), hedgerow_book::Refused>(())
/// ```
#[derive(Clone, Debug)]
pub struct Feed<B: Book> {
    book: B,
    follower: Follower,
    /// Updates that wait: their numbers and how many changes each has.
    held: VecDeque<(Numbers, usize)>,
    /// The changes of those, in order.
    changes: VecDeque<B::Event>,
    room: usize,
    /// An update put together from `changes`, or an image with its beginning.
    scratch: Vec<B::Event>,
}

/// An event that says that the book is empty and an image follows.
pub trait Clears {
    /// That event.
    fn clear() -> Self;
}

impl Clears for hedgerow_core::BookLevel {
    fn clear() -> Self {
        hedgerow_core::BookLevel { action: hedgerow_core::LevelAction::Clear as u8, ..Default::default() }
    }
}

impl Clears for hedgerow_core::BookOrder {
    fn clear() -> Self {
        hedgerow_core::BookOrder { action: hedgerow_core::OrderAction::Clear as u8, ..Default::default() }
    }
}

impl<B: Book<Event: Clears>> Feed<B> {
    /// A feed that waits for its first image, and holds updates of at most `room` changes until then.
    pub fn new(book: B, rule: &'static VenueRule, room: usize) -> Feed<B> {
        Feed {
            book,
            follower: Follower::new(rule),
            held: VecDeque::new(),
            changes: VecDeque::new(),
            room,
            scratch: Vec::new(),
        }
    }

    /// The book; to be believed unless `needs_image`.
    pub fn book(&self) -> &B {
        &self.book
    }

    /// Whether the book waits for an image and is not to be believed.
    pub fn needs_image(&self) -> bool {
        self.follower.state() == State::Waiting
    }

    /// Number of the last change in the book.
    pub fn last(&self) -> i64 {
        self.follower.last()
    }

    /// The book was found to be wrong, by a checksum for instance: it waits for an image from now on.
    pub fn lose(&mut self) {
        self.follower.lose();
    }

    /// Takes an image of the book as of a number, then all updates held that follow it.
    ///
    /// # Errors
    /// `BOOK_STALE_SNAPSHOT`: it is older than what is held. What the book or a held update is refused for: the feed
    /// waits for another image. `BOOK_GAP`: updates are missing among those held; what follows the gap stays held.
    pub fn image(&mut self, last: i64, events: &[B::Event]) -> Result<Taken, Refused> {
        let mut guard = self.follower;
        guard.image(last, self.held.front().map(|(numbers, _)| numbers))?;
        self.scratch.clear();
        self.scratch.push(B::Event::clear());
        self.scratch.extend_from_slice(events);
        if let Err(refused) = self.book.update(&self.scratch) {
            self.follower.lose();
            return Err(refused);
        }
        self.follower = guard;
        while let Some((numbers, count)) = self.held.front().copied() {
            let step = self.follower.update(&numbers)?;
            self.held.pop_front();
            self.scratch.clear();
            self.scratch.extend(self.changes.drain(..count));
            if step == Step::Apply {
                self.book.update(&self.scratch).inspect_err(|_| self.follower.lose())?;
            }
        }
        Ok(Taken::Applied)
    }

    /// Takes a numbered update.
    ///
    /// # Errors
    /// `BOOK_GAP`: updates are missing; this one is held, and the feed waits for an image. `BOOK_HELD`: more than there is
    /// room for; what was held and this one are forgotten. `BOOK_NUMBERS` or what the book refuses: nothing of it was
    /// taken; in the second case the feed waits for an image.
    pub fn update(&mut self, numbers: &Numbers, events: &[B::Event]) -> Result<Taken, Refused> {
        match self.follower.update(numbers) {
            Ok(Step::Apply) => {
                self.book.update(events).inspect_err(|_| self.follower.lose())?;
                Ok(Taken::Applied)
            }
            Ok(Step::Skip) => Ok(Taken::Skipped),
            Ok(Step::Hold) => self.hold(numbers, events).map(|()| Taken::Held),
            Err(refused) if refused.code == code::BOOK_GAP => {
                self.forget();
                self.hold(numbers, events)?;
                Err(refused)
            }
            Err(refused) => Err(refused),
        }
    }

    fn hold(&mut self, numbers: &Numbers, events: &[B::Event]) -> Result<(), Refused> {
        let held = self.changes.len() + self.held.len() + events.len() + 1;
        if held > self.room {
            self.forget();
            return Err(Refused::new(code::BOOK_HELD, held as i64, self.room as i64));
        }
        self.held.push_back((*numbers, events.len()));
        self.changes.extend(events);
        Ok(())
    }

    fn forget(&mut self) {
        self.held.clear();
        self.changes.clear();
    }
}
