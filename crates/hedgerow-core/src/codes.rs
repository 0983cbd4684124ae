//! One table of error codes for all languages: what can go wrong, in one sentence, and what to do next.
//!
//! A code never changes its meaning and is never used again after it is retired.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A stable error code such as `RISK-014`: area in the high byte, number in the low byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Code(pub u16);

/// A part of the system that has codes of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Area {
    /// The prefix, such as `RISK`.
    pub name: &'static str,
    /// The high byte of its codes.
    pub number: u8,
    /// Exit status of a command that fails with one of its codes.
    pub exit: u8,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CodeDef {
    /// The code.
    pub code: Code,
    /// A constant's name, such as `RISK_KILLED`.
    pub name: &'static str,
    /// What happened.
    pub says: &'static str,
    /// What to do next.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($area:ident = $number:literal exit $exit:literal { $($n:literal $name:ident $says:literal => $remedy:literal;)* })*) => {
        /// Every area, in order of its number.
        pub const AREAS: &[Area] = &[$(Area { name: stringify!($area), number: $number, exit: $exit }),*];
        /// Every code, in order.
        pub const TABLE: &[CodeDef] = &[$($(CodeDef {
            code: code::$name, name: stringify!($name), says: $says, remedy: $remedy,
        },)*)*];
        /// The codes by name.
        pub mod code {
            use super::Code;
            $($(#[doc = $says] pub const $name: Code = Code(($number << 8) | $n);)*)*
        }
    };
}

// Keep the areas apart and the numbers rising; add at the end of an area.
codes! {
    CORE = 1 exit 10 {
        1 CORE_RECORD_SIZE "record has the wrong number of bytes" => "read it with the version that wrote it";
        2 CORE_TICK_VALUE "one tick of one lot is not a whole number of 0.000000001 currency units" => "choose a coarser tick or lot";
        3 CORE_CURRENCY "not a currency code" => "use one to eight capitals or digits, such as USD";
        4 CORE_SYMBOL "not a symbol" => "use 1 to 32 bytes of text without control characters";
        5 CORE_CAPACITY "a table of the kernel is full" => "start with a larger capacity";
        6 CORE_OVERFLOW "a number is too large for exact money" => "use a coarser tick or lot, or a smaller order";
        7 CORE_UNKNOWN_INSTRUMENT "unknown instrument" => "define it first; see the suggestions";
        8 CORE_UNKNOWN_STRATEGY "unknown strategy" => "register it under a mandate first";
        9 CORE_TIME_ORDER "time went backwards" => "sort the input by ts_init";
        10 CORE_NO_RATE "no exchange rate into the base currency" => "supply an FX rate before the first trade in this currency";
        11 CORE_INPUT "an input the kernel does not accept" => "see the message; nothing was changed";
    }
    DATA = 2 exit 11 {
        1 DATA_NAN "price is not a number" => "repair the row, or leave such rows out with missing='drop'";
        2 DATA_NOT_POSITIVE "price is zero or negative" => "repair the row, or leave such rows out with faulty='drop'";
        3 DATA_CROSSED "high is below low, or open or close lies outside them" => "repair the row, or leave such rows out with faulty='drop'";
        4 DATA_UNSORTED "times are not in order" => "sort by instrument and ts_event, or say sort=True";
        5 DATA_DUPLICATE "two rows for the same instrument and time" => "remove one of them";
        6 DATA_STAMPED_AT_OPEN "bars are stamped at their open" => "say stamped='open' and the span, so that they are moved to their close";
        7 DATA_OFF_TICK "price is not a multiple of the tick" => "set the instrument's tick, or say off_tick='round'";
        8 DATA_MISSING_COLUMN "a column is missing" => "add or map the column";
        9 DATA_EMPTY "the file or table has no rows" => "check the source";
        10 DATA_UNKNOWN_FORMAT "unknown file format" => "see what is read with `hedgerow data formats`";
        11 DATA_VOLUME "volume is negative or not a number" => "repair the row, or leave such rows out with faulty='drop'";
        12 DATA_KNOWN_BEFORE "ts_init is before ts_event" => "a bar cannot be known before it closed; repair the row";
        13 DATA_TIME "a time could not be read" => "use ISO 8601 or integer nanoseconds, with a time zone or in UTC";
        14 DATA_NOT_FOUND "no such data" => "see what the catalog holds with `hedgerow data list`";
        15 DATA_TYPE "a column has the wrong type" => "convert the column to numbers";
        16 DATA_OVERFLOW "a value is too large for an exact integer" => "use a coarser tick or lot";
        17 DATA_CONFLICT "differs from what the catalog already holds" => "if it is a correction, say when it became known (restated_at); otherwise use another catalog";
        18 DATA_COLUMNS "columns cannot be told apart" => "say which is which with columns={...}";
        19 DATA_NOT_A_DATASET "the file holds no data to load" => "leave it out; what it is stands in the message";
        20 DATA_DAMAGED "the file is cut off or damaged" => "fetch it again; the message says how far it could be read";
        21 DATA_EXPANSION "the file expands beyond the limit" => "raise the limit with expand_max if its source is trusted";
        22 DATA_LAYOUT "a record is not laid out as its format says" => "check the vendor's change log, and fetch the file again";
        23 DATA_COLUMNS_CHANGED "the columns are not those that came before" => "split the file where they change, or map each delivery's columns";
        24 DATA_CROSSED_QUOTE "bid is above ask" => "repair the row, or leave such rows out with faulty='drop'";
        25 DATA_NO_SCHEMA "the schema that the bytes need is not there" => "put the schema's XML file beside the data";
        26 DATA_READER "the reader of a format broke" => "report it with the file; nothing was loaded";
        27 DATA_OFF_LOT "a size is not a multiple of the lot" => "set the instrument's lot";
    }
    RISK = 3 exit 12 {
        1 RISK_CLOCK "the order's time is before the kernel's clock" => "correct the clock; orders are stamped when they are made";
        2 RISK_SESSION_CLOSED "the trading session is closed" => "wait for the session to open";
        3 RISK_KILLED "the kill switch is on" => "a risk officer must release it";
        4 RISK_NO_MANDATE "no mandate is in force for this strategy" => "propose it and collect the approvals";
        5 RISK_MANDATE_EXPIRED "the mandate has expired or was revoked" => "propose it again; risk-reducing orders still pass";
        6 RISK_DUPLICATE "this client order id was used before" => "use a higher client order id";
        7 RISK_BAD_PRICE "limit price is not a positive whole number of ticks" => "round the price to the tick";
        8 RISK_BAD_LOTS "quantity is not a positive whole multiple of the lot step, or below the minimum, or more is to be shown than there is" => "round the quantity to the lot, and show a part of it";
        9 RISK_HALTED "the instrument is halted" => "wait for trading to resume";
        10 RISK_RESTRICTED "the instrument is on the restricted list" => "ask compliance; risk-reducing orders still pass";
        11 RISK_NO_LOCATE "not enough stock is located for this short sale" => "locate stock or reduce the size";
        12 RISK_STALE_DATA "market data is missing or too old" => "check the feed";
        13 RISK_ORDER_LOTS "order exceeds the lots limit" => "reduce the size or request a limit change";
        14 RISK_ORDER_NOTIONAL "order exceeds the notional limit" => "reduce the size or request a limit change";
        15 RISK_ADV_SHARE "order exceeds its share of average daily volume" => "slice it, or request a limit change";
        16 RISK_COLLAR "limit price is outside the price collar" => "move the price towards the reference";
        17 RISK_SELF_MATCH "order would trade with our own working order" => "cancel the working order first";
        18 RISK_RATE "too many orders in a second" => "slow down or request a limit change";
        19 RISK_REPEAT "the same order repeats too fast" => "check the strategy for a loop";
        20 RISK_POSITION "worst-case position exceeds its limit" => "reduce the size or cancel working orders";
        21 RISK_GROSS "worst-case gross exposure exceeds its limit" => "reduce the size or request a limit change";
        22 RISK_NET "worst-case net exposure exceeds its limit" => "reduce the size or request a limit change";
        23 RISK_SECTOR "worst-case sector exposure exceeds its limit" => "reduce the size or request a limit change";
        24 RISK_CONCENTRATION "one instrument would be too large a share of gross" => "reduce the size";
        25 RISK_BUYING_POWER "not enough buying power" => "reduce the size or add capital";
        26 RISK_LOSS "the loss limit is reached" => "only risk-reducing orders pass until a risk officer resets it";
        27 RISK_DRAWDOWN "the drawdown limit is reached" => "only risk-reducing orders pass until a risk officer resets it";
        28 RISK_VAR "value at risk after the order exceeds its budget" => "reduce the size or hedge";
        29 RISK_RESERVATION "the order could not be reserved" => "see the message; a table is full or a number too large";
        30 RISK_UNIVERSE "the instrument is outside the mandate's universe" => "propose a mandate that includes it";
        31 RISK_UNKNOWN_ORDER "no such working order" => "cancel or replace only working orders";
        32 RISK_ARTIFACT "the running artifact is not the one that was approved" => "propose the new artifact; its hash voids old approvals";
        33 RISK_BAD_FIELD "side, kind, time in force or terms of the order have no meaning together" => "use the values of the glossary; stops need a stop price, gtd an end, post-only a limit that rests";
        34 RISK_REDUCE_ONLY "a reduce-only order would do more than shrink the position" => "reduce the size to what the position and other working orders leave";
    }
    OMS = 4 exit 13 {
        1 OMS_ILLEGAL "this event cannot happen in this state" => "nothing was changed; reconcile with the venue";
        2 OMS_UNKNOWN_ORDER "no such order" => "nothing was changed; reconcile with the venue";
        3 OMS_OVERFILL "fill exceeds the order's open quantity" => "nothing was changed; reconcile with the venue";
        4 OMS_FULL "no room for another working order" => "start with a larger capacity";
        5 OMS_BAD_REPORT "a venue report holds an impossible number" => "nothing was changed; reconcile with the venue";
        6 OMS_LOST "the venue cannot say what became of an order" => "its reservation stays; ask the venue, then report what it says";
        7 OMS_DUPLICATE "this execution was booked before" => "nothing was changed; the venue repeats itself";
    }
    LEDGER = 5 exit 14 {
        1 LEDGER_UNBALANCED "postings of a currency do not sum to zero" => "this is a defect; stop and report it";
        2 LEDGER_OVERFLOW "an amount is too large" => "split the movement";
        3 LEDGER_FULL "no room for another account" => "start with a larger capacity";
    }
    LOG = 6 exit 15 {
        1 LOG_TORN_TAIL "the last frame is incomplete" => "it was never acknowledged; opening for writing removes it";
        2 LOG_BAD_CRC "a frame's checksum does not match" => "restore the journal from a replica";
        3 LOG_BAD_ROOT "the Merkle root does not match the checkpoint" => "the log was changed; restore it from a replica";
        4 LOG_BAD_SIGNATURE "the checkpoint's signature does not verify" => "check the key; if it is right, the log was changed";
        5 LOG_SHORTER "the log holds fewer entries than its checkpoint" => "the log was truncated; restore it from a replica";
        6 LOG_NOT_A_LOG "not a Hedgerow log" => "give the folder that holds `journal/`";
        7 LOG_EXISTS "a log is already there" => "choose an empty folder, or continue the existing log";
        8 LOG_REPLAY "replay gives another result than the log says" => "the log was changed or another kernel version wrote it";
        9 LOG_BLOB "what lies behind an entry does not match its digest" => "restore the journal from a replica";
        10 LOG_ENTRY_SIZE "an entry is larger than 65,535 bytes" => "split it; bulk data go into segments";
        11 LOG_IO "the journal could not be written or read" => "check the disk; nothing unacknowledged was sent";
        12 LOG_NO_CHECKPOINT "the log has no checkpoint" => "the writer stopped before its first checkpoint; open it for writing to recover";
        13 LOG_SEQUENCE "record numbers are not consecutive" => "the log was changed; restore it from a replica";
        14 LOG_UNKNOWN_ID "no record has this id" => "ids are shown by `hedgerow audit verify --json` and in every table";
        15 LOG_UNKNOWN_KIND "a frame of an unknown kind" => "read it with the version that wrote it";
        16 LOG_LOCKED "another process is writing this log" => "stop it first; reading needs no lock";
        17 LOG_COSIGNATURE "a witness's cosignature does not verify" => "the checkpoint was changed, or this is another witness's key; ask the witness again";
        18 LOG_POLICY "the witness policy cannot be understood" => "see the message; the grammar is that of C2SP tlog-policy";
        19 LOG_NOT_WITNESSED "the checkpoint lacks the cosignatures that the policy demands" => "run `hedgerow witness ask`; if witnesses refuse, find out whether the log was rolled back or forked";
        20 LOG_WITNESS_STATE "the witness's memory is missing or damaged" => "retire this witness and its key: it could cosign a fork; make a new one with `hedgerow witness new`";
        21 LOG_TIMESTAMP "a time-stamp does not verify" => "check the authority's certificate; if it is right, the checkpoint or the token was changed";
        22 LOG_SEAL_EPOCH "no key of this epoch is at hand" => "give an identity that the epoch's key was wrapped to";
        23 LOG_SEAL_COMMITMENT "the epoch's key is not the one that was committed to" => "do not trust whoever gave it; unwrap it from the epoch event";
        24 LOG_SEAL_TAMPERED "a sealed entry does not open" => "the sealed bytes or their key were changed; restore the log from a replica";
        25 LOG_REPLICA "a file is not the one that the checkpoint signs" => "nothing was stored or restored from it; take another copy, and keep this one as evidence";
        26 LOG_ROLLBACK "the log is shorter than a copy of it" => "it was rolled back or restored from an old copy; restore the newest, and find out why";
        27 LOG_FORK "the log contradicts a copy of it" => "one of them is forged or another log; compare both with the witnesses, nothing was overwritten";
        28 LOG_PLAIN "the log can be read by whoever gets a copy" => "seal it (see the guide on keys), or say --plain if that is meant";
        29 LOG_TARGET "a place for replicas cannot be reached or refuses" => "see the message; what was stored stays, and the next try goes on from there";
        30 LOG_TILE "a published tile or bundle does not match the log" => "open the log for writing, which writes it anew from the write-ahead file; or restore it from a replica";
        31 LOG_SIGNED "the last-signed record is not one of this log" => "find out who changed it; put back the copy from the other place";
        32 LOG_UNSIGNED "the entry is not under a signed checkpoint yet" => "publish the log (closing the run does), then prove again";
        33 LOG_PROOF "the file does not prove its record" => "ask for the proof again, and keep this file as evidence";
        34 LOG_EMPTY "the log holds no run" => "whoever began it stopped before its first group was durable, so nothing of it left; begin again in an empty folder";
    }
    GOV = 7 exit 16 {
        1 GOV_BAD_ENVELOPE "not a signed event" => "sign it with `hedgerow` or any DSSE tool";
        2 GOV_BAD_SIGNATURE "a signature does not verify" => "check the key and that the bytes were not changed";
        3 GOV_UNKNOWN_KEY "the key is not on the roster" => "add it to the roster first";
        4 GOV_NOT_AUTHORISED "this person's roles do not allow this event" => "ask a person who holds the role";
        5 GOV_SELF_APPROVAL "an author cannot approve their own proposal" => "ask another person";
        6 GOV_UNKNOWN_PROPOSAL "no such proposal" => "see `hedgerow mandates`";
        7 GOV_QUORUM "the root quorum is not reached" => "collect more root signatures";
        8 GOV_ROSTER_VERSION "the roster's version does not follow the one in force" => "rebase it on the current roster";
        9 GOV_DUPLICATE "this event was already recorded" => "nothing to do";
        10 GOV_BAD_BODY "a field of the event is missing or malformed" => "see the message";
        11 GOV_KEY_FILE "the key file cannot be used" => "make one with `hedgerow keys new`";
        12 GOV_ARTIFACT "the artifact's hash is not the one proposed" => "propose this artifact, or run the approved one";
        13 GOV_TIER "this tier of capital is not allowed here" => "a simulation mandate is for simulated venues only, real money wants a live one";
        14 GOV_CLOSED "the proposal is no longer open" => "propose it again and collect new approvals";
        15 GOV_UNKNOWN_PARENT "the event rests on an event that is not in this log" => "record its parents first";
        16 GOV_NO_FUND "no fund is kept in this folder" => "start it with its first roster";
        17 GOV_RECIPIENT "not a device that can be encrypted to" => "give the age recipient that `hedgerow keys new` printed";
        18 GOV_SEEN "the event rests on a governance log that is not this one" => "find out which log its signer was shown; if theirs is an honest copy, this log was changed";
        19 GOV_SEQUENCER "this key does not sequence the fund's governance log" => "use the key of the roster's service with the scope \"sequence\"";
        20 GOV_STREAM "the event belongs to another stream" => "people's events stand in the stream \"governance\"";
        21 GOV_CLOCK "the signing device's clock is ahead of the log's time" => "correct the device's clock and sign again";
        22 GOV_POLICY "the event does not rest on the policy in force" => "read the policy in force, then sign again";
        23 GOV_SEATS "the people on the roster cannot meet the policy" => "name more people, or change the policy first";
        24 GOV_LIMITS "more than the tier allows" => "ask for less, or for another tier";
        25 GOV_STALE "the proposal does not follow the last change of the allocation" => "read what changed, then propose again on top of it";
        26 GOV_EVIDENCE "the evidence that the tier demands is not there" => "run the evidence first, or wait until the strategy has been in force long enough";
        27 GOV_REVOKED_KEY "the key was revoked" => "sign with another device, or have a new key put on the roster";
        28 GOV_EPOCH "the epoch does not follow, or its key does not go to the right devices" => "take the next number and wrap the key to the devices of the roster";
        29 GOV_PATH "a name that would lead out of its place" => "use a plain name inside the folder: no .., no absolute path, no link";
        30 GOV_RECIPIENTS "this compartment is for few, and nobody said for whom" => "name the age recipients of those who may read it, with --to";
        31 GOV_ISOLATION "the strategy is less isolated than its tier demands" => "run it in a jail, or let the policy's tier name the weaker level";
    }
    SIM = 8 exit 17 {
        1 SIM_NO_VOLUME "the bar has no volume and a volume cap is set" => "supply volume, or set assumed volume explicitly";
        2 SIM_BAD_COST "a cost is negative or not finite" => "costs are zero or positive";
        3 SIM_FAULT "the simulated venue was told to fail here" => "it is a test's doing; switch its faults off";
        4 SIM_WOULD_TAKE "an order that may only make liquidity met the other side" => "quote further away, or let it take";
        5 SIM_BAD_MODEL "a model of queue, delay or impact cannot be meant" => "see the message for the value and its range";
        6 SIM_TIF "this venue does not know that time in force" => "bars know gtc, day, gtd, ioc, opg and cls; fok and post-only need books";
        7 SIM_MARGIN_CALL "the account is worth less than its positions must keep as margin" => "pay in, or close positions; the broker does it when the call's time is over";
        8 SIM_MARGIN "the account has not the initial margin that the order needs" => "trade less, close something first, or pay in";
        9 SIM_PHASE "the venue takes no such order or change in this phase of trading" => "wait for another phase (on_phase tells of it); a cancel always works";
        10 SIM_PEG "bars show no book that an order could be pegged to" => "run over books, or send a limit";
    }
    MODEL = 9 exit 18 {
        1 MODEL_TOO_FEW_ROWS "not enough rows to train" => "use a longer history or a shorter window";
        2 MODEL_NAN "a feature or label is not a number" => "drop the warm-up rows or repair the data";
        3 MODEL_LEAK "training rows overlap the test period" => "raise the purge or embargo";
        4 MODEL_MISSING_EXTRA "a library for this is not installed" => "install the extra named in the message";
        5 MODEL_BAD_FOLDS "the folds do not fit the history" => "use fewer folds or a longer history";
        6 MODEL_SHAPE "features, prices, times and names do not fit together" => "see the message";
        7 MODEL_PARITY "a loaded model is not the one that was saved" => "train it again, or use the library version that saved it";
        8 MODEL_TRIALS "the trial ledger cannot be read" => "restore it from a copy; a trial is never forgotten";
        9 MODEL_LOOK_AHEAD "a feature changes when the future is taken away" => "compute it from rows up to its own time only";
        10 MODEL_FEATURE "unknown feature, or a parameter out of range" => "see the message";
    }
    OPT = 10 exit 19 {
        1 OPT_INFEASIBLE "no portfolio satisfies all constraints" => "relax one of the constraints named in the message";
        2 OPT_NOT_PSD "the covariance is not positive semi-definite" => "shrink it or use more observations";
        3 OPT_SOLVER "the solver did not finish" => "scale the problem or choose another solver";
        4 OPT_BAD_INPUT "an input is not finite or has the wrong shape" => "see the message";
    }
    RUN = 11 exit 20 {
        1 RUN_STRATEGY "the strategy raised an exception" => "see its traceback above; the run stopped there";
        2 RUN_CONFIG "a setting is unknown or out of range" => "see the message";
        3 RUN_WEIGHTS "weights or signals do not fit the data" => "use one row per time and one column per instrument";
        4 RUN_TOO_SHORT "too few observations for this statistic" => "use a longer run; the figure is left out, not invented";
        5 RUN_NO_DATA "nothing to run on" => "give at least one bar";
        6 RUN_OUTSIDE "an order was sent outside a running backtest" => "send orders from on_start and the on_* handlers";
        7 RUN_RECONCILE "the report does not agree with the ledger" => "this is a defect; stop and report it";
        8 RUN_NUMBER "a price or quantity is not a usable number" => "use a positive finite number on the tick and lot";
        9 RUN_EVIDENCE "this is not an evidence pack as it was made" => "take it from its maker again, or make it anew";
        10 RUN_NOT_REPEATED "running again gives another evidence pack" => "compare artifact, data and trial ledger with those named in it";
        11 RUN_WORKER "a process or cluster that computes part of a sweep is not there" => "see the message, and run the same sweep again: it goes on where it was";
        12 RUN_BOTH_TRADED "orders beside each other traded more than either was to, before one could be cancelled" => "the position is what it is; trade out of what is too much";
        13 RUN_QUOTE "a quote's bid is not below its ask, or a side has a price and no size" => "give both sides prices that do not cross, and a quantity wherever there is a price";
        14 RUN_QUOTE_HELD "one side of a quote did not leave, because the venue has not changed the other side, which it would have met" => "quote again; nothing is to be done at the venue";
        15 RUN_UNPROTECTED "an order that was to follow another's fills could not be placed" => "what was filled stands without it; see its verdict or the venue's report, and place another";
        16 RUN_PARENT_MISSED "the time of a parent order was over before the run that was taken up could go on with it" => "what is left of it was not sent; make another order, or let it be";
        17 RUN_CUT "an order that follows another's fills is for less than they were, as the position that it may only reduce is smaller" => "nothing if that is meant; place another for what shall be protected beyond it";
        18 RUN_HELD_BACK "an order that follows another's fills waits, as other orders at work may close its position first" => "it is sent once they have traded or ended; cancel them if it shall be sent now";
        19 RUN_TURNED "a reduce-only order traded more than its position held, before the venue had heard of a smaller one" => "the position is what it is; trade out of what is too much";
    }
    CLI = 12 exit 2 {
        1 CLI_USAGE "the command line cannot be understood" => "see --help";
        2 CLI_EXISTS "the output is already there" => "choose another folder or say --force";
        3 CLI_MISSING "a tool or library is missing" => "see the message";
    }
    JAIL = 13 exit 21 {
        1 JAIL_UNAVAILABLE "the isolation that the policy demands cannot be had here" => "install bubblewrap and allow user namespaces, or let the policy allow a weaker level";
        2 JAIL_REFUSED "the artifact is not one that runs here" => "see `hedgerow strategy check`";
        3 JAIL_LATE "the strategy's answer did not come in time" => "nothing was ordered; make it faster or ask for a longer deadline";
        4 JAIL_FRAME "the strategy's answer is no frame of the protocol" => "nothing was ordered; see docs/reference/strategy-protocol.md";
        5 JAIL_OVERSIZE "the strategy's answer is larger than allowed" => "nothing was ordered; say less in one answer";
        6 JAIL_SEQUENCE "the strategy's answer belongs to another question" => "nothing was ordered; answer each question once, with its number";
        7 JAIL_SURPLUS "the strategy said more than it was asked" => "nothing was ordered; answer each question once";
        8 JAIL_GONE "the strategy's process ended" => "see the message; the run went on without it";
        9 JAIL_FAILED "the strategy failed" => "nothing was ordered; see the message";
        10 JAIL_FORBIDDEN "the strategy tried what the jail forbids" => "it was stopped; ask its author";
        11 JAIL_SEALED "the sealed artifact cannot be opened" => "use the identity of one of its recipients, and the manifest that came with it";
        12 JAIL_INTENT "an intent that cannot become an order" => "it was left out; name a known instrument and a finite amount on the lot and tick";
        13 JAIL_REPLAY "executed again, the artifact does not give what the log says" => "it is not the artifact that ran, or the tape was changed";
    }
    BOOK = 14 exit 22 {
        1 BOOK_CROSSED "after a whole update the best bid is not below the best ask" => "nothing was changed; take a new image of the book";
        2 BOOK_LOTS "a size is negative, zero where there must be one, or too large" => "nothing was changed; use a coarser lot if it is too large";
        3 BOOK_PRICE "a price is outside the book's range" => "nothing was changed; check the tick, or make the book with a wider range";
        4 BOOK_UNKNOWN_ORDER "no such order in the book" => "nothing was changed; take a new image of the book";
        5 BOOK_DUPLICATE_ORDER "an order of this number is in the book already" => "nothing was changed; take a new image of the book";
        6 BOOK_OVER_CANCEL "more lots taken away than the order has" => "nothing was changed; take a new image of the book";
        7 BOOK_FIELD "side or action has no meaning in this book" => "nothing was changed; use the values of the glossary";
        8 BOOK_GAP "updates of the book are missing" => "take a new image of the book; updates are held until it comes";
        9 BOOK_STALE_SNAPSHOT "the image of the book is older than the updates held" => "take another image of the book";
        10 BOOK_CHECKSUM "the book does not have the checksum that the venue sent" => "take a new image of the book";
        11 BOOK_NUMBERS "an update's numbers contradict each other" => "nothing was changed; check the feed";
        12 BOOK_HELD "more updates were held than there is room for" => "take an image of the book sooner, or make more room";
    }
    WIRE = 15 exit 23 {
        1 WIRE_LENGTH "a message does not have the length of its type" => "nothing was changed; check the feed's framing and version";
        2 WIRE_TYPE "a message of an unknown type" => "nothing was changed; check the feed's version";
        3 WIRE_TRUNCATED "the bytes end within a message" => "read on where it begins";
        4 WIRE_FIELD "a field of a message has no meaning" => "nothing was changed; check the feed's version";
        5 WIRE_UNKNOWN_STOCK "a message for a stock that the directory does not list" => "read the feed from its beginning";
        6 WIRE_GARBLED "bytes that are no message" => "they are passed over; the session asks for what is missing";
        7 WIRE_BODY_LENGTH "a message does not have the length that it says" => "it is passed over; the session asks for it again";
        8 WIRE_CHECKSUM "a message does not have the checksum that it says" => "it is passed over; the session asks for it again";
        9 WIRE_TAG "a tag that the data dictionary does not have, or not in this message" => "use the dictionary of the counterparty, or leave the field out";
        10 WIRE_REQUIRED "a required field is missing" => "see the message; the counterparty must send it";
        11 WIRE_VALUE "a field without a value, or with one that its type or its list of values does not allow" => "see the message; the counterparty must mend it";
        12 WIRE_REPEATED "a field stands twice, or out of its place" => "see the message; the counterparty must mend it";
        13 WIRE_GROUP "a repeating group is not as its count and the data dictionary say" => "see the message; the counterparty must mend it";
        14 WIRE_DICTIONARY "a data dictionary cannot be read" => "give a QuickFIX dictionary in XML, as its project publishes them";
        15 WIRE_SESSION "the session does not allow this now" => "see the message; nothing was sent";
        16 WIRE_STORE "what a session sent and received cannot be kept, or is not as it was written" => "restore the folder from a copy, or agree a reset of the sequence numbers with the counterparty";
        17 WIRE_CONFORMANCE "the engine did not answer as a definition says" => "see the differences above";
        18 WIRE_ORDER "this venue is not sent such an order" => "nothing was sent; use words that the venue knows, or trade it elsewhere";
    }
    FEED = 16 exit 24 {
        1 FEED_SPEC "a feed's specification cannot be used" => "correct the keys that the message names; `hedgerow feeds check FILE` reads it again";
        2 FEED_UNREACHABLE "the other side cannot be reached, or broke off" => "what came so far is kept; the next run goes on from there";
        3 FEED_REFUSED "the other side refuses" => "check address, credentials and rights with the vendor; nothing was changed";
        4 FEED_PROTOCOL "the other side does not keep to its protocol" => "see the message; nothing of it was delivered";
        5 FEED_CHECKSUM "a file does not have the checksum that its vendor published" => "nothing was delivered; the next run fetches it again, and if that fails too, ask the vendor";
        6 FEED_TRUNCATED "a file ended before its length" => "what came is kept; the next run goes on from there";
        7 FEED_CHANGED "a file changed while it was fetched" => "nothing was delivered; the next run fetches it from its beginning";
        8 FEED_NAME "a name from outside that would lead out of its place" => "nothing of it was fetched; ask the vendor for plain names: no .., no absolute path, no link";
        9 FEED_QUOTA "a quota of the feed is used up" => "raise it under [limits], or archive what was delivered; what is there stays";
        10 FEED_DISK "the disk is full or refuses" => "make room; what was delivered stays, and the next run goes on";
        11 FEED_RECORD "the record of deliveries is not as it was written" => "restore the feed's folder from a copy; nothing was changed";
        12 FEED_LOCKED "another process runs this feed" => "stop it first, or leave it to it; reading needs no lock";
        13 FEED_SECRET "a secret that the specification names is not there" => "set the environment variable that the message names; secrets do not stand in specifications";
        14 FEED_PATIENCE "the other side asks for more patience than the feed has" => "the next run asks again; lower the rate under [transport], or raise wait_max under [retries]";
        15 FEED_UNKNOWN "no such feed" => "run it once with `hedgerow feeds run FILE`, or give its specification";
        16 FEED_AMISS "a feed is late, incomplete or out of line" => "see the findings above; `hedgerow feeds run FILE --once` asks again";
    }
    LIVE = 17 exit 25 {
        1 LIVE_SESSION "the session with a venue ended" => "what was on its way is Unknown until the venue has said; the run connects again by itself";
        2 LIVE_UNSURE "whether a message reached the venue is not known" => "the order's reservation stays; the venue is asked, and if it cannot say, people must";
        3 LIVE_DIFFERS "the venue's account is not the journal's" => "nothing was booked; look at the venue's statement, and book what is proposed if it is true";
        4 LIVE_STRANGER "the venue speaks of an order that this run did not send" => "find out who else uses the account; nothing was changed";
        5 LIVE_WORDS "the venue said what this run cannot use" => "nothing was changed; ask the venue what it meant";
        6 LIVE_NOT_SENT "a message did not leave" => "it counts as refused; send it again if it is still wanted";
        7 LIVE_FEE "a fee was paid that could not be booked" => "book it by hand from the venue's statement";
        8 LIVE_DEAD_MAN "nobody was there for longer than was agreed" => "everything was cancelled and no new risk passes; `hedgerow run alive SETTINGS --lift` lifts it";
        9 LIVE_REMARK "the gateway noticed something about the venue" => "see what it says";
        10 LIVE_UNVALUED "a currency is held that no rate is known of" => "it counts as nothing; say its rate under [fx], or list its market among the instruments";
        11 LIVE_OVERDRAWN "fees took more of a currency than the run holds" => "the account paid the rest; it counts as owed until the run holds as much";
        12 LIVE_FINER "a fee has more digits than money has" => "0.000000001 at most was added to it, against us; its record has the venue's digits";
    }
}

impl Code {
    /// Its row of the table, if there is one.
    #[must_use]
    pub fn def(self) -> Option<&'static CodeDef> {
        TABLE.iter().find(|d| d.code == self)
    }

    /// The area it belongs to, if there is one.
    #[must_use]
    pub fn area(self) -> Option<&'static Area> {
        AREAS.iter().find(|a| u16::from(a.number) == self.0 >> 8)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:03}", self.area().map_or("UNKNOWN", |a| a.name), self.0 & 0xff)
    }
}

/// Something went wrong: its code, and what was seen, against what limit, where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Which row of the table.
    pub code: Code,
    /// The particulars in words: value seen, limit, row.
    pub detail: String,
}

impl Problem {
    /// A problem with its particulars.
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    /// `RISK-014 order exceeds the notional limit: notional 1,250,000.00, limit 1,000,000.00; reduce the size ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (says, remedy) = self.code.def().map_or(("unknown problem", "report it"), |d| (d.says, d.remedy));
        write!(f, "{} {says}", self.code)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        write!(f, "; {remedy}")
    }
}
impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_every_code_has_an_area() {
        assert!(TABLE.windows(2).all(|w| w[0].code < w[1].code));
        assert!(TABLE.iter().all(|d| d.code.area().is_some() && !d.says.is_empty() && !d.remedy.is_empty()));
    }

    #[test]
    fn a_problem_says_what_happened_the_value_and_what_to_do() {
        let p = Problem::new(code::RISK_ORDER_NOTIONAL, "notional 1,250,000.00 USD, limit 1,000,000.00 USD");
        assert_eq!(
            p.to_string(),
            "RISK-014 order exceeds the notional limit: notional 1,250,000.00 USD, limit 1,000,000.00 USD; \
             reduce the size or request a limit change"
        );
    }
}
