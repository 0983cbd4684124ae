//! Tiers of capital: how much, in what, signed by whom, for how long, after which evidence. Data of the policy.
//!
//! Promises: each rule is a pure function of tier, proposal and time; a limit that a proposal does not ask for is zero
//! and passes. Never: a tier that is not in the signed policy. Sources: RTS 6 art. 5-7 (staged deployment within limits);
//! SEC 15c3-5(c)(1)(i) (capital thresholds set beforehand).

use super::expression::Expression;
use super::fields::{Fields, did_you_mean};
use super::limits::decimal;
use super::proposal::{Terms, universe};
use hedgerow_core::{Isolation, Limits, Money, Nanos, Problem, Symbol, TierKind, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A tier of capital.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Its place, from 0.
    pub rank: u8,
    /// What kind of money.
    pub kind: TierKind,
    /// The most that may be asked for.
    pub capital: Money,
    /// The most gross exposure.
    pub gross: Money,
    /// The most that may be lost in a day.
    pub loss: Money,
    /// The largest share of average daily volume, basis points.
    pub adv_share_bps: u32,
    /// What may be traded; `None` = anything.
    pub instruments: Option<Vec<Symbol>>,
    /// The weakest isolation that a strategy may run under; a policy that says nothing demands the strongest.
    pub isolation: Isolation,
    /// Who must sign.
    pub sign: Expression,
    /// How long after the last signature a mandate begins, nanoseconds.
    pub cool_down_ns: Nanos,
    /// The longest life of a mandate, nanoseconds.
    pub valid_ns: Nanos,
    /// What must have been shown before.
    pub evidence: Demand,
}

/// The evidence that a tier demands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Demand {
    /// An evidence pack that the platform made.
    pub pack: bool,
    /// Time in force at another tier, nanoseconds; 0 = none.
    pub live_ns: Nanos,
    /// Which tier; `None` = the one below.
    pub live_from: Option<String>,
}

impl Tier {
    /// Reads one tier of a policy.
    pub(super) fn parse(value: &Value) -> Result<Tier, String> {
        let known = [
            "adv_share_bps",
            "capital",
            "cool_down_ns",
            "evidence",
            "gross",
            "instruments",
            "isolation",
            "kind",
            "loss",
            "name",
            "rank",
            "sign",
            "valid_ns",
        ];
        let fields = Fields::of(value, "tier", &known)?;
        let evidence = Fields::of(fields.get("evidence")?, "tier's evidence", &["live_from", "live_ns", "pack"])?;
        let live_from = evidence.nullable("live_from")?.map(|_| evidence.name("live_from")).transpose()?;
        let valid_ns = fields.span("valid_ns")?;
        if valid_ns == 0 {
            return Err(fields.wrong("valid_ns", fields.get("valid_ns")?, "a span longer than nothing"));
        }
        Ok(Tier {
            name: fields.name("name")?,
            rank: u8::try_from(fields.integer("rank", 0, 63)?).unwrap_or(u8::MAX),
            kind: one_of(&fields, "kind", TierKind::ALL, kind_word)?,
            capital: fields.money("capital")?,
            gross: fields.money("gross")?,
            loss: fields.money("loss")?,
            adv_share_bps: u32::try_from(fields.integer("adv_share_bps", 0, i64::from(u32::MAX))?).unwrap_or(u32::MAX),
            instruments: instruments(&fields)?,
            isolation: match fields.optional("isolation") {
                None => Isolation::Jail,
                Some(_) => one_of(&fields, "isolation", Isolation::ALL, isolation_word)?,
            },
            sign: Expression::from_json(fields.get("sign")?)?,
            cool_down_ns: fields.span("cool_down_ns")?,
            valid_ns,
            evidence: Demand { pack: evidence.boolean("pack")?, live_ns: evidence.span("live_ns")?, live_from },
        })
    }

    /// The tier as it stands in the policy.
    pub(super) fn to_json(&self) -> Value {
        let instruments = match &self.instruments {
            None => json!("any"),
            Some(symbols) => json!(symbols.iter().map(|symbol| symbol.as_str()).collect::<Vec<_>>()),
        };
        json!({
            "name": self.name, "rank": self.rank, "kind": kind_word(self.kind), "capital": decimal(self.capital),
            "gross": decimal(self.gross), "loss": decimal(self.loss), "adv_share_bps": self.adv_share_bps,
            "instruments": instruments, "isolation": isolation_word(self.isolation), "sign": self.sign.to_json(), "cool_down_ns": self.cool_down_ns.to_string(),
            "valid_ns": self.valid_ns.to_string(),
            "evidence": {
                "pack": self.evidence.pack, "live_ns": self.evidence.live_ns.to_string(),
                "live_from": self.evidence.live_from,
            },
        })
    }

    /// When a mandate granted at `ts` begins; 0 = at once.
    pub(super) fn begins(&self, ts: Nanos) -> Nanos {
        if self.cool_down_ns == 0 { 0 } else { ts.saturating_add(self.cool_down_ns) }
    }

    /// Whether limits keep within the tier.
    pub(super) fn allows_limits(&self, limits: &Limits) -> Result<(), Problem> {
        for (name, asked, most) in [
            ("capital", limits.capital, self.capital),
            ("gross", limits.gross, self.gross),
            ("loss", limits.loss, self.loss),
        ] {
            if asked > most {
                let detail = format!("{name} {asked}, the tier {:?} allows {most}", self.name);
                return Err(Problem::new(code::GOV_LIMITS, detail));
            }
        }
        if limits.adv_share_bps > self.adv_share_bps {
            let (asked, most) = (limits.adv_share_bps, self.adv_share_bps);
            let detail = format!("adv_share_bps {asked}, the tier {:?} allows {most}", self.name);
            return Err(Problem::new(code::GOV_LIMITS, detail));
        }
        Ok(())
    }

    /// Whether a proposal keeps within the tier's limits, instruments and time, if it were granted at `ts`.
    pub(super) fn allows(&self, terms: &Terms, ts: Nanos) -> Result<(), Problem> {
        self.allows_limits(&terms.limits)?;
        let allowed = |symbol: &&Symbol| self.instruments.as_ref().is_none_or(|list| list.contains(symbol));
        if let Some(outside) = terms.universe.iter().find(|symbol| !allowed(symbol)) {
            let detail = format!("{outside} is not among the instruments of the tier {:?}", self.name);
            return Err(Problem::new(code::GOV_LIMITS, detail));
        }
        let latest = ts.saturating_add(self.valid_ns);
        if terms.expires_ts > latest {
            let detail = format!("valid until {} ns, the tier {:?} allows {latest} ns", terms.expires_ts, self.name);
            return Err(Problem::new(code::GOV_LIMITS, detail));
        }
        Ok(())
    }
}

/// A kind's word in JSON: its name in lower case.
#[must_use]
pub fn kind_word(kind: TierKind) -> String {
    kind.name().to_ascii_lowercase()
}

/// A level's word in JSON: its name in lower case.
#[must_use]
pub fn isolation_word(level: Isolation) -> String {
    level.name().to_ascii_lowercase()
}

/// The value that a field's word names.
fn one_of<T: Copy>(fields: &Fields<'_>, name: &str, all: &[T], word_of: fn(T) -> String) -> Result<T, String> {
    let word = fields.text(name)?;
    let words: Vec<String> = all.iter().map(|value| word_of(*value)).collect();
    let found = all.iter().zip(&words).find(|(_, known)| *known == word);
    found
        .map(|(value, _)| *value)
        .ok_or_else(|| format!("tier: {name} is {word:?}, not one of {words:?}{}", did_you_mean(word, &words)))
}

fn instruments(fields: &Fields<'_>) -> Result<Option<Vec<Symbol>>, String> {
    if fields.get("instruments")?.as_str() == Some("any") {
        return Ok(None);
    }
    universe(fields.list("instruments")?, "instruments").map(Some)
}
