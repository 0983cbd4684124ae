//! The made-up market against the published figures of its model, and against a book that believes nothing.

use super::*;
use hedgerow_book::{Book, OrderBook, Rules};
use hedgerow_core::LAST_OF_UPDATE;

/// A market one tick wide with so many orders at each best price, and full queues behind.
fn with_queues(bids: u32, asks: u32, seed: u64) -> Generator {
    let mut market = Generator::new(GeneratorConfig::zero_intelligence(seed)).unwrap();
    let mut orders = Vec::new();
    market.began = true;
    for away in 0..6 {
        for (side, many, price) in [(Side::Buy, bids, 100 - away), (Side::Sell, asks, 101 + away)] {
            for _ in 0..if away == 0 { many } else { 40 } {
                market.add(side, price, &mut orders);
            }
        }
    }
    market
}

/// The share of markets whose mid rises first.
fn share_up(bids: u32, asks: u32, markets: u64) -> f64 {
    let up = (0..markets).filter(|seed| {
        let mut market = with_queues(bids, asks, *seed);
        let (mut orders, mut trades) = (Vec::new(), Vec::new());
        loop {
            market.step(&mut orders, &mut trades);
            let (bid, ask) = market.best();
            if (bid, ask) != (100, 101) {
                return bid + ask > 201;
            }
        }
    });
    up.count() as f64 / markets as f64
}

#[test]
fn the_mid_rises_as_often_as_the_paper_says() {
    // Cont, Stoikov & Talreja (2010), table of P(mid-price increase): rows bid queue, columns ask queue.
    for (bids, asks, published) in [
        (1, 1, 0.500),
        (1, 3, 0.259),
        (1, 5, 0.188),
        (2, 1, 0.664),
        (3, 2, 0.593),
        (5, 1, 0.812),
        (4, 4, 0.500),
        (5, 3, 0.609),
    ] {
        let share = share_up(bids, asks, 20_000);
        // Four standard errors of 20,000 markets, and the paper's rounding.
        let error = 4.0 * (published * (1.0 - published) / 20_000_f64).sqrt() + 0.001;
        assert!((share - published).abs() < error, "bid {bids}, ask {asks}: {share} for {published}");
    }
}

/// All that a market can do, at once.
fn everything(seed: u64) -> GeneratorConfig {
    GeneratorConfig {
        size_tail: 1.5,
        branching: 0.7,
        fear: 0.5,
        split_tail: 1.5,
        split_orders: 20,
        refill: 2.0,
        start_ticks: 30,
        ..GeneratorConfig::zero_intelligence(seed)
    }
}

#[test]
fn a_book_that_believes_nothing_takes_every_event_and_agrees_on_the_best_prices() {
    for config in [GeneratorConfig::zero_intelligence(3), everything(4), everything(5)] {
        let mut market = Generator::new(config).unwrap();
        let mut book = OrderBook::new(Rules::default()).unwrap();
        let (mut orders, mut trades, mut done, mut executed) = (Vec::new(), Vec::new(), 0, 0);
        for _ in 0..300 {
            market.run(100, &mut orders, &mut trades);
            for update in orders[done..].chunk_by(|row, _| row.action & LAST_OF_UPDATE == 0) {
                book.update(update).unwrap();
            }
            executed += orders[done..]
                .iter()
                .filter(|row| row.action & !LAST_OF_UPDATE == OrderAction::Execute as u8)
                .map(|row| i64::from(row.lots))
                .sum::<i64>();
            done = orders.len();
            let best = |side| book.best(side).unwrap().price_ticks;
            assert_eq!((best(Side::Buy), best(Side::Sell)), market.best());
        }
        assert_eq!(trades.iter().map(|trade| trade.lots).sum::<i64>(), executed);
        assert!(orders.is_sorted_by_key(|row| row.ts_event) && trades.is_sorted_by_key(|trade| trade.ts_event));
        assert!(trades.iter().any(|trade| trade.aggressor == Side::Buy as u8));
        assert!(trades.iter().any(|trade| trade.aggressor == Side::Sell as u8));
    }
}

#[test]
fn equal_seeds_give_equal_markets_however_they_are_asked_for() {
    let run = |seed, steps: &[usize]| {
        let mut market = Generator::new(everything(seed)).unwrap();
        let (mut orders, mut trades) = (Vec::new(), Vec::new());
        steps.iter().for_each(|events| market.run(*events, &mut orders, &mut trades));
        orders.truncate(5_000);
        orders
    };
    assert_eq!(run(1, &[6_000]), run(1, &[1_000, 2, 4_998]));
    assert_ne!(run(1, &[6_000]), run(2, &[6_000]));
}

#[test]
fn settings_that_cannot_be_meant_are_named() {
    let sound = || GeneratorConfig::zero_intelligence(1);
    for (config, says) in [
        (GeneratorConfig { limit_rates: vec![], ..sound() }, "limit_rates"),
        (GeneratorConfig { market_rate: 0.0, ..sound() }, "rate of 0"),
        (GeneratorConfig { cancel_rates: vec![f64::NAN], ..sound() }, "rate of NaN"),
        (GeneratorConfig { branching: 1.0, ..sound() }, "branching"),
        (GeneratorConfig { branching: 0.9, fear: 1.0, ..sound() }, "fear"),
        (GeneratorConfig { split_orders: 0, ..sound() }, "split_orders"),
        (GeneratorConfig { start_ticks: 3, ..sound() }, "3 ticks"),
    ] {
        let refused = Generator::new(config).unwrap_err();
        assert!(refused.detail.contains(says), "{refused:?}");
    }
}
