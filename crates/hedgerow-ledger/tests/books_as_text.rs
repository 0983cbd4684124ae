//! Small ledgers, written as an accountant would: what happened, and the postings it must give.
//!
//! `buy 10 @ 100 fee 1` trades whole units of a share priced in cents; amounts are in the book's currency, debits
//! positive. A posting is `Account amount`, with the lots that moved in brackets.

use hedgerow_core::{
    Account, CashKind, CashMovement, Currency, Fill, FxRate, Instrument, MONEY_UNIT, Money, Posting, Side,
};
use hedgerow_ledger::{Ledger, LedgerConfig};

const CENT: i64 = 10_000_000;

fn currency(name: &str) -> Currency {
    Currency::parse(name).unwrap()
}

/// A fund in USD with a share in USD (instrument 0) and one in EUR (instrument 1), a euro at 1.10 dollars.
fn fund() -> Ledger {
    let base = currency("USD");
    let mut ledger = Ledger::new(LedgerConfig { strategies: 2, instruments: 2, currencies: 2, base });
    for (instrument, name) in [(0, "USD"), (1, "EUR")] {
        let currency = currency(name);
        ledger.define(&Instrument { instrument, tick_value: CENT, currency, ..Instrument::default() }).unwrap();
    }
    ledger.rate(&euro(1_100_000_000)).unwrap();
    ledger
}

fn euro(rate_nano: i64) -> FxRate {
    FxRate { base: currency("EUR"), quote: currency("USD"), rate_nano, ..FxRate::default() }
}

/// `1,234.5` as exact money.
fn money(text: &str) -> Money {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let digits = digits.replace(',', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let nano: i128 = format!("{fraction:0<9}").parse().unwrap();
    Money(sign * (whole.parse::<i128>().unwrap() * MONEY_UNIT + nano))
}

fn ticks(text: &str) -> i64 {
    i64::try_from(money(text).0 / i128::from(CENT)).unwrap()
}

fn tell(posting: &Posting) -> String {
    let lots = if posting.lots == 0 { String::new() } else { format!(" ({:+})", posting.lots) };
    format!("{} {}{lots}", Account::from_u8(posting.account).unwrap().name(), posting.amount)
}

/// Books one line of the script and gives back its postings.
fn book(ledger: &mut Ledger, action: &str) -> Vec<Posting> {
    let words: Vec<&str> = action.split_whitespace().collect();
    let mut postings = Vec::new();
    let sink = &mut |posting| postings.push(posting);
    match words.as_slice() {
        [side @ ("buy" | "sell"), lots, market @ .., "@", price, "fee", fee] => {
            let side = if *side == "buy" { Side::Buy } else { Side::Sell } as u8;
            let instrument = u32::from(market == ["EUR"]);
            let (lots, price_ticks) = (lots.parse().unwrap(), ticks(price));
            let fill =
                Fill { side, lots, price_ticks, instrument, fee: money(fee), id: 9, ts_init: 5, ..Fill::default() };
            ledger.fill(&fill, sink).unwrap();
        }
        [kind, amount, name] => {
            let kind = *CashKind::ALL.iter().find(|k| k.name() == *kind).expect("a kind of cash movement") as u8;
            let (amount, currency) = (money(amount), currency(name));
            ledger
                .cash(&CashMovement { kind, amount, currency, id: 9, ts: 5, ..CashMovement::default() }, sink)
                .unwrap();
        }
        _ => panic!("cannot read: {action}"),
    }
    postings
}

/// Plays a script; each line must give its postings, and the books must prove themselves after each.
fn play(script: &str) -> Ledger {
    let mut ledger = fund();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (action, expected) = line.split_once('|').expect("postings after a bar");
        let postings = book(&mut ledger, action);
        let told: Vec<String> = postings.iter().map(tell).collect();
        let expected: Vec<&str> = expected.split('|').map(str::trim).collect();
        assert_eq!(told, expected, "{line}");
        assert_eq!(postings.iter().map(|p| p.amount).sum::<Money>(), Money::ZERO, "{line}");
        assert!(postings.iter().all(|p| (p.id, p.cause, p.ts) == (0, 9, 5)), "cause and time pass through: {line}");
        ledger.prove().unwrap();
        assert!(ledger.trial_balance().all(|(_, sum)| sum == Money::ZERO));
    }
    ledger
}

#[test]
fn a_long_is_bought_added_to_and_sold_at_average_cost() {
    let ledger = play(
        "Capital 10000 USD      | Cash 10,000.00 | Capital -10,000.00
         buy 10 @ 100 fee 1     | Cash -1,001.00 | Position 1,000.00 (+10) | Fees 1.00
         buy 10 @ 110 fee 1     | Cash -1,101.00 | Position 1,100.00 (+10) | Fees 1.00
         sell 5 @ 120 fee 1     | Cash 599.00    | Position -525.00 (-5)   | Realised -75.00 | Fees 1.00
         sell 15 @ 90 fee 0     | Cash 1,350.00  | Position -1,575.00 (-15) | Realised 225.00",
    );
    let position = ledger.position(0, 0).unwrap();
    assert_eq!((position.lots, position.cost), (0, Money::ZERO));
    assert_eq!((position.realised, position.fees), (Money::units(-150), Money::units(3)));
    assert_eq!(ledger.nav(0).unwrap(), Money::units(9_847));
}

#[test]
fn a_short_brings_cash_in_and_is_carried_at_negative_cost() {
    let ledger = play(
        "sell 10 @ 100 fee 2 | Cash 998.00  | Position -1,000.00 (-10) | Fees 2.00
         sell 10 @ 80 fee 0  | Cash 800.00  | Position -800.00 (-10)
         buy 5 @ 60 fee 0    | Cash -300.00 | Position 450.00 (+5) | Realised -150.00
         buy 15 @ 100 fee 0  | Cash -1,500.00 | Position 1,350.00 (+15) | Realised 150.00",
    );
    assert_eq!(ledger.book(0, currency("USD")).unwrap().realised(), Money::ZERO);
    assert_eq!(ledger.nav(0).unwrap(), Money::units(-2));
}

#[test]
fn a_fill_through_zero_closes_the_old_side_and_opens_the_new_one() {
    let ledger = play(
        "buy 10 @ 100 fee 0  | Cash -1,000.00 | Position 1,000.00 (+10)
         sell 25 @ 110 fee 5 | Cash 2,745.00  | Position -1,000.00 (-10) | Position -1,650.00 (-15) | Realised -100.00 | Fees 5.00
         buy 20 @ 105 fee 0  | Cash -2,100.00 | Position 1,650.00 (+15) | Position 525.00 (+5) | Realised -75.00",
    );
    assert_eq!(ledger.position(0, 0).unwrap().lots, 5);
    assert_eq!(ledger.position(0, 0).unwrap().cost, Money::units(525));
}

#[test]
fn a_rebate_is_a_negative_fee() {
    let ledger = play("buy 1 @ 100 fee -0.5 | Cash -99.50 | Position 100.00 (+1) | Fees -0.50");
    assert_eq!(ledger.statement(0).unwrap().fees, money("-0.5"));
}

#[test]
fn part_of_a_position_takes_its_share_rounded_half_even_and_the_last_part_takes_the_rest() {
    play(
        "buy 1 @ 0.01 fee 0  | Cash -0.01 | Position 0.01 (+1)
         buy 2 @ 0.02 fee 0  | Cash -0.04 | Position 0.04 (+2)
         sell 1 @ 0.02 fee 0 | Cash 0.02  | Position -0.016666667 (-1) | Realised -0.003333333
         sell 1 @ 0.02 fee 0 | Cash 0.02  | Position -0.016666666 (-1) | Realised -0.003333334
         sell 1 @ 0.02 fee 0 | Cash 0.02  | Position -0.016666667 (-1) | Realised -0.003333333",
    );
}

#[test]
fn cash_comes_and_goes_against_its_own_account() {
    let ledger = play(
        "Capital 1000 USD   | Cash 1,000.00  | Capital -1,000.00
         Capital -200 USD   | Cash -200.00   | Capital 200.00
         Income 3.25 USD    | Cash 3.25      | Income -3.25
         Income -1 USD      | Cash -1.00     | Income 1.00
         Exchange -550 USD  | Cash -550.00   | Exchange 550.00
         Exchange 500 EUR   | Cash 500.00    | Exchange -500.00",
    );
    let dollars = ledger.book(0, currency("USD")).unwrap();
    assert_eq!((dollars.capital(), dollars.income()), (Money::units(800), money("2.25")));
    assert_eq!(dollars.exchanged(), Money::units(-550));
    let euros = ledger.book(0, currency("EUR")).unwrap();
    assert_eq!((euros.cash(), euros.exchanged()), (Money::units(500), Money::units(500)));
    let statement = ledger.statement(0).unwrap();
    assert_eq!((statement.exchanged, statement.nav), (Money::ZERO, money("802.25")));
}

#[test]
fn a_foreign_position_is_worth_what_its_currency_is_worth() {
    let mut ledger = play(
        "Capital 1100 USD       | Cash 1,100.00  | Capital -1,100.00
         Exchange -1100 USD     | Cash -1,100.00 | Exchange 1,100.00
         Exchange 1000 EUR      | Cash 1,000.00  | Exchange -1,000.00
         buy 10 EUR @ 50 fee 2  | Cash -502.00   | Position 500.00 (+10) | Fees 2.00",
    );
    assert_eq!(ledger.nav(0).unwrap(), money("1097.8"));
    ledger.mark(1, ticks("60")).unwrap();
    ledger.rate(&euro(1_200_000_000)).unwrap();
    assert_eq!(ledger.unrealised(0, 1), Some(Money::units(100)));
    let statement = ledger.statement(0).unwrap();
    assert_eq!(statement.nav, money("1317.6"), "1,098 euros at 1.20");
    assert_eq!((statement.unrealised, statement.fees), (Money::units(120), money("2.2")));
    assert_eq!(statement.currency_effect, money("99.8"), "998 euros at cost and cash, times 0.10");
}

#[test]
fn strategies_keep_books_of_their_own() {
    let mut ledger = fund();
    let fill = Fill { lots: 10, price_ticks: 100, side: Side::Buy as u8, ..Fill::default() };
    ledger.fill(&fill, &mut |_| ()).unwrap();
    ledger.fill(&Fill { strategy: 1, side: Side::Sell as u8, ..fill }, &mut |_| ()).unwrap();
    ledger.mark(0, 150).unwrap();
    assert_eq!((ledger.nav(0).unwrap(), ledger.nav(1).unwrap()), (Money::units(5), Money::units(-5)));
    assert_eq!(ledger.mark_ticks(0), Some(150));
    assert_eq!(ledger.mark_ticks(1), None);
}
