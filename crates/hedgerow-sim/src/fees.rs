//! Fees and rebates by tier, as exchanges publish them: by what was traded in the days before, for whoever waited and
//! whoever took.
//!
//! Promises: exact integers; volume counts from the next midnight (UTC) on, so no trade lowers its own fee; a fee is rounded
//! up and a rebate down at money's last digit. Never: a clock; days come with the times of orders and fills.

use crate::cost::per_lot;
use hedgerow_core::{Instrument, MONEY_UNIT, Money, Problem, ReportKind, VenueReport, code, time::DAY};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Longest window of trailing volume, days.
const DAYS_MAX: u32 = 366;

/// What one side of a trade pays; negative = a rebate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Rate {
    /// Share of notional, 10^-9.
    pub share_nano: i64,
    /// Per unit (share, coin, contract), in the instrument's currency.
    pub per_unit: Money,
}

/// Rates from a trailing volume on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FeeTier {
    /// Trailing volume from which it counts: notional in the instrument's currency or units, 10^-9.
    pub from: i128,
    /// Of whoever waited.
    pub maker: Rate,
    /// Of whoever took.
    pub taker: Rate,
}

/// A venue's schedule. The instruments that share it count together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FeeSchedule {
    /// By rising volume, the first from zero on.
    pub tiers: Vec<FeeTier>,
    /// How many whole days before today count.
    pub days: u32,
    /// Whether units are counted and not notional.
    pub counts_units: bool,
    /// Volume of the account beside this run, always counted, 10^-9.
    pub beside: i128,
}

impl FeeSchedule {
    fn check(&self) -> Result<(), Problem> {
        let bad = |detail: String| Err(Problem::new(code::SIM_BAD_COST, detail));
        let rises = self.tiers.windows(2).all(|pair| pair[0].from < pair[1].from);
        if self.tiers.first().is_none_or(|tier| tier.from != 0) || !rises {
            return bad("the tiers of a fee schedule rise by volume, the first from 0 on".into());
        }
        if !(1..=DAYS_MAX).contains(&self.days) || self.beside < 0 {
            return bad(format!("a fee schedule over {} days, {} beside", self.days, self.beside));
        }
        let whole = MONEY_UNIT as i64;
        let money_max = Money::units(1_000_000_000).0;
        for Rate { share_nano, per_unit } in self.tiers.iter().flat_map(|tier| [tier.maker, tier.taker]) {
            if !(-whole..=whole).contains(&share_nano) || !(-money_max..=money_max).contains(&per_unit.0) {
                return bad(format!("a tier's rate of {share_nano}e-9 of notional and {} a unit", per_unit.0));
            }
        }
        Ok(())
    }
}

/// Which instruments are charged by which schedule; the others by the venue's flat fees.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeeSchedules {
    /// The schedules.
    pub list: Vec<FeeSchedule>,
    /// By instrument, the place of its schedule in the list.
    pub of: Vec<Option<u16>>,
}

impl FeeSchedules {
    /// The schedules, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_COST` for tiers that do not rise, a rate beyond the whole price, or a schedule that is not there.
    pub fn checked(self) -> Result<FeeSchedules, Problem> {
        self.list.iter().try_for_each(FeeSchedule::check)?;
        match self.of.iter().flatten().find(|place| usize::from(**place) >= self.list.len()) {
            Some(place) => Err(Problem::new(code::SIM_BAD_COST, format!("fee schedule {place}, {}", self.list.len()))),
            None => Ok(self),
        }
    }
}

/// What one lot pays besides its share of notional.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LotRate {
    pub(crate) share_nano: i64,
    pub(crate) per_lot: Money,
}

/// Of whoever waited, and of whoever took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LotRates {
    pub(crate) maker: LotRate,
    pub(crate) taker: LotRate,
}

impl LotRates {
    pub(crate) fn of(instrument: &Instrument, maker: Rate, taker: Rate) -> LotRates {
        let of = |Rate { share_nano, per_unit }| LotRate { share_nano, per_lot: per_lot(instrument, per_unit) };
        LotRates { maker: of(maker), taker: of(taker) }
    }

    #[inline]
    pub(crate) fn side(&self, is_maker: bool) -> LotRate {
        if is_maker { self.maker } else { self.taker }
    }
}

/// What an account traded, and where it stands by it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Account {
    schedule: FeeSchedule,
    /// The days that count, the newest last.
    past: VecDeque<i128>,
    trailing: i128,
    today: i128,
    tier: usize,
}

impl Account {
    fn new(schedule: FeeSchedule) -> Account {
        let mut account =
            Account { past: VecDeque::with_capacity(schedule.days as usize), trailing: 0, today: 0, tier: 0, schedule };
        account.stand();
        account
    }

    fn stand(&mut self) {
        let volume = self.trailing.saturating_add(self.schedule.beside);
        self.tier = self.schedule.tiers.partition_point(|tier| tier.from <= volume).saturating_sub(1);
    }

    /// So many midnights pass.
    fn pass(&mut self, days: i64) {
        for _ in 0..days.min(i64::from(self.schedule.days) + 1) {
            if self.past.len() == self.schedule.days as usize {
                self.trailing -= self.past.pop_front().unwrap_or_default();
            }
            self.trailing = self.trailing.saturating_add(self.today);
            self.past.push_back(std::mem::take(&mut self.today));
        }
        self.stand();
    }
}

/// The accounts at a venue, one for each schedule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tiers {
    accounts: Vec<Account>,
    of: Vec<Option<u16>>,
    instruments: Vec<Instrument>,
    day: Option<i64>,
}

impl Tiers {
    pub(crate) fn new(schedules: FeeSchedules) -> Result<Tiers, Problem> {
        let FeeSchedules { list, of } = schedules.checked()?;
        Ok(Tiers { accounts: list.into_iter().map(Account::new).collect(), of, ..Tiers::default() })
    }

    /// Learns what an instrument's lots are.
    pub(crate) fn define(&mut self, instrument: &Instrument) {
        let place = instrument.instrument as usize;
        if self.instruments.len() <= place {
            self.instruments.resize(place + 1, Instrument::default());
        }
        self.instruments[place] = *instrument;
    }

    fn account(&self, instrument: u32) -> Option<usize> {
        self.of.get(instrument as usize).copied().flatten().map(usize::from)
    }

    /// What an instrument is charged today, if it has a schedule.
    pub(crate) fn rates(&self, instrument: u32) -> Option<LotRates> {
        let Account { schedule, tier, .. } = &self.accounts[self.account(instrument)?];
        let FeeTier { maker, taker, .. } = schedule.tiers[*tier];
        Some(LotRates::of(self.instruments.get(instrument as usize)?, maker, taker))
    }

    /// It is `ts`; says whether another day began, so that rates may be others.
    #[inline]
    pub(crate) fn roll(&mut self, ts: i64) -> bool {
        if self.accounts.is_empty() { false } else { self.roll_to(ts.div_euclid(DAY)) }
    }

    fn roll_to(&mut self, day: i64) -> bool {
        let before = *self.day.get_or_insert(day);
        if day <= before {
            return false;
        }
        self.day = Some(day);
        self.accounts.iter_mut().for_each(|account| account.pass(day - before));
        true
    }

    /// A fill counts towards tomorrow's tier; any other report says nothing.
    pub(crate) fn count(&mut self, report: &VenueReport) {
        if report.kind != ReportKind::Filled as u8 {
            return;
        }
        let Some(at) = self.account(report.instrument) else { return };
        let Some(instrument) = self.instruments.get(report.instrument as usize) else { return };
        let account = &mut self.accounts[at];
        let traded = if account.schedule.counts_units {
            i128::from(report.lots) * i128::from(instrument.lot_nano)
        } else {
            Money::notional(report.price_ticks, report.lots, instrument.tick_value).abs().0
        };
        account.today = account.today.saturating_add(traded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> FeeSchedule {
        let rate = |share_nano| Rate { share_nano, ..Rate::default() };
        let tier =
            |from: i64, maker, taker| FeeTier { from: Money::units(from).0, maker: rate(maker), taker: rate(taker) };
        let tiers = vec![tier(0, 1_000_000, 1_000_000), tier(1_000, 500_000, 800_000), tier(5_000, -50_000, 400_000)];
        FeeSchedule { tiers, days: 2, ..FeeSchedule::default() }
    }

    fn tiers() -> Tiers {
        let mut tiers = Tiers::new(FeeSchedules { list: vec![schedule()], of: vec![Some(0), None, Some(0)] }).unwrap();
        for instrument in 0..3 {
            let tick_value = 1_000_000_000;
            tiers.define(&Instrument { instrument, tick_value, lot_nano: 1_000_000_000, ..Instrument::default() });
        }
        tiers
    }

    fn fill(instrument: u32, lots: i64) -> VenueReport {
        VenueReport { kind: ReportKind::Filled as u8, instrument, lots, price_ticks: 10, ..VenueReport::default() }
    }

    #[test]
    fn volume_counts_from_the_next_midnight_on_and_leaves_again() {
        let mut tiers = tiers();
        let taker = |tiers: &Tiers| tiers.rates(0).map(|rates| rates.taker.share_nano);
        assert!(!tiers.roll(5));
        tiers.count(&fill(0, 60));
        tiers.count(&fill(1, 1_000_000));
        tiers.count(&fill(2, 40));
        assert_eq!((taker(&tiers), tiers.rates(1)), (Some(1_000_000), None));
        assert!(tiers.roll(DAY));
        assert_eq!(taker(&tiers), Some(800_000), "both instruments of the schedule together reach 1,000");
        tiers.count(&fill(0, 400));
        assert!(tiers.roll(2 * DAY));
        assert_eq!(tiers.rates(2).unwrap().maker.share_nano, -50_000);
        assert!(tiers.roll(3 * DAY));
        assert_eq!(taker(&tiers), Some(800_000), "the first day no longer counts");
        assert!(tiers.roll(40 * DAY));
        assert_eq!(taker(&tiers), Some(1_000_000));
    }

    #[test]
    fn what_is_traded_beside_the_run_always_counts() {
        let list = vec![FeeSchedule { beside: Money::units(1_000).0, ..schedule() }];
        let mut tiers = Tiers::new(FeeSchedules { list, of: vec![Some(0)] }).unwrap();
        tiers.define(&Instrument { tick_value: 1, lot_nano: 1, ..Instrument::default() });
        assert_eq!(tiers.rates(0).unwrap().taker.share_nano, 800_000);
    }

    #[test]
    fn schedules_that_cannot_be_meant_are_refused() {
        let refused = |change: fn(&mut FeeSchedule)| {
            let mut wrong = schedule();
            change(&mut wrong);
            FeeSchedules { list: vec![wrong], of: vec![] }.checked().is_err()
        };
        assert!(!refused(|_| {}));
        assert!(refused(|s| s.tiers.clear()));
        assert!(refused(|s| s.tiers[0].from = 1));
        assert!(refused(|s| s.tiers[1].from = s.tiers[2].from));
        assert!(refused(|s| s.tiers[1].maker.share_nano = -2_000_000_000));
        assert!(refused(|s| s.days = 0));
        assert!(refused(|s| s.beside = -1));
        assert!(FeeSchedules { list: vec![], of: vec![Some(0)] }.checked().is_err());
    }
}
