//! The loops over bars. One order of things for every form of strategy: what was sent before trades at the open, the bar
//! is known, what trades within it, the strategy speaks, slices go out, and what was approved is sent.

use super::columns::{LookedAt, Rows};
use super::desk::{Desk, NO_DEPTH};
use super::shared::{Shared, lots_of_weight};
use super::strategy::StrategyCore;
use super::views::{FillView, Shown};
use crate::words::raise;
use hedgerow_core::{Bar, Problem, StrategyId, code};
use hedgerow_features::INPUTS_MAX;
use hedgerow_kernel::Ahead;
use pyo3::prelude::*;
use std::rc::Rc;

/// A strategy and those of its handlers that it really has.
#[derive(FromPyObject)]
pub struct Handlers(Py<StrategyCore>, Option<Py<PyAny>>, Option<Py<PyAny>>, Option<Py<PyAny>>);

/// Rows that are proved and brought near at once: seven columns of them fit into a core's own cache.
const NEAR: usize = 4096;
/// Rows between two looks at Ctrl-C and the progress bar.
const BREATH: usize = 1 << 16;

/// Everything of a group of bars that happens before a strategy speaks. Fills in the bars' ids. When the next bars come is
/// asked only for whether a session closes with these: everybody knows its hours.
#[inline]
fn market(desk: &mut Desk, bars: &mut [Bar], next_ts: Option<i64>) -> Result<(), Problem> {
    desk.roll_day(bars[0].ts_event, bars[0].span_ns)?;
    for bar in bars.iter() {
        desk.venue_open(bar)?;
    }
    desk.flush_links()?;
    for bar in bars.iter_mut() {
        desk.bar(bar)?;
    }
    let is_last = desk.is_last_of_day(bars[0].span_ns, next_ts);
    for bar in bars.iter() {
        desk.venue_close(bar, is_last)?;
    }
    desk.follow_within(bars)?;
    desk.check_margin(bars)
}

/// Everything of a group that happens after a strategy has spoken.
#[inline]
fn settle(desk: &mut Desk) -> Result<(), Problem> {
    desk.work_parents(NO_DEPTH)?;
    desk.flush()?;
    desk.publish_due()?;
    desk.mark_equity()
}

/// Looks at Ctrl-C and tells how far the run is.
pub(super) fn breathe(py: Python<'_>, row: usize, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    if let Some(progress) = progress {
        progress.call1(py, (row,))?;
    }
    Ok(())
}

fn lengths(rows: &Rows<'_>, given: usize) -> PyResult<()> {
    if rows.len() == given {
        return Ok(());
    }
    Err(raise(Problem::new(code::RUN_WEIGHTS, format!("{given} values for {} rows", rows.len()))))
}

/// Rows of one instrument, with what is known of them before they are run over.
fn ahead_of<'a>(rows: &'a Rows<'_>, looked: Option<&LookedAt>) -> PyResult<Option<Ahead<'a>>> {
    let single = rows.is_single().then(|| Ahead::new(rows.stretch())).transpose().map_err(raise)?;
    Ok(single.map(|ahead| ahead.knowing(looked.map(|seen| &seen.looked))))
}

/// Looks at the next rows; gives how far.
fn bring_near(ahead: &mut Ahead<'_>, rows: &Rows<'_>, near: usize) -> usize {
    let end = (near + NEAR).min(rows.len());
    if near < end {
        rows.near_volume(near, end);
        ahead.look_to(end);
    }
    end.max(near)
}

/// The loop of vectorised strategies: `decide(desk, row, bar)` is called for every bar of a group once all are known,
/// and says whether it asked for a trade. `same_until(row)` is the first row after it that wants something else; nobody
/// acts before that once nothing is missing. What was denied is missing still, and is asked for again at every bar.
fn vectorised(
    py: Python<'_>,
    shared: &Rc<Shared>,
    rows: &Rows<'_>,
    looked: Option<&LookedAt>,
    strategy: StrategyId,
    mut decide: impl FnMut(&mut Desk, usize, &Bar) -> Result<bool, Problem>,
    same_until: impl Fn(usize) -> usize,
) -> PyResult<()> {
    let mut desk = shared.desk.borrow_mut();
    desk.recorder.equity.begin();
    let mut ahead = ahead_of(rows, looked)?;
    let mut group: Vec<Bar> = Vec::with_capacity(64);
    let (mut start, mut breath, mut same_end) = (0, BREATH, 0);
    let mut near = ahead.as_ref().map_or(0, Ahead::proved_to);
    while start < rows.len() {
        if ahead.is_some() && same_end <= start {
            // What comes after this row is needed when the row has been dealt with.
            same_end = same_until(start);
            rows.prefetch(same_end);
        }
        if let Some(ahead) = &mut ahead
            && start + NEAR / 2 > near
        {
            near = bring_near(ahead, rows, near);
        }
        let end = rows.group_end(start);
        group.clear();
        group.extend((start..end).map(|i| rows.bar(i)));
        market(&mut desk, &mut group, rows.ts_event(end)).map_err(raise)?;
        desk.fresh_fills.clear();
        let mut asked = false;
        for (offset, bar) in group.iter().enumerate() {
            asked |= decide(&mut desk, start + offset, bar).map_err(raise)?;
        }
        settle(&mut desk).map_err(raise)?;
        start = end;
        if let Some(ahead) = &mut ahead
            && !asked
            && desk.is_quiet(strategy, group[0].instrument)
        {
            if same_end < end {
                same_end = same_until(end - 1);
            }
            // The stretch takes in the row that wants something else: the market has moved to it before anyone acts.
            let quiet = rows.day_end(start, (same_end + 1).min(rows.len()));
            if quiet > near {
                ahead.look_to(quiet);
                near = quiet;
            }
            let taken = quiet > start && desk.stretch(ahead, start..quiet).map_err(raise)?;
            if taken {
                start = quiet;
            }
            if taken && quiet > same_end {
                let bar = Bar { id: desk.kernel.last_id(), ..rows.bar(quiet - 1) };
                decide(&mut desk, quiet - 1, &bar).map_err(raise)?;
                desk.flush().map_err(raise)?;
            }
        }
        if start >= breath {
            breath = start + BREATH;
            breathe(py, start, None)?;
        }
    }
    Ok(())
}

/// The first place after `row` with another value.
fn run_length<T: PartialEq + Copy>(values: &[T], row: usize) -> usize {
    const BLOCK: usize = 32;
    let first = values[row];
    let mut at = row;
    // Whole blocks are compared without an early way out, many values at a time.
    while let Some(block) = values.get(at..at + BLOCK) {
        if !block.iter().fold(true, |same, v| same & (*v == first)) {
            break;
        }
        at += BLOCK;
    }
    values[at..].iter().position(|v| *v != first).map_or(values.len(), |n| at + n)
}

/// Asks for what is missing to a position; says whether anything was.
fn trade_to(desk: &mut Desk, strategy: StrategyId, bar: &Bar, lots: i64) -> Result<bool, Problem> {
    let missing = lots - desk.expected_lots(strategy, bar.instrument);
    if missing == 0 {
        return Ok(false);
    }
    let side = if missing > 0 { hedgerow_core::Side::Buy } else { hedgerow_core::Side::Sell };
    let wish = super::desk::Wish::new(strategy, bar.instrument, side, missing.abs());
    desk.submit(super::desk::Wish { cause: bar.id, ..wish })?;
    Ok(true)
}

/// Wanted positions, one per row; `i64::MIN` leaves the position as it is.
pub fn targets(
    py: Python<'_>,
    shared: &Rc<Shared>,
    rows: &Rows<'_>,
    looked: Option<&LookedAt>,
    strategy: StrategyId,
    lots: &[i64],
) -> PyResult<()> {
    lengths(rows, lots.len())?;
    let decide = |desk: &mut Desk, row: usize, bar: &Bar| match lots[row] {
        i64::MIN => Ok(false),
        wanted => trade_to(desk, strategy, bar, wanted),
    };
    vectorised(py, shared, rows, looked, strategy, decide, |row| run_length(lots, row))
}

/// Signals, one per row: the wanted position is the signal times `unit_lots`.
pub fn signals(
    py: Python<'_>,
    shared: &Rc<Shared>,
    rows: &Rows<'_>,
    looked: Option<&LookedAt>,
    strategy: StrategyId,
    signals: &[i8],
    unit_lots: i64,
) -> PyResult<()> {
    lengths(rows, signals.len())?;
    let decide =
        |desk: &mut Desk, row: usize, bar: &Bar| trade_to(desk, strategy, bar, i64::from(signals[row]) * unit_lots);
    vectorised(py, shared, rows, looked, strategy, decide, |row| run_length(signals, row))
}

/// Wanted shares of the book's value, one per row; NaN leaves the position as it is.
pub fn weights(
    py: Python<'_>,
    shared: &Rc<Shared>,
    rows: &Rows<'_>,
    looked: Option<&LookedAt>,
    strategy: StrategyId,
    weights: &[f64],
) -> PyResult<()> {
    lengths(rows, weights.len())?;
    let decide = |desk: &mut Desk, row: usize, bar: &Bar| {
        if weights[row].is_nan() {
            return Ok(false);
        }
        let lots = lots_of_weight(&desk.kernel, strategy, bar.instrument, weights[row])?;
        trade_to(desk, strategy, bar, lots)
    };
    // A held weight is traded back to as prices move; only "leave it" is quiet.
    vectorised(py, shared, rows, looked, strategy, decide, |row| {
        weights[row + 1..].iter().position(|w| !w.is_nan()).map_or(weights.len(), |n| row + 1 + n)
    })
}

/// Event strategies: their handlers are called as the market and their fills arrive.
pub fn events(
    py: Python<'_>,
    shared: &Rc<Shared>,
    rows: &Rows<'_>,
    handlers: &[Handlers],
    progress: Option<&Py<PyAny>>,
) -> PyResult<()> {
    let cores: Vec<_> = handlers.iter().map(|handler| handler.0.bind(py).borrow()).collect();
    let on_bars: Vec<_> = handlers.iter().map(|h| h.1.as_ref().map(|on_bar| Callee::of(on_bar.bind(py)))).collect();
    let mut shown: Vec<Shown<'_>> = handlers.iter().map(|_| Shown::default()).collect();
    let mut group: Vec<Bar> = Vec::with_capacity(64);
    let (mut start, mut breath) = (0, BREATH);
    while start < rows.len() {
        let end = rows.group_end(start);
        group.clear();
        group.extend((start..end).map(|i| rows.bar(i)));
        market(&mut shared.desk.borrow_mut(), &mut group, rows.ts_event(end)).map_err(raise)?;
        shared.bars_known.set(end);
        for (((core, on_bar), handler), shown) in cores.iter().zip(&on_bars).zip(handlers).zip(&mut shown) {
            speak(py, shared, &group, core, on_bar.as_ref(), handler, shown)?;
        }
        let mut desk = shared.desk.borrow_mut();
        desk.fresh_fills.clear();
        settle(&mut desk).map_err(raise)?;
        drop(desk);
        start = end;
        if start >= breath {
            breath = start + BREATH;
            breathe(py, start, progress)?;
        }
    }
    Ok(())
}

/// One strategy's turn: indicators, fills, bars, timer.
fn speak<'py>(
    py: Python<'py>,
    shared: &Rc<Shared>,
    group: &[Bar],
    core: &StrategyCore,
    on_bar: Option<&Callee<'py>>,
    handlers: &Handlers,
    shown: &mut Shown<'py>,
) -> PyResult<()> {
    let Handlers(_, _, on_fill, on_timer) = handlers;
    feed_indicators(py, shared, core, group);
    if let Some(on_fill) = on_fill {
        tell_fills(py, shared, core.id(), on_fill)?;
    }
    if let Some(on_bar) = on_bar {
        for bar in group {
            shared.cause.set(bar.id);
            on_bar.call(shown.bar(py, shared, bar)?.as_any())?;
        }
    }
    let (every, now) = (core.timer_ns.get(), group[0].ts_init);
    if let (Some(on_timer), true) = (on_timer, every > 0 && now >= core.timer_due.get()) {
        core.timer_due.set(now.saturating_add(every));
        shared.cause.set(group[group.len() - 1].id);
        on_timer.call1(py, (now,))?;
    }
    Ok(())
}

/// A handler ready to be called for every bar: a bound method taken apart into its function and its strategy.
pub(super) struct Callee<'py> {
    function: Bound<'py, PyAny>,
    this: Option<Bound<'py, PyAny>>,
}

impl<'py> Callee<'py> {
    pub(super) fn of(handler: &Bound<'py, PyAny>) -> Callee<'py> {
        match (handler.getattr("__func__"), handler.getattr("__self__")) {
            (Ok(function), Ok(this)) => Callee { function, this: Some(this) },
            _ => Callee { function: handler.clone(), this: None },
        }
    }

    /// Calls it with one argument. `call1` would make a tuple for it, which costs as much as a cheap handler.
    #[inline]
    pub(super) fn call(&self, argument: &Bound<'py, PyAny>) -> PyResult<()> {
        let end: *mut pyo3::ffi::PyObject = std::ptr::null_mut();
        let (function, argument) = (self.function.as_ptr(), argument.as_ptr());
        // SAFETY: all pointers but the last are live objects borrowed for the call, the list of arguments ends with a null
        // pointer as the function demands, the interpreter is attached (a `Bound` proves it), and the result is a new
        // reference or null.
        let result = unsafe {
            let result = match &self.this {
                Some(this) => pyo3::ffi::PyObject_CallFunctionObjArgs(function, this.as_ptr(), argument, end),
                None => pyo3::ffi::PyObject_CallFunctionObjArgs(function, argument, end),
            };
            Bound::from_owned_ptr_or_err(self.function.py(), result)
        };
        result.map(drop)
    }
}

fn feed_indicators(py: Python<'_>, shared: &Rc<Shared>, core: &StrategyCore, group: &[Bar]) {
    for fed in core.fed.borrow().iter() {
        for bar in group.iter().filter(|b| b.instrument == fed.instrument) {
            let unit = shared.unit(bar.instrument);
            let value = |field: u8| match field {
                0 => unit.price(bar.open_ticks),
                1 => unit.price(bar.high_ticks),
                2 => unit.price(bar.low_ticks),
                3 => unit.price(bar.close_ticks),
                _ if bar.volume_lots < 0 => f64::NAN,
                _ => unit.quantity(bar.volume_lots),
            };
            let mut row = [f64::NAN; INPUTS_MAX];
            row.iter_mut().zip(&fed.fields).for_each(|(x, field)| *x = value(*field));
            fed.indicator.get().feed(py, &row[..fed.fields.len()]);
        }
    }
}

fn tell_fills(py: Python<'_>, shared: &Rc<Shared>, strategy: StrategyId, on_fill: &Py<PyAny>) -> PyResult<()> {
    if shared.desk.borrow().fresh_fills.is_empty() {
        return Ok(());
    }
    let fills: Vec<_> = shared.desk.borrow().fresh_fills.iter().filter(|f| f.strategy == strategy).copied().collect();
    for fill in fills {
        shared.cause.set(fill.id);
        let symbol = shared.symbol(py, fill.instrument);
        on_fill.call1(py, (FillView::new(fill, shared.unit(fill.instrument), symbol),))?;
    }
    Ok(())
}
