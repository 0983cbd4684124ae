//! The bindings: one extension module, `hedgerow._core`. Only this crate knows Python.
//!
//! Every public word stands here once; the stubs are printed from this list (`make stubs`).

mod age;
mod books;
mod costs;
mod engine;
mod exchange;
mod features;
mod fix;
mod generate;
mod governance;
mod itch;
mod kit;
mod latency;
mod log;
mod ouch;
mod proofs;
mod replica;
mod seal;
mod witness;
mod words;

/// Rust core of Hedgerow; the public face is the `hedgerow` package.
#[pyo3::pymodule(gil_used = true)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::age::{age_encrypt, age_identity};
    #[pymodule_export]
    use crate::books::{BookFeed, LevelBook, OrderBook, TopBook, venue_rules};
    #[pymodule_export]
    use crate::costs::venue_price_ticks;
    #[pymodule_export]
    use crate::engine::lifecycle::{cash_balances, interest, known_mark, restate_equity};
    #[pymodule_export]
    use crate::engine::{
        BarView, BookView, ContingentTicket, Engine, FillView, LookedAt, OrderTicket, ParentDesk, PhaseView,
        QuoteTicket, QuoteView, StandingQuote, StrategyCore, TradeView, look_at, order_state_names, replay_log,
        wanted_lots,
    };
    #[pymodule_export]
    use crate::engine::{JailLink, check_answers, has_mandate, jail_rows, open_tape, serve_module, wasm_faults};
    #[pymodule_export]
    use crate::exchange::Exchange;
    #[pymodule_export]
    use crate::features::{
        FeatureBank, Indicator, demean_rows, feature_columns, indicator, neutralise_rows, operator_table, rank_rows,
    };
    #[pymodule_export]
    use crate::fix::{FixDictionary, FixSession, fix_frames, fix_identity};
    #[pymodule_export]
    use crate::generate::{MarketGenerator, ReactiveGenerator};
    #[pymodule_export]
    use crate::governance::{
        Authority, canonical_json, ed25519_public, ed25519_sign, ed25519_verify, limit_fields, missing_seats, sha256,
    };
    #[pymodule_export]
    use crate::itch::ItchBooks;
    #[pymodule_export]
    use crate::kit::authoring_kit;
    #[pymodule_export]
    use crate::latency::LatencyHistogram;
    #[pymodule_export]
    use crate::log::{JournalWriter, LogReader, LogRecords, log_key, verify_log, wal_sha256};
    #[pymodule_export]
    use crate::ouch::{ouch_decode, ouch_encode};
    #[pymodule_export]
    use crate::proofs::{check_proof, consistency_proof, prove_record, record_of_entry};
    #[pymodule_export]
    use crate::replica::{TileProver, narrowed_tile, published_root, rebuilt_wal};
    #[pymodule_export]
    use crate::seal::{Keyring, compartments, disclose_entry, epoch_commitment, epoch_word, open_entry};
    #[pymodule_export]
    use crate::witness::{
        LogTree, Witness, WitnessPolicy, add_cosignatures, cosigned_at, keep_witnessed, open_checkpoint, witness_new,
        witness_policy_text,
    };
    #[pymodule_export]
    use crate::words::{code_text, error_table, noun_table};

    /// The version, as Cargo.toml says it.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Kind of an entry that holds a signed event.
    #[pymodule_export]
    const KIND_SIGNED: u16 = hedgerow_core::KIND_SIGNED;

    /// Kind of an entry that holds the genesis of a fund.
    #[pymodule_export]
    const KIND_GENESIS: u16 = hedgerow_core::KIND_GENESIS;

    /// Kind of an entry that holds words about the record before it.
    #[pymodule_export]
    const KIND_REMARK: u16 = hedgerow_core::KIND_REMARK;

    /// Kind of an entry whose records are rows behind it.
    #[pymodule_export]
    const KIND_SEGMENT: u16 = hedgerow_core::KIND_SEGMENT;

    /// Kind of an entry that is ciphertext.
    #[pymodule_export]
    const KIND_SEALED: u16 = hedgerow_log::KIND_SEALED;

    /// Adds what cannot be described to the introspection; tools/print_stubs.py knows it by name.
    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::words::demand_lock(m.py())?;
        m.add("CoreProblem", m.py().get_type::<crate::words::CoreProblem>())
    }
}
