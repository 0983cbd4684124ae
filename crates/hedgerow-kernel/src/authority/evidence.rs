//! Evidence: what the platform itself found when it ran an artifact, signed by the service that ran it.
//!
//! Promises: only a service with the scope `evidence` says it. Never: judges the results; people do, before they sign.

use super::fields::Fields;
use super::proposals::Arrival;
use super::signers::Signer;
use super::{Authority, EventId, Outcome, refuse};
use hedgerow_core::{Nanos, Problem, RecordId, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// The artifact that ran.
    pub artifact: [u8; 32],
    /// SHA-256 of the evidence pack.
    pub pack: [u8; 32],
    /// Variants that were tried before this one.
    pub trials: u64,
    /// Figures for people.
    pub summary: BTreeMap<String, String>,
}

/// Evidence in the log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownEvidence {
    /// The event.
    pub id: EventId,
    /// The record that brought it.
    pub record: RecordId,
    /// The service that found it.
    pub service: String,
    /// When it was sequenced.
    pub ts: Nanos,
    /// What was found.
    pub evidence: Evidence,
}

impl Evidence {
    /// Reads the body of an evidence event.
    pub(super) fn parse(body: &Value) -> Result<Evidence, String> {
        let fields = Fields::of(body, "evidence", &["artifact", "pack", "summary", "trials"])?;
        Ok(Evidence {
            artifact: fields.hash("artifact")?,
            pack: fields.hash("pack")?,
            trials: fields.integer("trials", 0, super::canonical::INTEGER_MAX)?.unsigned_abs(),
            summary: fields.texts("summary")?,
        })
    }
}

impl KnownEvidence {
    /// For people and programs.
    pub(super) fn to_json(&self) -> Value {
        let Evidence { artifact, pack, trials, summary } = &self.evidence;
        let hex = super::keys::hex;
        json!({
            "id": hex(&self.id), "record": self.record, "service": self.service, "ts": self.ts.to_string(),
            "artifact": hex(artifact), "pack": hex(pack), "trials": trials, "summary": summary,
        })
    }
}

impl Authority {
    /// Evidence counts when a service with the scope signed it.
    pub(super) fn learn(&mut self, evidence: Evidence, signer: &Signer, at: Arrival) -> Result<Outcome, Problem> {
        let service = signer.service_with("evidence")?;
        let (artifact, pack) = (evidence.artifact, evidence.pack);
        let (id, record, service, ts) = (at.id, at.record, service.to_owned(), at.ts);
        self.evidence.push(KnownEvidence { id, record, service, ts, evidence });
        Ok(Outcome::EvidenceKnown { artifact, pack })
    }

    /// Whether a proposal names the evidence that it claims, and what its tier demands.
    pub(super) fn is_shown(&self, terms: &super::Terms, demanded: bool) -> Result<(), Problem> {
        let Some(event) = terms.evidence.event else {
            return match (demanded, terms.evidence.pack) {
                (true, _) => refuse(code::GOV_EVIDENCE, format!("the tier {:?} demands an evidence pack", terms.tier)),
                (false, Some(_)) => refuse(code::GOV_EVIDENCE, "a pack without the event that made it"),
                (false, None) => Ok(()),
            };
        };
        let Some(known) = self.evidence.iter().find(|known| known.id == event) else {
            return refuse(code::GOV_EVIDENCE, format!("no evidence event {}", super::keys::hex(&event)));
        };
        let of = (known.evidence.artifact, Some(known.evidence.pack));
        if of != (terms.manifest.hash, terms.evidence.pack) {
            let artifact = super::keys::hex(&known.evidence.artifact);
            return refuse(
                code::GOV_EVIDENCE,
                format!("the evidence is of the artifact {artifact}, or of another pack"),
            );
        }
        Ok(())
    }
}
