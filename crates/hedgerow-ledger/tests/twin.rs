//! Random books, compared step by step with an obvious twin: a map of postings and the whole history worked through
//! again for every question.

use hedgerow_core::{
    Account, CashKind, CashMovement, Currency, Execution, Fill, FxRate, Instrument, Money, Posting, Side,
};
use hedgerow_ledger::{Ledger, LedgerConfig};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The last one is of no instrument: only fees are charged in it.
const NAMES: [&str; 4] = ["USD", "EUR", "JPY", "BNB"];
const STRATEGIES: u16 = 2;
/// Tick value and currency of each instrument.
const MARKET: [(i64, usize); 4] = [(10_000_000, 0), (7, 0), (3_333, 1), (1_000_000_000, 2)];

#[derive(Clone, Debug)]
enum Act {
    Trade { strategy: u16, instrument: usize, lots: i64, price: i64, fee: i64 },
    Cash { strategy: u16, currency: usize, kind: CashKind, amount: i64 },
    Charge { strategy: u16, instrument: usize, currency: usize, amount: i64 },
    Rate { currency: usize, nano: i64 },
    Mark { instrument: usize, price: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let lots =
        prop_oneof![4 => -9..=9_i64, 1 => -1_000_000..=1_000_000_i64].prop_filter("trades something", |l| *l != 0);
    let trade = (0..STRATEGIES, 0..MARKET.len(), lots, 1..2_000_i64, -50..500_i64)
        .prop_map(|(strategy, instrument, lots, price, fee)| Act::Trade { strategy, instrument, lots, price, fee });
    let kind = proptest::sample::select(CashKind::ALL);
    let cash = (0..STRATEGIES, 0..NAMES.len(), kind, any::<i32>()).prop_map(|(strategy, currency, kind, amount)| {
        Act::Cash { strategy, currency, kind, amount: i64::from(amount) }
    });
    let charge = (0..STRATEGIES, 0..MARKET.len(), 0..NAMES.len(), -50..500_i64)
        .prop_map(|(strategy, instrument, currency, amount)| Act::Charge { strategy, instrument, currency, amount });
    let rate = (1..NAMES.len(), 1..3_000_000_000_i64).prop_map(|(currency, nano)| Act::Rate { currency, nano });
    let mark = (0..MARKET.len(), 1..2_000_i64).prop_map(|(instrument, price)| Act::Mark { instrument, price });
    prop::collection::vec(prop_oneof![6 => trade, 2 => cash, 2 => charge, 1 => rate, 2 => mark], 1..60)
}

/// The books as one would keep them on paper.
#[derive(Default)]
struct Paper {
    postings: Vec<Posting>,
    trades: Vec<(u16, usize, i64, i64, i64)>,
    marks: BTreeMap<usize, i64>,
    rates: BTreeMap<usize, i64>,
}

/// Nearest whole number, ties to even, for a positive denominator.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    let floor = numerator.div_euclid(denominator);
    let twice = 2 * numerator.rem_euclid(denominator);
    if twice > denominator || (twice == denominator && floor % 2 != 0) { floor + 1 } else { floor }
}

impl Paper {
    fn balance(&self, strategy: u16, currency: usize, account: Account) -> i128 {
        let here = |p: &&Posting| {
            p.strategy == strategy && p.currency.as_str() == NAMES[currency] && p.account == account as u8
        };
        self.postings.iter().filter(here).map(|p| p.amount.0).sum()
    }

    /// Lots, cost and profit taken of a position: every trade again, one after the other, at average cost.
    fn position(&self, strategy: u16, instrument: usize) -> (i128, i128, i128) {
        let tick_value = i128::from(MARKET[instrument].0);
        let (mut lots, mut cost, mut profit) = (0_i128, 0_i128, 0_i128);
        for (_, _, traded, price, _) in self.trades.iter().filter(|t| (t.0, t.1) == (strategy, instrument)) {
            let (mut traded, price) = (i128::from(*traded), i128::from(*price) * tick_value);
            if lots.signum() * traded.signum() < 0 {
                let closing = lots.abs().min(traded.abs());
                let share = nearest(cost.abs() * closing, lots.abs()) * lots.signum();
                profit += closing * price * lots.signum() - share;
                cost -= share;
                lots -= closing * lots.signum();
                traded -= closing * traded.signum();
            }
            lots += traded;
            cost += traded * price;
        }
        (lots, cost, profit)
    }

    fn value(&self, strategy: u16, instrument: usize) -> i128 {
        let mark = self.marks.get(&instrument).copied().unwrap_or(0);
        self.position(strategy, instrument).0 * i128::from(mark) * i128::from(MARKET[instrument].0)
    }

    fn nav(&self, strategy: u16) -> i128 {
        let worth = |currency: usize| {
            let positions = (0..MARKET.len()).filter(|i| MARKET[*i].1 == currency);
            let value: i128 = positions.map(|i| self.value(strategy, i)).sum();
            nearest((self.balance(strategy, currency, Account::Cash) + value) * self.rate(currency), 1_000_000_000)
        };
        (0..NAMES.len()).map(worth).sum()
    }

    fn rate(&self, currency: usize) -> i128 {
        if currency == 0 { 1_000_000_000 } else { self.rates.get(&currency).map_or(0, |nano| i128::from(*nano)) }
    }
}

fn currency(place: usize) -> Currency {
    Currency::parse(NAMES[place]).unwrap()
}

fn ledger() -> Ledger {
    let mut ledger =
        Ledger::new(LedgerConfig { strategies: STRATEGIES, instruments: 4, currencies: 4, base: currency(0) });
    for (instrument, (tick_value, place)) in MARKET.into_iter().enumerate() {
        let instrument = instrument as u32;
        ledger
            .define(&Instrument { instrument, tick_value, currency: currency(place), ..Instrument::default() })
            .unwrap();
    }
    ledger
}

fn act(ledger: &mut Ledger, paper: &mut Paper, act: &Act) {
    let cause = paper.postings.len() as u64 + 1;
    let mut posted = Vec::new();
    let sink = &mut |posting| posted.push(posting);
    match *act {
        Act::Trade { strategy, instrument, lots, price, fee } => {
            let side = if lots > 0 { Side::Buy } else { Side::Sell } as u8;
            let (lots_abs, fee_paid) = (lots.abs(), Money(i128::from(fee)));
            let fill = Fill {
                id: cause,
                strategy,
                instrument: instrument as u32,
                side,
                lots: lots_abs,
                price_ticks: price,
                fee: fee_paid,
                ..Fill::default()
            };
            let booked = ledger.fill(&fill, sink);
            assert_eq!(booked.is_ok(), paper.rate(MARKET[instrument].1) > 0);
            if booked.is_ok() {
                paper.marks.entry(instrument).or_insert(price);
                paper.trades.push((strategy, instrument, lots, price, fee));
            }
        }
        Act::Cash { strategy, currency: place, kind, amount } => {
            let (amount, currency, kind) = (Money(i128::from(amount)), currency(place), kind as u8);
            let booked = ledger
                .cash(&CashMovement { id: cause, strategy, amount, currency, kind, ..CashMovement::default() }, sink);
            assert_eq!(booked.is_ok(), paper.rate(place) > 0);
        }
        Act::Charge { strategy, instrument, currency: place, amount } => {
            let (charge, currency, instrument) = (Money(i128::from(amount)), currency(place), instrument as u32);
            let execution = Execution { id: cause, charge, currency, instrument, strategy, ..Execution::default() };
            let plan = ledger.plan_charge(&execution).unwrap();
            ledger.book_charge(&execution, plan, sink);
        }
        Act::Rate { currency: place, nano } => {
            let rate = FxRate { base: currency(place), quote: currency(0), rate_nano: nano, ..FxRate::default() };
            ledger.rate(&rate).unwrap();
            paper.rates.insert(place, nano);
        }
        Act::Mark { instrument, price } => {
            ledger.mark(instrument as u32, price).unwrap();
            paper.marks.insert(instrument, price);
        }
    }
    assert_eq!(posted.iter().map(|p| p.amount.0).sum::<i128>(), 0, "the postings of one cause sum to zero");
    assert!(posted.iter().all(|p| p.cause == cause && p.id == 0));
    paper.postings.extend(posted);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Positions, balances and worth follow from the history, in every currency, after every step.
    #[test]
    fn the_books_agree_with_paper(acts in acts()) {
        let (mut ledger, mut paper) = (ledger(), Paper::default());
        for step in &acts {
            act(&mut ledger, &mut paper, step);
            prop_assert!(ledger.prove().is_ok(), "{:?}", ledger.prove());
            prop_assert!(ledger.trial_balance().all(|(_, sum)| sum == Money::ZERO));
        }
        for strategy in 0..STRATEGIES {
            prop_assert_eq!(ledger.nav(strategy).unwrap().0, paper.nav(strategy));
            for (place, name) in NAMES.iter().enumerate() {
                if let Some(book) = ledger.book(strategy, Currency::parse(name).unwrap()) {
                    for account in Account::ALL {
                        prop_assert_eq!(book.balance(*account).0, paper.balance(strategy, place, *account));
                    }
                }
            }
            for instrument in 0..MARKET.len() {
                let (lots, cost, profit) = paper.position(strategy, instrument);
                let seen = ledger.position(strategy, instrument as u32).unwrap();
                prop_assert_eq!((i128::from(seen.lots), seen.cost.0, seen.realised.0), (lots, cost, profit));
                let open = ledger.unrealised(strategy, instrument as u32).unwrap();
                prop_assert_eq!(open.0, paper.value(strategy, instrument) - cost);
            }
        }
    }

    /// What a strategy is worth is what was paid in, earned and not yet taken, less fees: in each currency exactly,
    /// and in the base currency with the effect of exchange rates, which is nothing in a fund of one currency.
    #[test]
    fn worth_is_capital_and_profit_and_income_less_fees(acts in acts(), foreign in any::<bool>()) {
        let (mut ledger, mut paper) = (ledger(), Paper::default());
        for step in acts.iter().filter(|step| foreign || !matches!(step, Act::Rate { .. })) {
            act(&mut ledger, &mut paper, step);
            for strategy in 0..STRATEGIES {
                for (_, b) in ledger.books(strategy) {
                    let sources = b.capital() + b.realised() + b.unrealised() + b.income() + b.exchanged() - b.fees();
                    prop_assert_eq!(b.equity(), sources);
                }
                let s = ledger.statement(strategy).unwrap();
                let sources = s.capital + s.realised + s.unrealised + s.income + s.exchanged + s.currency_effect - s.fees;
                prop_assert_eq!(s.nav, sources);
                prop_assert!(foreign || s.currency_effect == Money::ZERO);
            }
        }
    }

    /// Books that were written and read again are equal, and go on alike.
    #[test]
    fn books_survive_being_written(acts in acts(), at in 0..60_usize) {
        let (mut ledger, mut paper) = (ledger(), Paper::default());
        let (early, late) = acts.split_at(at.min(acts.len()));
        early.iter().for_each(|step| act(&mut ledger, &mut paper, step));
        let bytes = postcard::to_stdvec(&ledger).unwrap();
        let mut again: Ledger = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&again, &ledger);
        let mut copy = Paper { rates: paper.rates.clone(), ..Paper::default() };
        for step in late {
            act(&mut ledger, &mut paper, step);
            act(&mut again, &mut copy, step);
        }
        prop_assert_eq!(postcard::to_stdvec(&again).unwrap(), postcard::to_stdvec(&ledger).unwrap());
    }
}

#[test]
fn books_that_contradict_themselves_are_not_read() {
    let (mut ledger, mut paper) = (ledger(), Paper::default());
    act(&mut ledger, &mut paper, &Act::Trade { strategy: 0, instrument: 0, lots: 5, price: 9, fee: 3 });
    act(&mut ledger, &mut paper, &Act::Charge { strategy: 1, instrument: 0, currency: 3, amount: 7 });
    let good = postcard::to_stdvec(&ledger).unwrap();
    let refused = (0..good.len()).filter(|byte| {
        let mut bad = good.clone();
        bad[*byte] ^= 0x10;
        postcard::from_bytes::<Ledger>(&bad).is_err()
    });
    assert!(refused.count() > good.len() / 4, "lots, costs and balances hold each other in place");
    assert!(postcard::from_bytes::<Ledger>(&good[..good.len() - 1]).is_err());
}

/// Books in which nothing was charged apart are written as they were before that was known: old journals hold such hashes.
#[test]
fn a_charge_that_was_paid_back_leaves_no_trace_but_its_currency() {
    let (mut ledger, mut paper) = (ledger(), Paper::default());
    let charge = |amount| Act::Charge { strategy: 1, instrument: 2, currency: 1, amount };
    let before = postcard::to_stdvec(&ledger).unwrap();
    act(&mut ledger, &mut paper, &charge(7));
    let charged = postcard::to_stdvec(&ledger).unwrap();
    assert!(charged.len() > before.len());
    assert_eq!(postcard::from_bytes::<Ledger>(&charged).unwrap(), ledger);
    act(&mut ledger, &mut paper, &charge(-7));
    assert_eq!(postcard::to_stdvec(&ledger).unwrap(), before);
}
