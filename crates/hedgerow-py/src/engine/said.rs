//! What a strategy says of an order beside side and size, in its own words: floats and names become ticks and flags.

use super::desk::Wish;
use super::shared::Unit;
use crate::words::named;
use hedgerow_core::{POST_ONLY, Peg, Problem, REDUCE_ONLY, RecordId, TimeInForce, code};
use pyo3::prelude::*;

/// The names of times in force, as strategies write them.
const TIFS: [(&str, TimeInForce); 8] = [
    ("gtc", TimeInForce::Gtc),
    ("day", TimeInForce::Day),
    ("ioc", TimeInForce::Ioc),
    ("fok", TimeInForce::Fok),
    ("gtx", TimeInForce::Gtx),
    ("gtd", TimeInForce::Gtd),
    ("opg", TimeInForce::Opg),
    ("cls", TimeInForce::Cls),
];

/// The names of pegs.
pub const PEGS: [(&str, Peg); 3] = [("primary", Peg::Primary), ("midpoint", Peg::Midpoint), ("market", Peg::Market)];

/// Keywords of `buy` and `sell`.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    pub limit: Option<f64>,
    pub stop: Option<f64>,
    pub tif: &'a str,
    pub until: Option<i64>,
    pub post_only: bool,
    pub reduce_only: bool,
    /// What the book shows of it at a time.
    pub display: Option<f64>,
    /// What its price follows, and the ticks that are added to it.
    pub peg: Option<&'a str>,
    pub offset_ticks: i64,
    /// The order that this one stands beside, 0 = none.
    pub beside: RecordId,
}

impl Said<'_> {
    /// Nothing: at the market.
    pub const MARKET: Said<'static> = Said {
        limit: None,
        stop: None,
        tif: "gtc",
        until: None,
        post_only: false,
        reduce_only: false,
        display: None,
        peg: None,
        offset_ticks: 0,
        beside: 0,
    };

    /// The wish with what was said. `RUN_NUMBER` for a price off the tick, or to show nothing or a part of a lot; `RUN_CONFIG` for a time in force that there is
    /// not, or an end without `gtd` and the other way round.
    pub fn wish(&self, wish: Wish, unit: Unit) -> PyResult<Wish> {
        let ticks = |price: Option<f64>| price.map_or(Ok(0), |price| unit.ticks(price)).map_err(named);
        let config = |detail: String| named(Problem::new(code::RUN_CONFIG, detail));
        let known = TIFS.iter().find(|(name, _)| *name == self.tif);
        let tif = known.map(|(_, tif)| *tif).ok_or_else(|| {
            let names = TIFS.map(|(name, _)| name).join(", ");
            config(format!("tif={:?}; use one of {names}", self.tif))
        })?;
        let until_ts = self.until.unwrap_or_default();
        if (tif == TimeInForce::Gtd) != (until_ts > 0) {
            return Err(config(format!("tif={:?} with until={:?}; the two go together", self.tif, self.until)));
        }
        let peg = self.peg.map(peg_named).transpose().map_err(named)?;
        if (peg.is_none() && self.offset_ticks != 0) || (peg.is_some() && self.stop.is_some()) {
            let said = format!("peg={:?} with offset_ticks={} and stop={:?}", self.peg, self.offset_ticks, self.stop);
            let names = PEGS.map(|(name, _)| name).join(", ");
            return Err(config(format!("{said}; a peg is one of {names}, has no stop price, and alone an offset")));
        }
        let display_lots = self.display.map_or(Ok(0), |shown| positive(shown).and_then(|shown| unit.lots(shown)));
        let flag = |set: bool, flag: u16| if set { flag } else { 0 };
        Ok(Wish {
            limit_ticks: ticks(self.limit)?,
            stop_ticks: ticks(self.stop)?,
            tif,
            until_ts,
            display_lots: display_lots.map_err(named)?,
            peg,
            offset_ticks: self.offset_ticks,
            beside: self.beside,
            flags: flag(self.post_only, POST_ONLY) | flag(self.reduce_only, REDUCE_ONLY),
            ..wish
        })
    }
}

/// What a price follows, by its name. `RUN_CONFIG` for one that there is not.
pub fn peg_named(name: &str) -> Result<Peg, Problem> {
    PEGS.iter().find(|(known, _)| *known == name).map(|(_, peg)| *peg).ok_or_else(|| {
        let names = PEGS.map(|(name, _)| name).join(", ");
        Problem::new(code::RUN_CONFIG, format!("peg={name:?}; a peg is one of {names}"))
    })
}

/// A quantity, if it is one. `RUN_NUMBER` if not.
pub fn positive(quantity: f64) -> Result<f64, Problem> {
    if quantity > 0.0 {
        return Ok(quantity);
    }
    Err(Problem::new(code::RUN_NUMBER, format!("quantity {quantity}; quantities are positive")))
}
