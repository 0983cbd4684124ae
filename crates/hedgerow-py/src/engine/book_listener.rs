//! Event strategies as listeners of a run over books: each handler is called when its news is here, and never before.

use super::book_run::{Listener, Told};
use super::book_views::{BookView, PhaseView, QuoteView, TradeView};
use super::run::Callee;
use super::shared::Shared;
use super::strategy::StrategyCore;
use super::views::FillView;
use hedgerow_core::Fill;
use pyo3::prelude::*;
use std::rc::Rc;

type Handler = Option<Py<PyAny>>;

/// A strategy and those of its handlers that it really has: `on_quote`, `on_trade`, `on_book`, `on_phase`, `on_fill`, `on_timer`.
#[derive(FromPyObject)]
pub struct Handlers(Py<StrategyCore>, Handler, Handler, Handler, Handler, Handler, Handler);

/// One strategy, ready to be called.
struct Strategy<'py> {
    core: PyRef<'py, StrategyCore>,
    on_quote: Option<Callee<'py>>,
    on_trade: Option<Callee<'py>>,
    on_book: Option<Callee<'py>>,
    on_phase: Option<Callee<'py>>,
    on_fill: Option<Callee<'py>>,
    on_timer: Option<Callee<'py>>,
}

/// The strategies of a run.
pub struct Handled<'py> {
    py: Python<'py>,
    shared: Rc<Shared>,
    strategies: Vec<Strategy<'py>>,
    /// The book of each instrument, as one object for all handlers.
    books: Vec<Option<Bound<'py, BookView>>>,
}

impl<'py> Handled<'py> {
    /// Strategies with their handlers.
    pub fn new(py: Python<'py>, shared: &Rc<Shared>, handlers: &[Handlers]) -> Handled<'py> {
        let callee = |handler: &Handler| handler.as_ref().map(|handler| Callee::of(handler.bind(py)));
        let strategies = handlers
            .iter()
            .map(|Handlers(core, on_quote, on_trade, on_book, on_phase, on_fill, on_timer)| Strategy {
                core: core.bind(py).borrow(),
                on_quote: callee(on_quote),
                on_trade: callee(on_trade),
                on_book: callee(on_book),
                on_phase: callee(on_phase),
                on_fill: callee(on_fill),
                on_timer: callee(on_timer),
            })
            .collect();
        Handled { py, shared: Rc::clone(shared), strategies, books: Vec::new() }
    }

    fn book(&mut self, instrument: u32) -> PyResult<Bound<'py, BookView>> {
        let place = instrument as usize;
        if self.books.len() <= place {
            self.books.resize(place + 1, None);
        }
        if let Some(book) = &self.books[place] {
            return Ok(book.clone());
        }
        let book = Bound::new(self.py, BookView::new(instrument, Rc::clone(&self.shared)))?;
        self.books[place] = Some(book.clone());
        Ok(book)
    }
}

impl Listener for Handled<'_> {
    fn on_update(&mut self, told: &Told) -> PyResult<()> {
        let (py, instrument) = (self.py, told.instrument);
        self.shared.cause.set(0);
        let book = match (told.trade, told.phase) {
            (None, None) if self.strategies.iter().any(|s| s.on_book.is_some()) => Some(self.book(instrument)?),
            _ => None,
        };
        for strategy in &self.strategies {
            if let (Some(on_trade), Some(trade)) = (&strategy.on_trade, &told.trade) {
                on_trade.call(Bound::new(py, TradeView::new(py, &self.shared, trade))?.as_any())?;
            }
            if let (Some(on_phase), Some(phase)) = (&strategy.on_phase, &told.phase) {
                on_phase.call(Bound::new(py, PhaseView::new(py, &self.shared, phase))?.as_any())?;
            }
            if let (Some(on_book), Some(book)) = (&strategy.on_book, &book) {
                on_book.call(book.as_any())?;
            }
            if let (Some(on_quote), Some(quote)) = (&strategy.on_quote, &told.quote) {
                on_quote.call(Bound::new(py, QuoteView::new(py, &self.shared, *quote))?.as_any())?;
            }
        }
        Ok(())
    }

    fn on_fills(&mut self, fills: &[Fill]) -> PyResult<()> {
        let names = std::mem::take(&mut self.shared.desk.borrow_mut().fresh_executions);
        for strategy in &self.strategies {
            let Some(on_fill) = &strategy.on_fill else { continue };
            for fill in fills.iter().filter(|fill| fill.strategy == strategy.core.id()) {
                self.shared.cause.set(fill.id);
                let symbol = self.shared.symbol(self.py, fill.instrument);
                let named = names.iter().find(|named| named.cause == fill.id).copied().unwrap_or_default();
                let view = FillView::new(*fill, self.shared.unit(fill.instrument), symbol).named(named);
                on_fill.call(Bound::new(self.py, view)?.as_any())?;
            }
        }
        Ok(())
    }

    fn due(&mut self, now: i64) -> i64 {
        let mut first = i64::MAX;
        for Strategy { core, on_timer, .. } in &self.strategies {
            let every = core.timer_ns.get();
            if on_timer.is_some() && every > 0 {
                if core.timer_due.get() == i64::MIN {
                    core.timer_due.set(now.saturating_add(every));
                }
                first = first.min(core.timer_due.get());
            }
        }
        first
    }

    fn on_timer(&mut self, ts: i64) -> PyResult<()> {
        self.shared.cause.set(0);
        for Strategy { core, on_timer, .. } in &self.strategies {
            if let Some(on_timer) = on_timer
                && core.timer_due.get() == ts
            {
                core.timer_due.set(ts.saturating_add(core.timer_ns.get()));
                on_timer.call(ts.into_pyobject(self.py)?.as_any())?;
            }
        }
        Ok(())
    }
}
