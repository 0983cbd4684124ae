//! What an opaque strategy wants, as signed lots: one function for the run and for its replay.

use super::shared::{Unit, lots_of_weight};
use hedgerow_core::{InstrumentId, Problem, StrategyId, TimeInForce, code};
use hedgerow_kernel::Kernel;
use hedgerow_strategy::{Action, Intent};

/// An intent that makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Signed lots to trade, limit in ticks (0 = market), how long. Zero lots are nothing.
    Trade(i64, i64, TimeInForce),
    /// Cancel everything that works.
    Cancel,
}

/// What an intent comes to in the present state of the books.
///
/// # Errors
/// `JAIL_INTENT` if it names an unknown instrument or action, or a number that is no lot or tick.
pub fn wanted(kernel: &Kernel, strategy: StrategyId, intent: &Intent) -> Result<Wanted, Problem> {
    let instrument: InstrumentId = intent.instrument;
    let refused = |detail: String| Problem::new(code::JAIL_INTENT, detail);
    let known = kernel.instruments();
    let about = known
        .get(instrument as usize)
        .ok_or_else(|| refused(format!("instrument {instrument}, {} are known", known.len())))?;
    let tif = match intent.tif {
        0 => TimeInForce::Gtc,
        1 => TimeInForce::Day,
        2 => TimeInForce::Ioc,
        other => return Err(refused(format!("time in force {other}"))),
    };
    let unit = Unit::of(about);
    let in_words = |problem: Problem| refused(problem.detail);
    let positive = |lots: i64| {
        if lots > 0 { Ok(lots) } else { Err(refused(format!("quantity {}; buy and sell are positive", intent.amount))) }
    };
    let held = kernel.gate().holding(strategy, instrument);
    let expected = held.position + held.open_buy - held.open_sell;
    let lots = match intent.action {
        a if a == Action::Buy as u16 => positive(unit.lots(intent.amount).map_err(in_words)?)?,
        a if a == Action::Sell as u16 => -positive(unit.lots(intent.amount).map_err(in_words)?)?,
        a if a == Action::Target as u16 => unit.lots(intent.amount).map_err(in_words)? - expected,
        a if a == Action::Weight as u16 => {
            lots_of_weight(kernel, strategy, instrument, intent.amount).map_err(in_words)?.saturating_sub(expected)
        }
        a if a == Action::Cancel as u16 => return Ok(Wanted::Cancel),
        other => return Err(refused(format!("action {other}"))),
    };
    let limit_ticks = if intent.limit == 0.0 { 0 } else { unit.ticks(intent.limit).map_err(in_words)? };
    Ok(Wanted::Trade(lots, limit_ticks, tif))
}
