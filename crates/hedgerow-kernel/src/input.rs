//! Everything that can happen to the kernel. Whatever is not one of these did not happen.

use hedgerow_core::{
    AlgoSettings, Bar, CancelRequest, CashMovement, ContingentOrder, Execution, Finding, FirmLimits, Forecast, FxRate,
    Instrument, JailAnswer, JailStart, KIND_GENESIS, KIND_REMARK, KIND_SIGNED, KillSwitch, LifecycleEvent, Noun, Order,
    OrderTerms, ParentEvent, ParentOrder, PlanStep, Problem, Quote, QuoteUpdate, RecordId, ReplaceRequest, Route,
    Sequenced, Session, Slice, StateHash, StrategyStart, Target, Trade, VenueReport, code,
};

macro_rules! inputs {
    ($($(#[doc = $doc:literal])+ $noun:ident,)+) => {
        /// One input of the kernel. `step` fills in the id (and an order's slot) before it is recorded.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Input {
            $($(#[doc = $doc])+ $noun($noun),)+
            /// The fund's first record: canonical JSON.
            Genesis(RecordId, Vec<u8>),
            /// A signed governance event: DSSE envelope.
            Signed(RecordId, Vec<u8>),
            /// Words about the record before it, for people.
            Remark(RecordId, Vec<u8>),
            /// Somebody traded, and parent orders count it. The record has no room for its id.
            Trade(RecordId, Trade),
        }

        impl Input {
            /// Its number in journal frames, its id, and its bytes.
            #[must_use]
            pub fn as_record(&self) -> (u16, RecordId, &[u8]) {
                match self {
                    $(Input::$noun(record) => ($noun::KIND, record.id, bytemuck::bytes_of(record)),)+
                    Input::Genesis(id, bytes) => (KIND_GENESIS, *id, bytes),
                    Input::Signed(id, bytes) => (KIND_SIGNED, *id, bytes),
                    Input::Remark(id, words) => (KIND_REMARK, *id, words),
                    Input::Trade(id, trade) => (Trade::KIND, *id, bytemuck::bytes_of(trade)),
                }
            }

            /// Reads an input back from the journal; `None` if the kind is an effect's.
            pub fn from_record(kind: u16, id: RecordId, bytes: &[u8]) -> Result<Option<Input>, Problem> {
                Ok(Some(match kind {
                    $($noun::KIND => Input::$noun(read::<$noun>(bytes)?),)+
                    KIND_GENESIS => Input::Genesis(id, bytes.to_vec()),
                    KIND_SIGNED => Input::Signed(id, bytes.to_vec()),
                    KIND_REMARK => Input::Remark(id, bytes.to_vec()),
                    Trade::KIND => Input::Trade(id, read::<Trade>(bytes)?),
                    _ => return Ok(None),
                }))
            }
        }
    };
}

inputs! {
    /// A bar closed.
    Bar,
    /// An exchange rate.
    FxRate,
    /// A model spoke.
    Forecast,
    /// A portfolio was chosen.
    Target,
    /// A parent order was made.
    ParentOrder,
    /// What the order or the change behind it says more.
    OrderTerms,
    /// An order shall be sent when another one fills.
    ContingentOrder,
    /// A strategy or schedule wants to trade.
    Order,
    /// A working order shall be cancelled.
    CancelRequest,
    /// A working order shall be changed.
    ReplaceRequest,
    /// A maker quotes anew.
    QuoteUpdate,
    /// A venue spoke.
    VenueReport,
    /// An instrument was defined or changed.
    Instrument,
    /// Cash moved.
    CashMovement,
    /// A trading session opened or closed.
    Session,
    /// The kill switch was turned.
    KillSwitch,
    /// The firm's limits were set.
    FirmLimits,
    /// Someone asks for the hash of the state.
    StateHash,
    /// A strategy started or stopped.
    StrategyStart,
    /// The governance log took in the signed events that follow.
    Sequenced,
    /// People or the rooms around the kernel found something.
    Finding,
    /// An opaque strategy's process started.
    JailStart,
    /// An opaque strategy answered.
    JailAnswer,
    /// The best prices of a book changed.
    Quote,
    /// Something happened to every holder of an instrument.
    LifecycleEvent,
    /// An algorithm was told how to work a parent order.
    AlgoSettings,
    /// It planned.
    PlanStep,
    /// It decided.
    Slice,
    /// A parent order was changed, or ended.
    ParentEvent,
    /// A venue was compared for an order.
    Route,
    /// A venue named a fill, and what it charged for it.
    Execution,
}

fn read<N: Noun>(bytes: &[u8]) -> Result<N, Problem> {
    bytemuck::try_pod_read_unaligned(bytes).map_err(|_| {
        let detail = format!("{} has {} bytes, expected {}", N::INFO.name, bytes.len(), N::INFO.size);
        Problem::new(code::CORE_RECORD_SIZE, detail)
    })
}
