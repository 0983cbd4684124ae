//! A maker's quote as an input of the kernel.

use super::Desk;
use hedgerow_core::{
    Decision, InstrumentId, Noun, Order, Problem, QuoteUpdate, RecordId, ReplaceRequest, StrategyId, Verdict,
};
use hedgerow_kernel::Standing;

/// What a maker wishes to quote; lots of 0 are no quote on that side.
#[derive(Clone, Copy, Debug)]
pub struct QuoteWish {
    /// Whose.
    pub strategy: StrategyId,
    /// What.
    pub instrument: InstrumentId,
    /// Price in ticks and lots that are bid.
    pub bid: (i64, i64),
    /// Price in ticks and lots that are asked.
    pub ask: (i64, i64),
    /// The record that made it happen, or 0.
    pub cause: RecordId,
}

/// What became of the wish.
#[derive(Clone, Copy, Debug)]
pub struct Quoted {
    /// The update.
    pub update: QuoteUpdate,
    /// The gate's decision on both sides.
    pub verdict: Verdict,
}

impl Desk {
    /// Both sides of a quote change by one decision; what passed is sent at the next [`Desk::flush`]. `None` where it
    /// stands as wished, or where the venue has not answered what its sides were asked before.
    pub fn quote(&mut self, wish: QuoteWish) -> Result<Option<Quoted>, Problem> {
        let QuoteWish { strategy, instrument, .. } = wish;
        let mut update = QuoteUpdate {
            bid_ticks: wish.bid.0,
            bid_lots: wish.bid.1,
            ask_ticks: wish.ask.0,
            ask_lots: wish.ask.1,
            instrument,
            strategy,
            ..QuoteUpdate::default()
        };
        let standing = self.standing_quote(strategy, instrument);
        update.check()?;
        if standing.is_as(&update) || !standing.can_become(&update) {
            return Ok(None);
        }
        let known = self.tell_top(instrument)?;
        update.cause = if wish.cause == 0 { known } else { wish.cause };
        update.ts = self.time();
        update.client_id = self.next_client_id(strategy);
        self.next_client_id(strategy);
        self.kernel.quote_update(&mut update, &mut self.effects)?;
        let verdict = self.decided()?;
        let mut sides = [None; 2];
        let working = self.standing_quote(strategy, instrument);
        let asked = |order_id| working.bid.iter().chain(&working.ask).find(|side| side.order.id == order_id);
        let orders = self.effects.of::<Order>().map(|order| (order.id, order.side));
        let changes = self.effects.of::<ReplaceRequest>();
        let changes = changes.map(|change| (change.id, asked(change.order_id).map_or(0, |side| side.order.side)));
        for (side, asked) in sides.iter_mut().zip(orders.chain(changes)) {
            *side = Some(asked);
        }
        self.write(QuoteUpdate::KIND, update.id, bytemuck::bytes_of(&update))?;
        self.keep_effects(update.id)?;
        if verdict.decision == Decision::Approved as u8 {
            for (id, side) in sides.into_iter().flatten() {
                self.check_initial(id, strategy, instrument, side)?;
            }
        }
        Ok(Some(Quoted { update, verdict }))
    }

    /// A strategy's quote as it stands.
    pub fn standing_quote(&self, strategy: StrategyId, instrument: InstrumentId) -> Standing {
        self.kernel.standing_quote(strategy, instrument)
    }
}
