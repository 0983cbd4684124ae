//! What Python says of a run: sizes, costs, the venue, the journal.

use super::book_settings::BookSettings;
use super::desk::Publishing;
use super::venues::VenueSettings;
use crate::words::raise;
use hedgerow_core::{Currency, FillRule, Money, Problem, TierKind, code};
use hedgerow_kernel::Capacity;
use hedgerow_log::{Cadence, EpochKey, FileStorage, Journal, LogSigner};
use hedgerow_sim::{FeeSchedule, FeeSchedules, FeeTier, MarginConfig, MarginRate, Rate, VenueConfig};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Folder, origin, key seed, the epoch (its number, its key) that the journal is sealed in, and after how many nanoseconds of
/// the run's time or entries it is published.
pub type JournalSettings = (String, String, [u8; 32], Option<(u32, [u8; 32])>, (i64, u64));

/// One setting by its name.
pub fn get<'py, T>(config: &Bound<'py, PyDict>, key: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    match config.get_item(key)? {
        Some(value) => value.extract(),
        None => Err(raise(Problem::new(code::RUN_CONFIG, format!("engine setting {key:?} is missing")))),
    }
}

/// A currency by its code.
pub fn currency(text: &str) -> PyResult<Currency> {
    Currency::parse(text).ok_or_else(|| raise(Problem::new(code::CORE_CURRENCY, format!("{text:?}"))))
}

/// Whose money trades there: simulated unless it says otherwise.
fn tier_kind(config: &Bound<'_, PyDict>) -> PyResult<TierKind> {
    match config.get_item("venue")?.map(|told| told.extract::<String>()).transpose()?.as_deref() {
        None | Some("simulation") => Ok(TierKind::Simulation),
        Some("paper") => Ok(TierKind::Paper),
        Some("live") => Ok(TierKind::Live),
        Some(other) => Err(raise(Problem::new(code::RUN_CONFIG, format!("venue {other:?} is unknown")))),
    }
}

fn venue_config(config: &Bound<'_, PyDict>) -> PyResult<VenueConfig> {
    let rule: String = get(config, "fill")?;
    Ok(VenueConfig {
        half_spread_nano: get(config, "half_spread_nano")?,
        impact_nano: get(config, "impact_nano")?,
        fee_nano: get(config, "fee_nano")?,
        fee_per_unit: Money(get(config, "fee_per_unit_nano")?),
        fee_min: Money(get(config, "fee_min_nano")?),
        volume_cap_bps: get(config, "volume_cap_bps")?,
        fill_rule: if rule == "vwap" { FillRule::BarVwap } else { FillRule::NextOpen },
        assume_volume: get(config, "assume_volume")?,
    })
}

/// A tier: from which volume, then of whoever waited and whoever took the share of notional and the money a unit.
type ToldTier = (i128, (i64, i128), (i64, i128));
/// Schedules (tiers, days, whether units count, volume beside the run), and by instrument the place of its own.
type ToldFees = (Vec<(Vec<ToldTier>, u32, bool, i128)>, Vec<Option<u16>>);

/// What is charged by tier; nothing where the run does not say.
pub fn fee_schedules(config: &Bound<'_, PyDict>) -> PyResult<FeeSchedules> {
    let Some(told) = config.get_item("fees")? else { return Ok(FeeSchedules::default()) };
    let (list, of): ToldFees = told.extract()?;
    let rate = |(share_nano, per_unit)| Rate { share_nano, per_unit: Money(per_unit) };
    let tier = |(from, maker, taker)| FeeTier { from, maker: rate(maker), taker: rate(taker) };
    let schedule = |(tiers, days, counts_units, beside): (Vec<ToldTier>, u32, bool, i128)| FeeSchedule {
        tiers: tiers.into_iter().map(tier).collect(),
        days,
        counts_units,
        beside,
    };
    Ok(FeeSchedules { list: list.into_iter().map(schedule).collect(), of })
}

/// The margin that the account is held on, if it is: rates by instrument (to open, to keep long, short), nanoseconds of a
/// call, whether all is closed then, and the fee of it.
pub fn margin(config: &Bound<'_, PyDict>) -> PyResult<Option<MarginConfig>> {
    let Some(told) = config.get_item("margin")? else { return Ok(None) };
    let (rates, grace_ns, closes_all, fee_nano): (Vec<(i64, i64, i64)>, i64, bool, i64) = told.extract()?;
    let rate = |(initial_nano, long_nano, short_nano)| MarginRate { initial_nano, long_nano, short_nano };
    Ok(Some(MarginConfig { rates: rates.into_iter().map(rate).collect(), grace_ns, closes_all, fee_nano }))
}

/// How large the kernel's tables are.
pub fn capacity(config: &Bound<'_, PyDict>) -> PyResult<Capacity> {
    Ok(Capacity {
        strategies: get(config, "strategies")?,
        instruments: get(config, "instruments")?,
        sectors: get(config, "sectors")?,
        currencies: get(config, "currencies")?,
        orders: get(config, "orders")?,
        venue: tier_kind(config)?,
    })
}

/// A journal at its beginning.
pub fn journal(settings: JournalSettings) -> Result<(Journal<FileStorage>, Publishing), Problem> {
    let (folder, origin, seed, epoch, (interval_ns, entries)) = settings;
    let signer = LogSigner::new(&origin, &seed)?;
    let mut journal = Journal::create(FileStorage::create(folder.as_ref())?, signer.verifier())?;
    journal.seal_with(epoch.map(|(word, key)| EpochKey::new(word, &key)));
    Ok((journal, Publishing { signer, cadence: Cadence::new(interval_ns, entries) }))
}

/// Where the run trades: at bars, at books, or elsewhere.
pub fn venue(config: &Bound<'_, PyDict>, books: Option<&BookSettings>) -> PyResult<VenueSettings> {
    let is_outside = config.get_item("outside")?.map(|told| told.is_truthy()).transpose()?.unwrap_or(false);
    Ok(match books {
        Some(_) if is_outside => VenueSettings::Outside,
        Some(books) => VenueSettings::Books(Box::new(books.venue.clone()), books.depth),
        None => VenueSettings::Bars(venue_config(config)?, fee_schedules(config)?),
    })
}
