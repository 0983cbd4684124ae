//! The exchange: rules by example, and any sequence of inputs against its obvious twin.

mod pegs;
mod rules;
mod twin;
mod twins;

use hedgerow_core::Side;
use hedgerow_sim::exchange::{Action, Amend, Event, Exchange, Listing, NewOrder, OrderType, Phase, SelfTrades, TimeIn};

/// An exchange of one instrument whose last price is 100 ticks.
pub fn exchange(phase: Phase, self_trades: SelfTrades) -> Exchange {
    let listing = Listing { reference_ticks: 100, lots_max: 1_000_000, ticks_max: 1_000, phase };
    Exchange::new(&[listing], self_trades).expect("a listing that can be kept")
}

/// A limit order of the day.
pub fn limit(participant: u32, name: &str, side: Side, lots: i64, price_ticks: i64) -> NewOrder {
    NewOrder {
        participant,
        client_id: name.to_owned(),
        instrument: 0,
        side,
        order_type: OrderType::Limit,
        time_in: TimeIn::Day,
        lots,
        price_ticks,
        stop_ticks: 0,
        show_lots: 0,
        post_only: false,
        expire_ts: 0,
        peg: None,
        offset_ticks: 0,
    }
}

/// A market order of the day.
pub fn market(participant: u32, name: &str, side: Side, lots: i64) -> NewOrder {
    NewOrder { order_type: OrderType::Market, ..limit(participant, name, side, lots, 0) }
}

/// A change of an order's size and limit; everything else stays.
pub fn amend(participant: u32, name: &str, orig: &str, lots: i64, price_ticks: i64) -> Amend {
    let (client_id, orig_client_id) = (name.to_owned(), orig.to_owned());
    let (stop_ticks, show_lots, offset_ticks) = (0, 0, None);
    Amend { participant, client_id, orig_client_id, lots, price_ticks, stop_ticks, show_lots, offset_ticks }
}

/// Trades as (buying order, selling order, lots, ticks).
pub fn trades(events: &[Event]) -> Vec<(u64, u64, i64, i64)> {
    let trade = |event: &Event| match event {
        Event::Trade(trade) => Some((trade.buy_order, trade.sell_order, trade.lots, trade.price_ticks)),
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}

/// What follows from a new order.
pub fn enter(exchange: &mut Exchange, order: NewOrder) -> Vec<Event> {
    exchange.take(1, &Action::New(order))
}
