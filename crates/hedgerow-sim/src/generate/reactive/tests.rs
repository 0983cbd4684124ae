//! The queue-reactive market against the closed law of its queues, and against a book that believes nothing.

use super::*;
use hedgerow_book::{Book, OrderBook, Rules};
use hedgerow_core::LAST_OF_UPDATE;

/// One queue a side that never moves; orders come at 1 a second, are taken at 0.5, and each is cancelled at 0.25.
fn one_queue(seed: u64) -> ReactiveConfig {
    ReactiveConfig {
        seed,
        instrument: 0,
        start_ticks: 100,
        start_ns: 0,
        limit_rates: vec![vec![1.0]],
        cancel_rates: vec![(1..=60).map(|many| 0.25 * f64::from(many)).collect()],
        market_rates: vec![vec![0.5]],
        theta: 0.0,
        redraw: 0.0,
    }
}

/// Three queues a side whose reference price moves.
fn three_queues(seed: u64) -> ReactiveConfig {
    let cancels = |most: f64| (1..=40).map(|many| most * (1.0 - libm::exp(-f64::from(many) / 8.0))).collect();
    ReactiveConfig {
        limit_rates: vec![vec![1.6, 1.2], vec![1.0], vec![0.8]],
        cancel_rates: vec![cancels(1.5), cancels(1.4), cancels(1.2)],
        market_rates: vec![vec![0.8, 0.6, 0.4, 0.2]; 3],
        theta: 0.7,
        redraw: 0.5,
        start_ticks: 8,
        ..one_queue(seed)
    }
}

#[test]
fn queues_are_as_long_as_the_closed_law_says() {
    // pi(n) = pi(0) * product of arrivals over departures: 1 / (0.5 + 0.25 k), k = 1 to n (Huang, Lehalle & Rosenbaum 2015).
    let mut law = vec![1.0];
    (1..20).for_each(|k| law.push(law[k - 1] / (0.5 + 0.25 * k as f64)));
    let sum: f64 = law.iter().sum();
    let mut market = Reactive::new(one_queue(3)).unwrap();
    let (mut orders, mut trades) = (Vec::new(), Vec::new());
    market.run(1, &mut orders, &mut trades);
    let (mut seconds, mut all) = ([0.0; 20], 0.0);
    for _ in 0..400_000 {
        let (many, then) = (market.bids.len(), market.now_ns);
        market.step(&mut orders, &mut trades);
        let stayed = (market.now_ns - then) as f64;
        seconds[many.min(19)] += stayed;
        all += stayed;
    }
    for (n, weight) in law.iter().enumerate().take(6) {
        let (share, expected) = (seconds[n] / all, weight / sum);
        assert!((share - expected).abs() < 0.006, "{n} orders: {share} for {expected}");
        let drawn = market.laws[0][n] - n.checked_sub(1).map_or(0.0, |n| market.laws[0][n]);
        assert!((drawn - expected).abs() < 1e-9, "{n} orders are drawn {drawn} of the time");
    }
}

#[test]
fn a_book_that_believes_nothing_takes_every_event_and_agrees_on_the_best_prices() {
    for config in [one_queue(1), three_queues(2), ReactiveConfig { theta: 1.0, redraw: 1.0, ..three_queues(3) }] {
        let mut market = Reactive::new(config).unwrap();
        let mut book = OrderBook::new(Rules::default()).unwrap();
        let (mut orders, mut trades, mut done) = (Vec::new(), Vec::new(), 0);
        for _ in 0..300 {
            market.run(100, &mut orders, &mut trades);
            for update in orders[done..].chunk_by(|row, _| row.action & LAST_OF_UPDATE == 0) {
                book.update(update).unwrap();
            }
            done = orders.len();
            let best = |side| book.best(side).map(|level| level.price_ticks);
            assert_eq!((best(Side::Buy), best(Side::Sell)), market.best());
        }
        let executed = orders.iter().filter(|row| row.action & !LAST_OF_UPDATE == OrderAction::Execute as u8);
        assert_eq!(trades.len(), executed.count());
        assert!(orders.is_sorted_by_key(|row| row.ts_event) && trades.is_sorted_by_key(|trade| trade.ts_event));
        assert!(trades.iter().all(|trade| trade.lots == 1 && trade.price_ticks > 0));
    }
}

#[test]
fn the_reference_price_moves_only_where_it_is_let() {
    let moved = |theta| {
        let mut market = Reactive::new(ReactiveConfig { theta, start_ticks: 5_000, ..three_queues(4) }).unwrap();
        let (mut orders, mut trades) = (Vec::new(), Vec::new());
        let mut moves = 0;
        market.run(1, &mut orders, &mut trades);
        for _ in 0..50_000 {
            let low = market.low;
            market.step(&mut orders, &mut trades);
            moves += u32::from(market.low != low);
        }
        moves
    };
    let (never, seldom, often) = (moved(0.0), moved(0.2), moved(0.9));
    assert_eq!(never, 0);
    assert!(0 < seldom && 2 * seldom < often, "{seldom} and {often} moves");
}

#[test]
fn equal_seeds_give_equal_markets_however_they_are_asked_for() {
    let run = |seed, steps: &[usize]| {
        let mut market = Reactive::new(three_queues(seed)).unwrap();
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
    let sound = || three_queues(1);
    for (config, says) in [
        (ReactiveConfig { limit_rates: vec![], ..sound() }, "limit_rates of 0 queues"),
        (ReactiveConfig { market_rates: vec![vec![0.1]], ..sound() }, "market_rates of 1 queues"),
        (ReactiveConfig { cancel_rates: vec![vec![0.1], vec![], vec![0.1]], ..sound() }, "at 0 lengths"),
        (ReactiveConfig { limit_rates: vec![vec![f64::NAN]; 3], ..sound() }, "a rate of NaN"),
        (ReactiveConfig { limit_rates: vec![vec![9.0]; 3], ..sound() }, "queue 1 grows without end"),
        (ReactiveConfig { limit_rates: vec![vec![0.0, 0.1]; 3], ..sound() }, "queue 1 stays empty"),
        (ReactiveConfig { theta: 1.5, ..sound() }, "theta is 1.5"),
        (ReactiveConfig { redraw: -0.1, ..sound() }, "redraw is -0.1"),
        (ReactiveConfig { start_ticks: 2, ..sound() }, "2 ticks"),
    ] {
        let refused = Reactive::new(config).unwrap_err();
        assert!(refused.detail.contains(says), "{refused:?}");
    }
}
