//! Events and trades as a venue would tell them.

use hedgerow_core::{BookOrder, LAST_OF_UPDATE, OrderAction, Side, Trade, TradeKind};

/// When and of what rows are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    pub instrument: u16,
    pub now_ns: i64,
}

impl Telling {
    /// What became of an order.
    pub fn order(self, id: u64, side: Side, price_ticks: i32, lots: u32, action: OrderAction) -> BookOrder {
        BookOrder {
            ts_event: self.now_ns,
            order_id: id,
            price_ticks,
            lots,
            delay_us: 0,
            instrument: self.instrument,
            side: side as u8,
            action: action as u8 | LAST_OF_UPDATE,
        }
    }

    /// A trade with an order of the passive side.
    pub fn trade(self, passive: Side, price_ticks: i32, lots: u32) -> Trade {
        Trade {
            ts_event: self.now_ns,
            ts_init: self.now_ns,
            lots: lots.into(),
            price_ticks,
            instrument: self.instrument,
            aggressor: opposite(passive) as u8,
            kind: TradeKind::Continuous as u8,
        }
    }
}

/// Makes rows one update: only the last of them ends it.
pub(super) fn join(rows: &mut [BookOrder]) {
    if let Some((_, before)) = rows.split_last_mut() {
        before.iter_mut().for_each(|row| row.action &= !LAST_OF_UPDATE);
    }
}

/// The other side.
pub(super) fn opposite(side: Side) -> Side {
    if side == Side::Buy { Side::Sell } else { Side::Buy }
}
