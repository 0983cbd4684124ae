//! Governance for Python: Ed25519, SHA-256, and the same authority that the kernel asks.

use crate::words::raise;
use hedgerow_core::{KIND_GENESIS, KIND_SIGNED, Mandate, Problem, Symbol, code};
use hedgerow_kernel::authority::{self, Outcome, canonical, keys};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

fn seed(bytes: &[u8]) -> PyResult<[u8; 32]> {
    bytes.try_into().map_err(|_| {
        raise(Problem::new(code::GOV_KEY_FILE, format!("a private seed is 32 bytes, these are {}", bytes.len())))
    })
}

/// What stays readable in a sealed journal: which fund it is, and the events that hand out the keys.
pub(crate) fn is_public(kind: u16, bytes: &[u8]) -> bool {
    kind == KIND_GENESIS || (kind == KIND_SIGNED && authority::event_type(bytes).as_deref() == Some("epoch"))
}

/// SHA-256 of some bytes.
#[pyfunction]
pub fn sha256<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &keys::sha256(data))
}

/// The public key (32 bytes) of a private seed (32 bytes).
#[pyfunction]
pub fn ed25519_public<'py>(py: Python<'py>, private_seed: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &keys::public_key(&seed(private_seed)?)))
}

/// The signature (64 bytes, RFC 8032) over a message by a private seed (32 bytes).
#[pyfunction]
pub fn ed25519_sign<'py>(py: Python<'py>, private_seed: &[u8], message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &keys::sign(&seed(private_seed)?, message)))
}

/// Whether a signature over a message is by this public key; false for anything malformed.
#[pyfunction]
pub fn ed25519_verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match (public_key.try_into(), signature.try_into()) {
        (Ok(key), Ok(signature)) => keys::verify(key, message, signature),
        _ => false,
    }
}

/// Spells JSON text canonically (RFC 8785, no floats) as the authority demands it.
#[pyfunction]
pub fn canonical_json(text: &str) -> PyResult<String> {
    canonical::respell(text).map_err(|why| raise(Problem::new(code::GOV_BAD_BODY, why)))
}

/// The fields of a proposal's limits: (name, type), the type being `money`, `i64` or `u32`.
#[pyfunction]
pub fn limit_fields() -> Vec<(&'static str, &'static str)> {
    authority::limit_fields().collect()
}

/// The seats of an expression (its JSON) that votes, pairs of a human and a role, leave empty.
#[pyfunction]
pub fn missing_seats(expression: &str, votes: Vec<(String, String)>) -> PyResult<Vec<String>> {
    let bad = |why: String| raise(Problem::new(code::GOV_BAD_BODY, why));
    let value = canonical::respell(expression).and_then(|text| canonical::parse(text.as_bytes())).map_err(bad)?;
    let expression = authority::Expression::from_json(&value).map_err(bad)?;
    let votes: Vec<(&str, &str)> = votes.iter().map(|(human, role)| (human.as_str(), role.as_str())).collect();
    Ok(expression.missing(&votes).iter().map(ToString::to_string).collect())
}

/// The people, proposals and mandates of one fund, folded from its signed events; the kernel asks the same code.
#[pyclass(module = "hedgerow._core")]
pub struct Authority {
    inner: authority::Authority,
}

#[pymethods]
impl Authority {
    /// A fund at its start, from the canonical JSON bytes of its genesis.
    #[new]
    fn new(genesis: &[u8]) -> PyResult<Authority> {
        let genesis = authority::Genesis::parse(genesis).map_err(raise)?;
        Ok(Authority { inner: authority::Authority::new(&genesis) })
    }

    /// Verifies a signed event and takes it in: `record` carries it, `ts` (UTC nanoseconds) is when it was sequenced.
    fn apply<'py>(&mut self, py: Python<'py>, envelope: &[u8], record: u64, ts: i64) -> PyResult<Bound<'py, PyDict>> {
        let outcome = self.inner.apply(envelope, record, ts).map_err(raise)?;
        self.describe_outcome(py, &outcome)
    }

    /// The same fund at the same point; what one takes in from here on, the other does not.
    fn copy(&self) -> Authority {
        Authority { inner: self.inner.clone() }
    }

    /// The whole state as JSON text.
    fn state(&self) -> PyResult<String> {
        canonical::write(&self.inner.describe()).map_err(|why| raise(Problem::new(code::GOV_BAD_BODY, why)))
    }

    /// SHA-256 of the state's canonical JSON.
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.state_hash())
    }
}

impl Authority {
    fn describe_outcome<'py>(&self, py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(py);
        match outcome {
            Outcome::RosterSet { version } => {
                row.set_item("outcome", "roster_set")?;
                row.set_item("version", version)?;
            }
            Outcome::PolicySet { policy, version } => {
                row.set_item("outcome", "policy_set")?;
                row.set_item("policy", keys::hex(policy))?;
                row.set_item("version", version)?;
            }
            Outcome::PolicyProposed { policy, missing } => {
                row.set_item("outcome", "policy_proposed")?;
                row.set_item("policy", keys::hex(policy))?;
                row.set_item("missing", missing)?;
            }
            Outcome::Proposed { proposal, strategy } => {
                row.set_item("outcome", "proposed")?;
                row.set_item("proposal", keys::hex(proposal))?;
                self.set_strategy(&row, *strategy)?;
            }
            Outcome::Approved { proposal, missing } => {
                row.set_item("outcome", "approved")?;
                row.set_item("proposal", keys::hex(proposal))?;
                row.set_item("missing", missing)?;
            }
            Outcome::Granted { mandate, universe } => {
                row.set_item("outcome", "granted")?;
                self.set_mandate(py, &row, mandate, universe)?;
            }
            Outcome::Demoted { mandate, universe, ended } => {
                row.set_item("outcome", "demoted")?;
                self.set_mandate(py, &row, mandate, universe)?;
                row.set_item("ended", records(py, ended))?;
            }
            Outcome::Rejected { proposal } => {
                row.set_item("outcome", "rejected")?;
                row.set_item("proposal", keys::hex(proposal))?;
            }
            Outcome::Paused { strategy, mandates } => self.set_ended(py, &row, "paused", *strategy, mandates)?,
            Outcome::Retired { strategy, mandates } => self.set_ended(py, &row, "retired", *strategy, mandates)?,
            Outcome::Revoked { strategy, mandates } => self.set_ended(py, &row, "revoked", *strategy, mandates)?,
            Outcome::KeyRevoked { key } => {
                row.set_item("outcome", "key_revoked")?;
                row.set_item("key", keys::hex(key))?;
            }
            Outcome::EvidenceKnown { artifact, pack } => {
                row.set_item("outcome", "evidence_known")?;
                row.set_item("artifact", keys::hex(artifact))?;
                row.set_item("pack", keys::hex(pack))?;
            }
            Outcome::EpochBegun { compartment, number } => {
                row.set_item("outcome", "epoch_begun")?;
                row.set_item("compartment", compartment)?;
                row.set_item("number", number)?;
            }
        }
        Ok(row)
    }

    fn set_mandate(
        &self,
        py: Python<'_>,
        row: &Bound<'_, PyDict>,
        mandate: &Mandate,
        universe: &[Symbol],
    ) -> PyResult<()> {
        row.set_item("proposal", keys::hex(&mandate.proposal))?;
        self.set_strategy(row, mandate.strategy)?;
        row.set_item("index", mandate.index)?;
        row.set_item("from_ts", mandate.from_ts)?;
        row.set_item("mandate", record_bytes(py, mandate))?;
        row.set_item("universe", universe.iter().map(|s| s.as_str()).collect::<Vec<_>>())
    }

    fn set_ended(
        &self,
        py: Python<'_>,
        row: &Bound<'_, PyDict>,
        outcome: &str,
        strategy: u16,
        mandates: &[Mandate],
    ) -> PyResult<()> {
        row.set_item("outcome", outcome)?;
        self.set_strategy(row, strategy)?;
        row.set_item("mandates", records(py, mandates))
    }

    fn set_strategy(&self, row: &Bound<'_, PyDict>, index: u16) -> PyResult<()> {
        row.set_item("strategy", self.inner.strategies().get(usize::from(index)).map(|s| s.name.as_str()))?;
        row.set_item("strategy_index", index)
    }
}

/// Mandates as records.
fn records<'py>(py: Python<'py>, mandates: &[Mandate]) -> Vec<Bound<'py, PyBytes>> {
    mandates.iter().map(|mandate| record_bytes(py, mandate)).collect()
}

/// A mandate as the 320 bytes of its record.
fn record_bytes<'py>(py: Python<'py>, mandate: &Mandate) -> Bound<'py, PyBytes> {
    PyBytes::new(py, bytemuck::bytes_of(mandate))
}
