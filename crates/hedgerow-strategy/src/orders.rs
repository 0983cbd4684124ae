//! What a strategy may say: buy, sell, hold, cancel.

use crate::rows::{Intent, Row};

/// What to do with an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Action {
    /// Buy so many units.
    Buy = 1,
    /// Sell so many units.
    Sell = 2,
    /// Trade what is missing to a position of so many units.
    Target = 3,
    /// Trade what is missing to a share of the book's value.
    Weight = 4,
    /// Cancel what works.
    Cancel = 5,
}

/// How long an order works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Tif {
    /// Until it is filled or cancelled.
    Gtc = 0,
    /// Until the session closes.
    Day = 1,
    /// At once, as far as possible.
    Ioc = 2,
}

/// Takes intents, in order. What does not fit is refused as a whole by the runner, so nothing is lost unseen.
#[derive(Debug)]
pub struct Orders<'a> {
    out: &'a mut [u8],
    count: u32,
    is_full: bool,
}

impl<'a> Orders<'a> {
    /// Writes into these bytes.
    pub fn new(out: &'a mut [u8]) -> Orders<'a> {
        Orders { out, count: 0, is_full: false }
    }

    /// Buys at the market.
    pub fn buy(&mut self, instrument: u32, quantity: f64) {
        self.say(Action::Buy, instrument, quantity, 0.0, Tif::Gtc);
    }

    /// Sells at the market.
    pub fn sell(&mut self, instrument: u32, quantity: f64) {
        self.say(Action::Sell, instrument, quantity, 0.0, Tif::Gtc);
    }

    /// Buys at a limit or better.
    pub fn buy_limit(&mut self, instrument: u32, quantity: f64, limit: f64, tif: Tif) {
        self.say(Action::Buy, instrument, quantity, limit, tif);
    }

    /// Sells at a limit or better.
    pub fn sell_limit(&mut self, instrument: u32, quantity: f64, limit: f64, tif: Tif) {
        self.say(Action::Sell, instrument, quantity, limit, tif);
    }

    /// Holds so many units: trades what is missing, working orders counted.
    pub fn target(&mut self, instrument: u32, quantity: f64) {
        self.say(Action::Target, instrument, quantity, 0.0, Tif::Gtc);
    }

    /// Holds a share of the book's value: trades what is missing, cut to whole lots.
    pub fn target_weight(&mut self, instrument: u32, weight: f64) {
        self.say(Action::Weight, instrument, weight, 0.0, Tif::Gtc);
    }

    /// Cancels everything that works in an instrument.
    pub fn cancel(&mut self, instrument: u32) {
        self.say(Action::Cancel, instrument, 0.0, 0.0, Tif::Gtc);
    }

    /// How many intents there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    fn say(&mut self, action: Action, instrument: u32, amount: f64, limit: f64, tif: Tif) {
        let intent = Intent { amount, limit, instrument, action: action as u16, tif: tif as u16, spare: 0 };
        let at = self.count as usize * Intent::BYTES;
        if self.out.get_mut(at..).map_or(false, |rest| intent.write(rest)) {
            self.count += 1;
        } else {
            self.is_full = true;
        }
    }
}
