# Printed by `make stubs` from crates/hedgerow-py; do not edit.
"""
Rust core of Hedgerow; the public face is the `hedgerow` package.
"""

import typing
from os import PathLike
from typing import Any, Final, SupportsFloat, SupportsIndex, final

import numpy
import numpy.typing
from _typeshed import SupportsGetItem, SupportsLenAndGetItem
from typing_extensions import disjoint_base

KIND_GENESIS: Final[int]
"""
Kind of an entry that holds the genesis of a fund.
"""

KIND_REMARK: Final[int]
"""
Kind of an entry that holds words about the record before it.
"""

KIND_SEALED: Final[int]
"""
Kind of an entry that is ciphertext.
"""

KIND_SEGMENT: Final[int]
"""
Kind of an entry whose records are rows behind it.
"""

KIND_SIGNED: Final[int]
"""
Kind of an entry that holds a signed event.
"""

__version__: Final[str]
"""
The version, as Cargo.toml says it.
"""

@final
class Authority:
    """
    The people, proposals and mandates of one fund, folded from its signed events; the kernel asks the same code.
    """
    def __new__(cls, /, genesis: bytes) -> Authority:
        """
        A fund at its start, from the canonical JSON bytes of its genesis.
        """
    def apply(self, /, envelope: bytes, record: SupportsIndex, ts: SupportsIndex) -> dict[str, typing.Any]:
        """
        Verifies a signed event and takes it in: `record` carries it, `ts` (UTC nanoseconds) is when it was sequenced.
        """
    def copy(self, /) -> Authority:
        """
        The same fund at the same point; what one takes in from here on, the other does not.
        """
    def state(self, /) -> str:
        """
        The whole state as JSON text.
        """
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of the state's canonical JSON.
        """

@final
class Bar:
    """
    A bar that has closed. Prices are floats for research; `*_ticks` are exact.
    """
    @property
    def close(self, /) -> float:
        """
        Last price.
        """
    @property
    def close_ticks(self, /) -> int:
        """
        Last price in ticks.
        """
    @property
    def high(self, /) -> float:
        """
        Highest price.
        """
    @property
    def id(self, /) -> int:
        """
        Sequence number of the record.
        """
    @property
    def low(self, /) -> float:
        """
        Lowest price.
        """
    @property
    def open(self, /) -> float:
        """
        First price.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """
    @property
    def ts(self, /) -> int:
        """
        When the bar closed, UTC nanoseconds.
        """
    @property
    def volume(self, /) -> float | None:
        """
        Volume in units, or `None` where it is not known.
        """

@final
class Book:
    """
    The book of an instrument as it is known here; it changes as the run goes on.
    """
    def asks(self, /, n: SupportsIndex = 10) -> list[tuple[float, float]]:
        """
        Prices and sizes of the best `n` asks, best first.
        """
    @property
    def best_ask(self, /) -> tuple[float, float] | None:
        """
        Price and size of the best ask, `None` where there is none.
        """
    @property
    def best_bid(self, /) -> tuple[float, float] | None:
        """
        Price and size of the best bid, `None` where there is none.
        """
    def bids(self, /, n: SupportsIndex = 10) -> list[tuple[float, float]]:
        """
        Prices and sizes of the best `n` bids, best first.
        """
    @property
    def mid(self, /) -> float | None:
        """
        Half-way between the best prices, `None` where one is missing.
        """
    @property
    def phase(self, /) -> str | None:
        """
        What the instrument does at the venue, as far as we know: see `MarketPhase.phase`.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """

@final
class BookFeed:
    """
    A book of prices that follows its venue's numbers: gaps are found, updates held, images taken.
    """
    def __new__(
        cls,
        /,
        rule: str,
        *,
        room: SupportsIndex = 1000000,
        lowest_ticks: SupportsIndex = 1,
        highest_ticks: SupportsIndex = ...,
        window_ticks: SupportsIndex = 4096,
    ) -> BookFeed:
        """
        A feed by a venue's rule (see `venue_rules()`) that waits for its first image and holds up to `room` changes.
        """
    @property
    def best_ask(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best ask.
        """
    @property
    def best_bid(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best bid.
        """
    def book(self, /) -> LevelBook:
        """
        A copy of the book as it stands.
        """
    def image(self, /, events: numpy.typing.NDArray[typing.Any], *, last: SupportsIndex) -> None:
        """
        Takes an image of the whole book as of a number, then the updates held that follow it.
        """
    @property
    def last(self, /) -> int:
        """
        Number of the last change in the book.
        """
    def lose(self, /) -> None:
        """
        Says that the book was found to be wrong: it waits for an image.
        """
    @property
    def needs_image(self, /) -> bool:
        """
        Whether the book waits for an image and is not to be believed.
        """
    def update(
        self,
        /,
        events: numpy.typing.NDArray[typing.Any],
        *,
        first: SupportsIndex,
        last: SupportsIndex,
        previous: SupportsIndex = 0,
    ) -> str:
        """
        Takes one numbered update; gives `applied`, `skipped` (the book held it) or `held` (until an image comes).

        Raises `BookError`: BOOK-008 for a gap (the feed then waits for an image), or what the book refuses.
        """

@final
class ContingentTicket:
    """
    An order that is sent as another one fills: what stands for it now.
    """
    @property
    def filled(self, /) -> float:
        """
        Units that it traded.
        """
    @property
    def id(self, /) -> int:
        """
        Sequence number of the record that says what shall follow.
        """
    @property
    def open(self, /) -> float:
        """
        Units open in the market; 0 while nothing works.
        """
    @property
    def order_id(self, /) -> int | None:
        """
        Number of the order that works for it; `None` while none does.
        """
    @property
    def state(self, /) -> str:
        """
        `waiting` (nothing of it is in the market), `working`, or `ended`.
        """

@final
class Engine:
    """
    One fund in one run: kernel, simulated venue, journal.
    """
    def __new__(
        cls,
        /,
        genesis: bytes,
        config: dict[str, typing.Any],
        journal: tuple[
            str,
            str,
            SupportsLenAndGetItem[SupportsIndex],
            tuple[SupportsIndex, SupportsLenAndGetItem[SupportsIndex]] | None,
            tuple[SupportsIndex, SupportsIndex],
        ]
        | None = None,
    ) -> Engine:
        """
        A fund at its beginning. `config` names capacities and costs; `journal` is (folder, origin, key seed, epoch, cadence)
        or `None`, the epoch being (its number, its key) if what is written is to be sealed, or `None`, and the cadence how many
        nanoseconds of the run's time, or entries, may wait to be published.
        """
    def bind(self, /, strategy: StrategyCore, number: SupportsIndex) -> None:
        """
        Joins a strategy to this run under its number.
        """
    def book(self, /, strategy: SupportsIndex) -> dict[str, typing.Any]:
        """
        Cash, realised and unrealised profit, fees and capital of a strategy, in 10^-9 base currency units.
        """
    def book_samples(self, /) -> tuple[typing.Any, typing.Any]:
        """
        Times (UTC nanoseconds) and half-way prices (ticks, one for each time and instrument, 0 = none yet) at which the run
        over books was looked at.
        """
    def cancel_order(self, /, strategy: SupportsIndex, slot: SupportsIndex, order_id: SupportsIndex) -> None:
        """
        Asks to cancel a working order, whoever sent it.
        """
    def capital(
        self, /, strategy: SupportsIndex, currency_code: str, amount_nano: SupportsIndex, ts: SupportsIndex
    ) -> int:
        """
        Capital paid into (positive) or out of (negative) a strategy's book; `amount_nano` in 10^-9 units.
        """
    @property
    def clock(self, /) -> int:
        """
        The kernel's clock, UTC nanoseconds.
        """
    def close(self, /) -> dict[str, typing.Any]:
        """
        Seals the run: hash of the state, everything durable, checkpoint signed. Returns what was sealed.
        """
    def demanded_isolation(self, /, strategy: SupportsIndex) -> tuple[int, str] | None:
        """
        The weakest isolation that a strategy's mandate allows, as its number, and the name of the mandate's tier.
        """
    def equity_curve(
        self, /, places: SupportsGetItem[int, SupportsIndex] | None = None
    ) -> numpy.typing.NDArray[numpy.float64]:
        """
        The equity curve: net asset value (base currency) after each time of the run so far, or at some of them, by number
        in rising order. What it follows from is kept until somebody asks.
        """
    @property
    def equity_points(self, /) -> int:
        """
        Times that the equity curve has a number for.
        """
    def expected_lots(self, /, strategy: SupportsIndex, instrument: SupportsIndex) -> int:
        """
        Position plus everything working, signed lots.
        """
    def firm_limits(self, /, limits_json: str, ts: SupportsIndex) -> int:
        """
        The firm's limits, in the form they have in a proposal (JSON object).
        """
    def flush(self, /) -> None:
        """
        Sends what waits once it is durable, makes the rest durable, and publishes the journal if it is time.
        """
    def forecast(
        self,
        /,
        strategy: SupportsIndex,
        instrument: SupportsIndex,
        cause: SupportsIndex,
        horizon_ns: SupportsIndex,
        expected_return: SupportsFloat | SupportsIndex,
        uncertainty: SupportsFloat | SupportsIndex,
        model: SupportsLenAndGetItem[SupportsIndex],
    ) -> int:
        """
        A model's forecast; returns its record's id, to be named as the target's cause.
        """
    def fork(self, /) -> Engine:
        """
        The same fund once more, as it stands before its first bar: a sweep opens once and runs many variants. Only for a run
        over bars without journal and margin.
        """
    def found(self, /, record: bytes, words: str) -> int:
        """
        What surrounds the kernel found something: a `Finding` as bytes, and words about it; returns its id.
        """
    def fx_rate(self, /, base: str, rate_nano: SupportsIndex, ts: SupportsIndex) -> int:
        """
        An exchange rate into the base currency, 10^-9 units.
        """
    def instrument(
        self,
        /,
        symbol: str,
        currency_code: str,
        tick_nano: SupportsIndex,
        lot_nano: SupportsIndex,
        multiplier: SupportsIndex,
        lots_min: SupportsIndex,
        lots_step: SupportsIndex,
        sector: SupportsIndex,
        adv_lots: SupportsIndex,
        sigma_nano: SupportsIndex,
        flags: SupportsIndex,
        locate_lots: SupportsIndex,
        ts: SupportsIndex,
    ) -> int:
        """
        Defines an instrument (or changes its flags, volume and locate). All numbers are exact integers.
        """
    def kill(self, /, strategy: SupportsIndex, on: bool) -> int:
        """
        Turns the kill switch of a strategy, or of the firm (65535).
        """
    @property
    def last_id(self, /) -> int:
        """
        Number of the last record.
        """
    def lasting(self, /) -> list[int]:
        """
        Numbers of the working orders that a run which is taken up again leaves alone.
        """
    def lifecycle(
        self,
        /,
        told: tuple[SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex],
        ts: SupportsIndex,
    ) -> int:
        """
        Something happens to every holder of an instrument: (kind, instrument, old lots, new lots, cash, price of a fraction).
        """
    def nav_nano(self, /) -> int:
        """
        Net asset value of all strategies in 10^-9 base currency units, exact.
        """
    def order(
        self,
        /,
        strategy: SupportsIndex,
        instrument: SupportsIndex,
        lots: SupportsIndex,
        limit_ticks: SupportsIndex = 0,
        cause: SupportsIndex = 0,
    ) -> tuple[int, int]:
        """
        One order, by indexes and integers; returns (order id, code of the rule that denied it or 0).
        """
    def position_lots(self, /, strategy: SupportsIndex, instrument: SupportsIndex) -> int:
        """
        Position of a strategy in an instrument, signed lots.
        """
    def reach(self, /, is_there: bool, catches_up: bool) -> None:
        """
        Whether the venue is there; what fell due of parent orders while it was not is caught up at once, or spread.
        """
    def records(self, /, kind: SupportsIndex, skip: SupportsIndex = 0) -> bytes:
        """
        Records of a kind, one after the other, as bytes of the layout that `noun_table` gives; without so many bytes of them.
        """
    def report(
        self,
        /,
        record: bytes,
        handlers: SupportsGetItem[
            int, tuple[StrategyCore, Any | None, Any | None, Any | None, Any | None, Any | None, Any | None]
        ],
        execution: bytes | None = None,
    ) -> None:
        """
        A venue elsewhere speaks: a `VenueReport` as bytes, and the `Execution` that its fill is, durable with the next
        `flush`. Fills are told to the strategies.
        """
    @staticmethod
    def resume(
        config: dict[str, typing.Any],
        journal: tuple[
            str,
            str,
            SupportsLenAndGetItem[SupportsIndex],
            tuple[SupportsIndex, SupportsLenAndGetItem[SupportsIndex]] | None,
            tuple[SupportsIndex, SupportsIndex],
        ],
        keys: Keyring | None = None,
    ) -> Engine:
        """
        Takes up the run of a journal at a venue elsewhere, as its records left it; of `config` only the books count.
        """
    def route(self, /, record: bytes) -> int:
        """
        A venue was compared for an order: a `Route` as bytes.
        """
    def run_books(
        self,
        /,
        kinds: typing.Any,
        rows: typing.Any,
        handlers: SupportsGetItem[
            int, tuple[StrategyCore, Any | None, Any | None, Any | None, Any | None, Any | None, Any | None]
        ],
        until: SupportsIndex,
        progress: Any | None = None,
    ) -> int:
        """
        Plays rows of books to event strategies: `kinds` says which noun each row is, `rows` holds four 64-bit words a row,
        `handlers` (strategy, on_quote, on_trade, on_book, on_fill, on_timer). Behind the rows happens what else happens up to
        `until`: the least number = nothing, the run waits; the greatest = everything, it is over. Gives when something is due next.
        """
    def run_events(
        self,
        /,
        columns: Any,
        handlers: SupportsGetItem[int, tuple[StrategyCore, Any | None, Any | None, Any | None]],
        progress: Any | None = None,
    ) -> None:
        """
        Runs event strategies over bars: `handlers` holds (strategy, on_bar, on_fill, on_timer) with `None` for what is not there.
        """
    def run_signals(
        self,
        /,
        columns: Any,
        strategy: SupportsIndex,
        signals: typing.Any,
        unit_lots: SupportsIndex,
        looked: LookedAt | None = None,
    ) -> None:
        """
        Runs one strategy from signals: wanted position = signal times `unit_lots`, one signal per row.
        """
    def run_targets(
        self, /, columns: Any, strategy: SupportsIndex, lots: typing.Any, looked: LookedAt | None = None
    ) -> None:
        """
        Runs one strategy from wanted positions: one signed lot count per row, `i64::MIN` = leave as it is. `looked`, here and
        below: what `look_at` found of the columns.
        """
    def run_weights(
        self, /, columns: Any, strategy: SupportsIndex, weights: typing.Any, looked: LookedAt | None = None
    ) -> None:
        """
        Runs one strategy from wanted shares of the book's value: one per row, NaN = leave as it is.
        """
    def sequenced(self, /, ts: SupportsIndex, size: SupportsIndex, root: SupportsLenAndGetItem[SupportsIndex]) -> int:
        """
        The signed events that follow were taken into the governance log at `ts`, behind `size` entries with this root.
        """
    @property
    def sequenced_size(self, /) -> int:
        """
        Entries of the governance log that the kernel was told of.
        """
    def signed(self, /, envelope: SupportsGetItem[int, SupportsIndex]) -> int:
        """
        Takes a signed governance event; returns the id of its record.
        """
    def start(
        self, /, strategy: SupportsIndex, artifact: SupportsLenAndGetItem[SupportsIndex], ts: SupportsIndex
    ) -> int:
        """
        A strategy starts to run an artifact (32 bytes, SHA-256).
        """
    @property
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of the kernel's state.
        """
    def stop_parents(self, /, cancel: bool) -> int:
        """
        Stops every parent order, and cancels its children or leaves them; how many were still being worked.
        """
    def take_sends(self, /) -> list[tuple[str, bytes, bytes]]:
        """
        What was let pass since the last call and is durable, for a gateway: ("new" | "cancel" | "replace", record, stop, end).
        """
    def target(
        self,
        /,
        strategy: SupportsIndex,
        instrument: SupportsIndex,
        cause: SupportsIndex,
        horizon_ns: SupportsIndex,
        lots: SupportsIndex,
    ) -> int:
        """
        A wanted position; returns its record's id, to be named as the parent order's cause.
        """
    def trial_balance(self, /) -> list[tuple[str, int]]:
        """
        Sum of all postings by currency, 10^-9 units: every one must be zero.
        """
    def working(self, /, order_id: SupportsIndex | None = None) -> list[tuple[bytes, int, str, bytes]]:
        """
        Orders that have not ended, or one: (`Order` with the terms in force, lots filled, state, stop price, end).
        """

@final
class Exchange:
    """
    An exchange of several instruments and participants, without sockets, clock or files; see `hedgerow venue serve`.
    """
    def __new__(cls, /, listings: str, self_trades: str = "allow") -> Exchange:
        """
        `listings` is JSON: a list of `reference_ticks`, `lots_max`, `ticks_max` and `phase`. `self_trades` is `allow`,
        `cancel_incoming` or `cancel_resting`. Raises `BookError` or `WireError` for what no book can keep.
        """
    def depth(self, /, instrument: SupportsIndex, is_buy: bool, levels: SupportsIndex) -> list[tuple[int, int]]:
        """
        The best levels of a side, best first: price in ticks, displayed lots.
        """
    def market(self, /, instrument: SupportsIndex) -> tuple[str, int] | None:
        """
        An instrument's phase, and the price of its last trade, in ticks.
        """
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of everything that the next input could depend on.
        """
    def status(self, /, participant: SupportsIndex, client_id: str) -> str | None:
        """
        How an order stands, by any name it has had, as JSON; nothing where the name names none.
        """
    def take(self, /, ts: SupportsIndex, action: str) -> list[str]:
        """
        Takes one input, as JSON, at a time in UTC nanoseconds; gives the events that follow, each as JSON.
        """
    def working(self, /, participant: SupportsIndex) -> list[str]:
        """
        A participant's orders that work, each as JSON.
        """

@final
class FeatureBank:
    """
    Several features of several instruments, fed one cross-section at a time.
    """
    def __new__(
        cls, /, features: list[tuple[str, dict[str, float], list[int], bool]], width: SupportsIndex
    ) -> FeatureBank:
        """
        `features` are (operator, parameters, the field of each input, ranked); `width` is the number of instruments.
        """
    def reset(self, /) -> None:
        """
        Forgets every observation.
        """
    def update(self, /, rows: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
        """
        Takes one observation per field and instrument (fields x N, NaN = none) and returns the features (N x F).
        """

@final
class Fill:
    """
    An execution of one of the strategy's orders.
    """
    @property
    def charge(self, /) -> float:
        """
        What the venue charged (negative: paid back) in another currency than the instrument's, in units of
        `charge_currency`; 0 where it charged none.
        """
    @property
    def charge_currency(self, /) -> str:
        """
        Currency of `charge`; empty where the venue charged none.
        """
    @property
    def fee(self, /) -> float:
        """
        Fee paid (negative: rebate), in the instrument's currency.
        """
    @property
    def id(self, /) -> int:
        """
        Sequence number of the record.
        """
    @property
    def order_id(self, /) -> int:
        """
        The order filled.
        """
    @property
    def price(self, /) -> float:
        """
        Price per unit.
        """
    @property
    def quantity(self, /) -> float:
        """
        Units traded, positive.
        """
    @property
    def side(self, /) -> str:
        """
        `buy` or `sell`.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """
    @property
    def trade_id(self, /) -> str:
        """
        The venue's number of the trade, or its name of the report; empty where it is simulated.
        """
    @property
    def ts(self, /) -> int:
        """
        When it happened, UTC nanoseconds.
        """

@final
class FixDictionary:
    """
    A FIX data dictionary in QuickFIX's XML form: fields with their types and values, messages, groups.
    """
    def __new__(cls, /, xml: str) -> FixDictionary:
        """
        Reads the dictionary's text. Raises `WireError` with what could not be understood.
        """
    def message_name(self, /, msg_type: str) -> str | None:
        """
        The name of a type of message, such as `NewOrderSingle`.
        """
    def name(self, /, tag: SupportsIndex) -> str | None:
        """
        The name of a tag, such as `ClOrdID`.
        """
    def names(self, /) -> tuple[list[str], list[str]]:
        """
        Names of all fields, and of all messages.
        """
    def show(
        self, /, raw: bytes, application: FixDictionary | None = None
    ) -> tuple[list[tuple[int, str, bytes, str | None, int]], str | None]:
        """
        What a framed message says, a row a field, and what is wrong with it, as a line of text.

        `application` reads the body of a FIXT message. What cannot be split ends the rows; nothing is raised.
        """
    def tag(self, /, name: str) -> int | None:
        """
        The tag of a name.
        """
    @property
    def version(self, /) -> str:
        """
        The version as messages say it: `FIX.4.4`, `FIXT.1.1`, `FIX.5.0SP2`.
        """

@final
class FixSession:
    """
    A FIX session without socket and clock: hand in what arrives, poll until nothing comes, send what `transmit` gives.
    """
    def __new__(
        cls,
        /,
        begin_string: str,
        sender: str,
        target: str,
        dictionary: FixDictionary,
        *,
        now_ns: SupportsIndex,
        initiator: bool = False,
        application: FixDictionary | None = None,
        others: SupportsGetItem[int, FixDictionary] = ...,
        store: str | PathLike[str] | None = None,
        retold: bool = False,
        schedule: tuple[str, SupportsIndex, SupportsIndex] | None = None,
        heartbeat_s: SupportsIndex = 30,
        reset_on_logon: bool = False,
        reset_when_new: bool = False,
        reset_on_logout: bool = False,
        reset_on_disconnect: bool = False,
        latency_max_s: SupportsIndex = 120,
        time_digits: SupportsIndex = 3,
        values_present: bool = True,
        fields_known: bool = True,
        user_fields_known: bool = True,
        never_again: SupportsGetItem[int, str] = ...,
        logon_fields: SupportsGetItem[int, tuple[SupportsIndex, SupportsGetItem[int, SupportsIndex]]] = ...,
    ) -> FixSession:
        """
        A session between `sender` (us) and `target`. `application` reads the bodies of FIXT messages, `others` those that
        name another version. `store` is a file that keeps numbers and messages; without it they last as long as this object.
        With `retold` the application tells anew what a power cut takes: messages are written and not waited for, and numbers
        kept on the disk many ahead, so that none is used twice; after a crash they go on behind those.
        `schedule` is `daily` or `weekly` with its first and last second, in UTC; without it the session runs always.

        Raises `WireError`: a store that cannot be read, a schedule that is none.
        """
    def business_reject(self, /, reason: SupportsIndex, now_ns: SupportsIndex, text: str = "") -> None:
        """
        Answers the message at hand with a Business Message Reject (a Reject before FIX 4.2); reason 3: unsupported type.
        """
    def connected(self, /, now_ns: SupportsIndex) -> None:
        """
        A connection stands; an initiator's Logon waits in `transmit`. Raises `WireError` outside the schedule.
        """
    def disconnected(self, /, now_ns: SupportsIndex) -> None:
        """
        The connection is gone.
        """
    def fields(self, /) -> list[tuple[int, bytes, int]]:
        """
        The fields of the message at hand: tag, value, depth within repeating groups.
        """
    @property
    def is_connected(self, /) -> bool:
        """
        Whether there is a connection.
        """
    @property
    def logged_on(self, /) -> bool:
        """
        Whether both sides have logged on.
        """
    def logout(self, /, now_ns: SupportsIndex, text: str = "") -> None:
        """
        Asks the counterparty to end the session in order.
        """
    @property
    def msg_type(self, /) -> str:
        """
        The type of the message at hand.
        """
    def note(self, /, number: SupportsIndex) -> None:
        """
        Keeps a number of the application's in order with the messages: what a crash leaves of these, it leaves of it.
        """
    @property
    def noted(self, /) -> int:
        """
        The last number that was noted, 0 at first; it outlasts a reset of the session's own.
        """
    @property
    def numbers(self, /) -> tuple[int, int, int]:
        """
        The numbers of the next message out and in, and since when they are counted.
        """
    def poll(self, /, now_ns: SupportsIndex) -> tuple[str, str] | None:
        """
        What happened next, as its kind and its particulars; nothing until more bytes come.

        Kinds: `logged_on`, `application` and `rejected` (read `fields`), `refused` (we sent a Reject), `withheld` (they
        asked again for a message that is never sent again), `passed` (bytes that are no message), `disconnected`. The message of the event before counts as taken by asking.
        """
    def received(self, /, data: bytes) -> None:
        """
        Takes bytes as they came.
        """
    def send(self, /, msg_type: str, fields: list[tuple[int, bytes]], now_ns: SupportsIndex) -> int:
        """
        Sends an application message of tag and value; gives its number. Header fields go to the header, the body stays in
        the order given. Raises `WireError`: not logged on, a separator in a value, or a store that failed before.
        """
    def settle(self, /) -> None:
        """
        Keeps on the disk what was made to be sent, with one wait for all of it; `transmit` does it too. Raises `WireError`
        where the store fails: nothing of it is sent then.
        """
    def tick(self, /, now_ns: SupportsIndex) -> None:
        """
        Lets the time pass: heartbeats, test requests, ends. Call it at least once a second.
        """
    def transmit(self, /) -> bytes:
        """
        The bytes to send, in order, once they are kept; they are given once.
        """

@final
class Indicator:
    """
    A feature of one series or several, computed one observation at a time. Made by `indicator(name, params)`.
    """
    def batch(self, /, *columns: typing.Any) -> numpy.typing.NDArray[numpy.float64]:
        """
        Takes a column of observations for each input, all of one length, and returns the value after each.
        """
    @property
    def name(self, /) -> str:
        """
        Its name in `operator_table()`.
        """
    @property
    def ready(self, /) -> bool:
        """
        Whether the value is a number.
        """
    def reset(self, /) -> None:
        """
        Forgets every observation.
        """
    def update(self, /, *row: typing.Any) -> float:
        """
        Takes the next observation, one number for each input, and returns the new value (NaN while it is not known).
        """
    @property
    def value(self, /) -> float:
        """
        Value after the last observation; NaN while it is not known.
        """

@final
class ItchBooks:
    """
    Books of a day of NASDAQ TotalView-ITCH 5.0 messages; prices are ticks of 0.0001, instruments the day's locates.
    """
    def __new__(
        cls,
        /,
        midnight_ns: SupportsIndex,
        symbols: SupportsGetItem[int, str] | None = None,
        *,
        window_ticks: SupportsIndex = 4096,
        market: str = "Q",
    ) -> ItchBooks:
        """
        `midnight_ns` is New York's midnight in UTC nanoseconds; `symbols` limits the books to those, all without it. `market`
        is whose feed it is, for what is halted at one market alone: `Q` Nasdaq, `B` BX, `X` PSX.
        """
    def book(self, /, symbol: str) -> OrderBook:
        """
        A copy of a stock's book as it stands; an empty one before its first order.
        """
    def stocks(self, /) -> list[tuple[int, str, int]]:
        """
        The stocks of the directory: (locate, symbol, shares of a round lot).
        """
    def take(self, /, data: bytes) -> tuple[int, numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]:
        """
        Takes the whole messages of a piece of a file, each behind its two bytes of length. Gives how many bytes they were
        (what is left belongs to the next piece), and tables of what happened: `BookOrder` and `Trade`.

        Raises `WireError` or `BookError` with the message's offset; the messages before it are taken, their rows are lost.
        """
    def take_phases(self, /) -> numpy.typing.NDArray[typing.Any]:
        """
        What stocks did from when on, as `MarketPhase` rows: all that was told since the last call.
        """

@final
class JailLink:
    """
    A running strategy's process as a part of a run.
    """
    def __new__(
        cls,
        /,
        core: StrategyCore,
        questions: SupportsIndex,
        answers: SupportsIndex,
        *,
        deadline_ns: SupportsIndex,
        answer_bytes: SupportsIndex,
        late_max: SupportsIndex,
        tape: str | PathLike[str] | None = None,
    ) -> JailLink:
        """
        Joins the process behind two pipes to the run of a strategy. The descriptors are given up to it.

        `tape` names a file that every frame is written to, sealed as the journal is.
        """
    def bars(
        self, /, bars: SupportsGetItem[int, Bar], steps: SupportsGetItem[int, SupportsIndex]
    ) -> list[tuple[int, str]]:
        """
        Tells the strategy bars; `steps` says for each which time of the batch it belongs to.
        """
    def fills(self, /, fills: SupportsGetItem[int, Fill]) -> list[tuple[int, str]]:
        """
        Tells the strategy its fills.
        """
    def found(self, /, code: SupportsIndex, value: SupportsIndex, limit: SupportsIndex) -> int:
        """
        Records a finding about the strategy, by code number; its cause is what is being handled.
        """
    @property
    def is_closed(self, /) -> bool:
        """
        Whether the strategy is asked no more.
        """
    @property
    def sequence(self, /) -> int:
        """
        Number of the last question.
        """
    def start(self, /, deadline_ns: SupportsIndex) -> list[tuple[int, str]]:
        """
        Tells the strategy its instruments; the answer may take longer than others.
        """
    def started(
        self,
        /,
        artifact: SupportsLenAndGetItem[SupportsIndex],
        plaintext: SupportsLenAndGetItem[SupportsIndex],
        form: SupportsIndex,
        isolation: SupportsIndex,
        layers: SupportsIndex,
        memory_bytes: SupportsIndex,
        cpu_seconds: SupportsIndex,
        fuel: SupportsIndex,
    ) -> int:
        """
        Records that the process started: `JailStart` with these fields.
        """
    def stop(self, /) -> list[tuple[int, str]]:
        """
        Tells the strategy that the run ends, and seals the tape with a last `JailAnswer`.
        """

@final
class JournalWriter:
    """
    Writes a log in a folder: records wait in memory until `commit` makes them durable together; `publish` signs them.

    `JournalWriter(dir, origin, seed)` starts one; `JournalWriter.open` continues one, after a clean end or a crash alike.
    `stream` is the log's folder below `dir`.
    Ids run from 1 without gaps. In a `with` block it is signed and closed at the end, unless an exception ended it.
    """
    def __enter__(self, /) -> JournalWriter: ...
    def __exit__(
        self, /, kind: Any | None = None, _value: Any | None = None, _traceback: Any | None = None
    ) -> None: ...
    def __new__(
        cls, /, dir: str | PathLike[str], origin: str, seed: bytes, stream: str = "journal"
    ) -> JournalWriter: ...
    def append(self, /, kind: SupportsIndex, id: SupportsIndex, data: bytes) -> None:
        """
        Appends one record as an entry of its own, in memory; its id must be `next_id`.
        """
    def append_plain(self, /, kind: SupportsIndex, id: SupportsIndex, data: bytes) -> None:
        """
        Appends one record that everybody may read, in a sealed log too.
        """
    def append_row(self, /, kind: SupportsIndex, id: SupportsIndex, data: bytes) -> None:
        """
        Appends one record to the open segment, which rows of the same kind and length share; for market data.
        """
    def close(self, /) -> None:
        """
        Commits and closes; without `publish` before, what was added since the last time stays unsigned.
        """
    def commit(self, /) -> int:
        """
        Makes everything appended durable; returns the entries now durable.
        """
    @property
    def key(self, /) -> str:
        """
        The verifier key line that checks this log.
        """
    @property
    def mended_files(self, /) -> int:
        """
        Published tiles, bundles and blobs that were missing or damaged and opening wrote anew.
        """
    @property
    def next_id(self, /) -> int:
        """
        The id that the next record must have.
        """
    @staticmethod
    def open(dir: str | PathLike[str], origin: str, seed: bytes, stream: str = "journal") -> JournalWriter:
        """
        Continues the log in a folder; a commit that a crash cut short is removed, see `torn_bytes`; published files are
        mended, see `mended_files`.
        """
    def publish(self, /) -> tuple[int, str]:
        """
        Commits, publishes tiles, bundles and blobs, signs the whole log and replaces the checkpoint; returns the entries
        signed and their root in hex.
        """
    def seal_with(self, /, word: SupportsIndex, key: SupportsLenAndGetItem[SupportsIndex]) -> None:
        """
        From here on entries are sealed with the key (32 bytes) of the epoch `word`, see `epoch_word`.
        """
    @property
    def torn_bytes(self, /) -> int:
        """
        Bytes of a commit that a crash cut short and opening removed.
        """

@final
class Keyring:
    """
    The epoch keys that one reader holds; readers of logs take one.
    """
    def __len__(self, /) -> int: ...
    def __new__(cls, /) -> Keyring: ...
    def add(self, /, word: SupportsIndex, key: bytes, commitment: bytes) -> None:
        """
        Takes the key (32 bytes) of the epoch `word`; if it is not the one committed to, that is LOG_SEAL_COMMITMENT.
        """
    def epochs(self, /) -> list[str]:
        """
        The epochs whose keys are here, as people call them: `journal 3`.
        """

@final
class LatencyHistogram:
    """
    Latencies in nanoseconds, counted by an HDR histogram of three significant digits.
    """
    def __new__(cls, /, buckets: SupportsGetItem[int, tuple[SupportsIndex, SupportsIndex]] = ...) -> LatencyHistogram:
        """
        An empty one, or what `buckets` of another gave.
        """
    def buckets(self, /) -> list[tuple[int, int]]:
        """
        Values that occurred, to three digits, and how often.
        """
    @property
    def count(self, /) -> int:
        """
        How many were counted.
        """
    @property
    def least(self, /) -> int:
        """
        The smallest, 0 where nothing was counted.
        """
    @property
    def mean(self, /) -> float:
        """
        The mean, 0 where nothing was counted.
        """
    def merge(self, /, other: LatencyHistogram) -> None:
        """
        Adds what another counted.
        """
    @property
    def most(self, /) -> int:
        """
        The greatest, to three digits.
        """
    def quantile(self, /, share: SupportsFloat | SupportsIndex) -> int:
        """
        What a share of them (0 to 1) do not exceed, to three digits.
        """
    def record(self, /, ns: SupportsIndex) -> None:
        """
        Counts one. What is negative (a clock was set back) counts as 0, what is over an hour as an hour.
        """

@final
class LevelBook:
    """
    Every price of a book (L2), from `BookLevel` events.
    """
    def __new__(
        cls,
        /,
        *,
        lowest_ticks: SupportsIndex = 1,
        highest_ticks: SupportsIndex = ...,
        may_cross: bool = False,
        window_ticks: SupportsIndex = 4096,
    ) -> LevelBook:
        """
        An empty book of prices from `lowest_ticks` to `highest_ticks`; `window_ticks` (a power of two, 256 to 262,144) of
        them, around the best of each side, are kept in dense tables of 8 bytes a tick.
        """
    def apply(self, /, events: numpy.typing.NDArray[typing.Any]) -> None:
        """
        Takes `BookLevel` events, update by update; raises `BookError` at the first update refused.
        """
    def asks(
        self, /, n: SupportsIndex | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """
        Prices (ticks) and lots of the best `n` asks, best first; all without `n`.
        """
    @property
    def best_ask(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best ask.
        """
    @property
    def best_bid(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best bid.
        """
    def bids(
        self, /, n: SupportsIndex | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """
        Prices (ticks) and lots of the best `n` bids, best first; all without `n`.
        """
    def checksum(
        self, /, rule: str, price: tuple[SupportsIndex, SupportsIndex], size: tuple[SupportsIndex, SupportsIndex]
    ) -> int:
        """
        The checksum by the rule of `kraken` or `okx`; `price` and `size` say how the venue writes them: units of the last
        decimal in a tick (or lot), and decimals (at most 18).
        """
    def depth(self, /, side: str, n: SupportsIndex) -> tuple[int, int, int]:
        """
        Levels, lots, and lots times ticks from the best, over the best `n` levels of a side (`bid` or `ask`); exact.
        """
    def depth_within(self, /, side: str, ticks: SupportsIndex) -> tuple[int, int, int]:
        """
        The same over the levels up to so many ticks from the best, that included.
        """
    def imbalance(self, /, n: SupportsIndex = 1) -> float | None:
        """
        Bids' lots less asks' lots over both, over the best `n` levels a side: from -1 to 1.
        """
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of the book's canonical form: equal books have equal hashes, however they were built.
        """
    def tops(self, /, events: numpy.typing.NDArray[typing.Any]) -> numpy.typing.NDArray[numpy.int64]:
        """
        The same, giving the best prices after each update: (updates, 4) of bid ticks, bid lots, ask ticks, ask lots.
        """
    def weighted_mid(self, /, n: SupportsIndex = 1) -> float | None:
        """
        The mid in ticks over the best `n` levels a side: each side's mean price weighted by the other side's lots.
        """

@final
class LogReader:
    """
    Reads the records of the log in a folder, also while another process writes it: whole commits only. A replica that
    has no write-ahead file is read from its bundles and blobs.

    Iterating gives `(kind, id, bytes)` in order of the ids, which run from 1 to `len(reader)`. Checksums and numbers are
    checked, signatures are not: that is `verify_log`. With a keyring sealed entries are opened, and one that it cannot
    open is an error; without one their records show as what they are: kind 35.
    """
    def __iter__(self, /) -> LogRecords: ...
    def __len__(self, /) -> int: ...
    def __new__(
        cls, /, dir: str | PathLike[str], stream: str = "journal", keys: Keyring | None = None
    ) -> LogReader: ...
    def disclose(self, /, id: SupportsIndex) -> tuple[str, bytes, bytes] | None:
        """
        What opens the sealed entry of a record, and no other entry: `(epoch, commitment, key)`; `None` if it is plain.

        Whoever has it reads every record of that entry. `open_entry` uses it.
        """
    def entries(self, /, kind: SupportsIndex) -> list[tuple[int, bytes]]:
        """
        All records of one kind as `(id, bytes)`, for kinds whose records differ in length.
        """
    def entry(self, /, id: SupportsIndex) -> tuple[bytes, bytes]:
        """
        The Merkle leaf that holds a record, and the bytes that it commits to, empty if there are none: `(entry, blob)`.
        """
    def inclusion(self, /, id: SupportsIndex) -> tuple[int, int, bytes, list[bytes]]:
        """
        Proves that a record's entry is in the log (RFC 6962): `(index, size, entry, siblings from leaf to root)`.
        """
    @property
    def is_sealed(self, /) -> bool:
        """
        Whether a sealed entry is among its entries.
        """
    def opened(self, /, keys: Keyring) -> LogReader:
        """
        The same log, read no second time, with its sealed entries opened.
        """
    def record(self, /, id: SupportsIndex) -> tuple[int, int, bytes]:
        """
        One record by its id, as `(kind, id, bytes)`.
        """
    def records(self, /, kind: SupportsIndex) -> bytes:
        """
        The bytes of all records of one kind, one behind the other, ready for `numpy.frombuffer` with the noun's dtype.
        """
    def roots(self, /) -> list[bytes]:
        """
        Merkle roots of the log when it held 0, 1, 2, ... entries, up to all of them.
        """

@final
class LogRecords:
    """
    The records of a log in order, as `(kind, id, bytes)`.
    """
    def __iter__(self, /) -> LogRecords: ...
    def __next__(self, /) -> tuple[int, int, bytes]: ...

@final
class LogTree:
    """
    The published tree of the log in a folder, read from its tiles, for those who ask witnesses.
    """
    def __new__(cls, /, dir: str | PathLike[str], stream: str = "journal") -> LogTree:
        """
        The tree that the checkpoint signs; `stream` is the log's folder below `dir`.
        """
    def body(self, /, size: SupportsIndex) -> bytes:
        """
        The body of the checkpoint that the log has at `size` entries.
        """
    def request(self, /, old: SupportsIndex, new: SupportsIndex, note: str) -> bytes:
        """
        The body of an `add-checkpoint` request for a signed note of `new` entries, to a witness that knows `old`.
        """

@final
class LookedAt:
    """
    Bars of one instrument that were looked at once for many runs.
    """

@final
class MarketGenerator:
    """
    A market that is made up, event by event; see `hedgerow.market.generated`.

    Rates are per second and side. Raises SIM_BAD_COST for a setting that cannot be meant.
    """
    def __new__(
        cls,
        /,
        *,
        seed: SupportsIndex,
        instrument: SupportsIndex,
        start_ticks: SupportsIndex,
        start_ns: SupportsIndex,
        limit_rates: SupportsGetItem[int, SupportsFloat | SupportsIndex],
        market_rate: SupportsFloat | SupportsIndex,
        cancel_rates: SupportsGetItem[int, SupportsFloat | SupportsIndex],
        size_tail: SupportsFloat | SupportsIndex,
        branching: SupportsFloat | SupportsIndex,
        fear: SupportsFloat | SupportsIndex,
        split_tail: SupportsFloat | SupportsIndex,
        split_orders: SupportsIndex,
        refill: SupportsFloat | SupportsIndex,
    ) -> MarketGenerator: ...
    def run(
        self, /, events: SupportsIndex
    ) -> tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]:
        """
        The next events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade`
        rows.
        """

@final
class MarketPhase:
    """
    What an instrument does at the venue from now on, as it reached us.
    """
    @property
    def phase(self, /) -> str | None:
        """
        `closed`, `opening_call`, `continuous`, `closing_call` or `halted`.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """
    @property
    def ts(self, /) -> int:
        """
        When it happened at the venue, UTC nanoseconds.
        """

@final
class OrderBook:
    """
    Every order of a book (L3), from `BookOrder` events.
    """
    def __len__(self, /) -> int:
        """
        How many orders rest.
        """
    def __new__(
        cls,
        /,
        *,
        lowest_ticks: SupportsIndex = 1,
        highest_ticks: SupportsIndex = ...,
        may_cross: bool = False,
        window_ticks: SupportsIndex = 4096,
    ) -> OrderBook:
        """
        An empty book; see `LevelBook` for the settings (16 bytes a tick of the window).
        """
    def apply(self, /, events: numpy.typing.NDArray[typing.Any]) -> None:
        """
        Takes `BookOrder` events, update by update; raises `BookError` at the first update refused.
        """
    def asks(
        self, /, n: SupportsIndex | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """
        Prices (ticks) and lots of the best `n` asks, best first; all without `n`.
        """
    @property
    def best_ask(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best ask.
        """
    @property
    def best_bid(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best bid.
        """
    def bids(
        self, /, n: SupportsIndex | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
        """
        Prices (ticks) and lots of the best `n` bids, best first; all without `n`.
        """
    def lots_ahead(self, /, order_id: SupportsIndex) -> int | None:
        """
        Lots that will be served before an order at its price; `None` if there is no such order.
        """
    def queue(self, /, side: str, price_ticks: SupportsIndex) -> list[tuple[int, int]]:
        """
        The orders at a price of a side (`bid` or `ask`), first in the queue first: (number, lots).
        """
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of the book's canonical form, every queue included.
        """
    def tops(self, /, events: numpy.typing.NDArray[typing.Any]) -> numpy.typing.NDArray[numpy.int64]:
        """
        The same, giving the best prices after each update: (updates, 4) of bid ticks, bid lots, ask ticks, ask lots.
        """

@final
class OrderTicket:
    """
    An order the strategy has made: its verdict, and its state as it is now.
    """
    @property
    def approved(self, /) -> bool:
        """
        Whether the gate approved it.
        """
    @property
    def code(self, /) -> str | None:
        """
        Code of the first rule that denied it, such as `RISK-014`, or `None`.
        """
    @property
    def display(self, /) -> float | None:
        """
        Units that the book shows of it at a time, under the terms in force; `None` where that is all, and once it no longer
        works.
        """
    @property
    def filled(self, /) -> float | None:
        """
        Units filled so far; `None` once it no longer works.
        """
    @property
    def id(self, /) -> int:
        """
        Sequence number of the order's record.
        """
    @property
    def limit(self, /) -> float | None:
        """
        Its limit under the terms in force; `None` for a market order, and once it no longer works.
        """
    @property
    def peg(self, /) -> str | None:
        """
        What its price follows (`primary`, `midpoint`, `market`); `None` where it follows nothing, and once it no longer works.
        """
    @property
    def quantity(self, /) -> float | None:
        """
        Units in all, filled ones included, under the terms in force; `None` once it no longer works.
        """
    @property
    def state(self, /) -> str | None:
        """
        The order's state by name, `None` once it no longer works.
        """
    @property
    def stop(self, /) -> float | None:
        """
        Its stop price under the terms in force; `None` where it has none, and once it no longer works.
        """

@final
class ParentDesk:
    """
    A strategy's parent orders in its run.
    """
    def __new__(cls, /, strategy: StrategyCore) -> ParentDesk:
        """
        Of a strategy that is in a run; RUN_OUTSIDE otherwise.
        """
    def about(self, /, symbol: str | None = None) -> tuple[int, int, int, int, int, int, int]:
        """
        (instrument, tick, lot, bid, ask, average daily volume, daily deviation): see the module.
        """
    def amend(
        self,
        /,
        parent: SupportsIndex,
        lots: SupportsIndex,
        limit_ticks: SupportsIndex,
        until: SupportsIndex | None,
        steps: SupportsGetItem[int, tuple[SupportsIndex, SupportsIndex]],
    ) -> None:
        """
        Another total, limit and end for a parent order, and its new plan.
        """
    def at_work(
        self, /
    ) -> list[
        tuple[
            int,
            int,
            str,
            int,
            int,
            int,
            int,
            int | None,
            tuple[int, int, int, int, int, float, int, int, bool, int, bool, bool],
            list[tuple[int, int]],
        ]
    ]:
        """
        The strategy's parent orders that are being worked, in order of their making, those of an earlier life of the run among
        them.
        """
    def lots(self, /, instrument: SupportsIndex, quantity: SupportsFloat | SupportsIndex) -> int:
        """
        Signed lots of a quantity.
        """
    @property
    def now(self, /) -> int:
        """
        The run's time, UTC nanoseconds.
        """
    @property
    def over_books(self, /) -> bool:
        """
        Whether the run is over books.
        """
    def quantity(self, /, instrument: SupportsIndex, lots: SupportsIndex) -> float:
        """
        Units of so many lots.
        """
    def state(self, /, parent: SupportsIndex) -> tuple[int, int, int, int, int | None, bool, bool] | None:
        """
        (total, filled, working lots, limit, until or `None`, whether more will be sent, whether it has ended) of a parent order.
        """
    def stop(self, /, parent: SupportsIndex) -> bool:
        """
        Stops a parent order and cancels its children; whether it was still being worked.
        """
    def stop_all(self, /, instrument: SupportsIndex, cause: SupportsIndex) -> None:
        """
        Stops all parent orders of the strategy in an instrument, because of a record.
        """
    def tape(
        self, /, instrument: SupportsIndex, first: SupportsIndex = 0
    ) -> tuple[typing.Any, typing.Any, typing.Any, typing.Any, int]:
        """
        What was seen of an instrument from row `first` on, stretch by stretch: when it ended, lots traded, mean width of the
        market (ticks), mean lots at its two best prices (NaN = not known); and the row to go on from. Over bars a stretch is a
        bar whose volume is known; over books one that is not over yet is not shown.
        """
    def ticks(self, /, instrument: SupportsIndex, price: SupportsFloat | SupportsIndex) -> int:
        """
        Ticks of a price.
        """
    def work(
        self,
        /,
        instrument: SupportsIndex,
        lots: SupportsIndex,
        algo: SupportsIndex,
        limit_ticks: SupportsIndex,
        until: SupportsIndex | None,
        slices: SupportsIndex,
        steps: SupportsGetItem[int, tuple[SupportsIndex, SupportsIndex]],
        told: tuple[
            SupportsIndex,
            SupportsIndex,
            SupportsIndex,
            SupportsIndex,
            SupportsIndex,
            SupportsFloat | SupportsIndex,
            SupportsIndex,
            SupportsIndex,
            bool,
            SupportsIndex,
            bool,
            bool,
        ]
        | None = None,
        cause: SupportsIndex = 0,
    ) -> int:
        """
        Starts a parent order of signed lots; returns its record's id. `told` = seed, from, every, size, volume, risk aversion,
        share, sizes, times, curve, passive, auction; `steps` = (due, lots in all). `cause` 0 = what is being handled.
        """

@final
class Quote:
    """
    The best prices of an instrument, as they reached us. Prices are floats for research; `*_ticks` are exact.
    """
    @property
    def ask(self, /) -> float:
        """
        Best ask; 0 = none.
        """
    @property
    def ask_size(self, /) -> float:
        """
        Size of the best ask.
        """
    @property
    def ask_ticks(self, /) -> int:
        """
        Best ask in ticks; 0 = none.
        """
    @property
    def bid(self, /) -> float:
        """
        Best bid; 0 = none.
        """
    @property
    def bid_size(self, /) -> float:
        """
        Size of the best bid.
        """
    @property
    def bid_ticks(self, /) -> int:
        """
        Best bid in ticks; 0 = none.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """
    @property
    def ts(self, /) -> int:
        """
        When it happened at the venue, UTC nanoseconds.
        """
    @property
    def ts_init(self, /) -> int:
        """
        When it reached us, UTC nanoseconds.
        """

@final
class QuoteTicket:
    """
    A change of a two-sided quote: one verdict on both sides.
    """
    @property
    def approved(self, /) -> bool:
        """
        Whether the gate approved both sides; denied, the quote stands as it was.
        """
    @property
    def code(self, /) -> str | None:
        """
        Code of the first rule that denied them, such as `RISK-014`, or `None`.
        """
    @property
    def id(self, /) -> int:
        """
        Sequence number of the update's record.
        """

@final
class ReactiveGenerator:
    """
    The queue-reactive market, event by event; see `hedgerow.market.generated`.

    Rates are per second, of each table a row is a queue. Raises SIM_BAD_COST for a setting that cannot be meant.
    """
    def __new__(
        cls,
        /,
        *,
        seed: SupportsIndex,
        instrument: SupportsIndex,
        start_ticks: SupportsIndex,
        start_ns: SupportsIndex,
        limit_rates: SupportsGetItem[int, SupportsGetItem[int, SupportsFloat | SupportsIndex]],
        cancel_rates: SupportsGetItem[int, SupportsGetItem[int, SupportsFloat | SupportsIndex]],
        market_rates: SupportsGetItem[int, SupportsGetItem[int, SupportsFloat | SupportsIndex]],
        theta: SupportsFloat | SupportsIndex,
        redraw: SupportsFloat | SupportsIndex,
    ) -> ReactiveGenerator: ...
    def run(
        self, /, events: SupportsIndex
    ) -> tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]:
        """
        The next events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade`
        rows.
        """

@final
class StandingQuote:
    """
    A maker's quote as it stands; what the venue has not answered counts as done.
    """
    @property
    def ask(self, /) -> float | None:
        """
        Price asked, or `None`.
        """
    @property
    def ask_quantity(self, /) -> float:
        """
        Units open at it.
        """
    @property
    def bid(self, /) -> float | None:
        """
        Price bid, or `None`.
        """
    @property
    def bid_quantity(self, /) -> float:
        """
        Units open at it.
        """
    @property
    def is_settled(self, /) -> bool:
        """
        Whether the venue has answered all that was asked.
        """

@disjoint_base
class StrategyCore:
    """
    Base of every strategy: what it may ask and do while a run is on.
    """
    def __new__(cls, /, *_args: typing.Any, **_settings: typing.Any) -> StrategyCore: ...
    def after(
        self,
        /,
        entry: OrderTicket,
        quantity: SupportsFloat | SupportsIndex | None = None,
        symbol: str | None = None,
        *,
        limit: SupportsFloat | SupportsIndex | None = None,
        stop: SupportsFloat | SupportsIndex | None = None,
        tif: str = "gtc",
        until: SupportsIndex | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        beside: ContingentTicket | None = None,
        display: SupportsFloat | SupportsIndex | None = None,
        peg: str | None = None,
        offset_ticks: SupportsIndex = 0,
    ) -> ContingentTicket | None:
        """
        An order that follows another one's fills (OTO): as `entry` fills, so much of it is sent in proportion. `quantity` is what
        it comes to in all, positive to buy, negative to sell; without one it closes as much as `entry` fills. `beside` is
        another that follows the same entry: what one of them trades the other trades no more. The other words are those of
        `buy`. Returns its ticket, `None` where `entry` does not work.
        """
    def book(self, /, symbol: str | None = None) -> Book:
        """
        The book of an instrument as it is known now, in a run over books; it changes as the run goes on.
        """
    def buy(
        self,
        /,
        quantity: SupportsFloat | SupportsIndex,
        symbol: str | None = None,
        *,
        limit: SupportsFloat | SupportsIndex | None = None,
        stop: SupportsFloat | SupportsIndex | None = None,
        tif: str = "gtc",
        until: SupportsIndex | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        beside: OrderTicket | None = None,
        display: SupportsFloat | SupportsIndex | None = None,
        peg: str | None = None,
        offset_ticks: SupportsIndex = 0,
    ) -> OrderTicket | None:
        """
        Buys a positive quantity: at the market, at a `limit`, once the market has reached `stop`, or both. `tif` is `gtc`, `day`,
        `ioc`, `fok`, `gtd` (with `until`, UTC nanoseconds), `opg` or `cls`; `beside` is the ticket of another order:
        what one of them trades the other trades no more (OCO), in proportion where they are of two instruments; `display` is what
        the book shows of an order with a limit at a time (iceberg). With `peg` (`primary`, `midpoint`, `market`) and `offset_ticks` its
        price follows the book, never beyond `limit`. Returns the order's ticket.
        """
    def cancel(self, /, ticket: OrderTicket | ContingentTicket) -> None:
        """
        Asks to cancel a working order; an order that follows another one's fills follows them no more.
        """
    def close(self, /, symbol: str | None = None) -> OrderTicket | None:
        """
        Closes the position in an instrument, working orders counted.
        """
    def feed(self, /, indicator: Indicator, symbol: str | None = None, field: str = "close") -> None:
        """
        Feeds an indicator with an instrument's bars from now on: with `field` (`open`, `high`, `low`, `close`, `volume`) if it
        takes one series, else with the fields that its inputs are called after.
        """
    @property
    def nav(self, /) -> float:
        """
        Value of the strategy's book in base currency.
        """
    @property
    def now(self, /) -> int:
        """
        The time of the run, UTC nanoseconds.
        """
    def order_target(self, /, quantity: SupportsFloat | SupportsIndex, symbol: str | None = None) -> OrderTicket | None:
        """
        Trades what is missing to a wanted position, working orders counted; `None` if nothing is missing.
        """
    def order_target_weight(
        self, /, weight: SupportsFloat | SupportsIndex, symbol: str | None = None
    ) -> OrderTicket | None:
        """
        Trades what is missing to a wanted share of the book's value at the last price, cut to whole lots.
        """
    @property
    def position(self, /) -> float:
        """
        Position in the only instrument, signed units.
        """
    def position_of(self, /, symbol: str | None = None) -> float:
        """
        Position in an instrument, signed units.
        """
    def quote(
        self,
        /,
        symbol: str | None = None,
        *,
        bid: SupportsFloat | SupportsIndex | None = None,
        bid_quantity: SupportsFloat | SupportsIndex | None = None,
        ask: SupportsFloat | SupportsIndex | None = None,
        ask_quantity: SupportsFloat | SupportsIndex | None = None,
    ) -> QuoteTicket | None:
        """
        Makes the two-sided quote in an instrument what is said here: both sides change by one decision of the gate, or neither
        does. A side that is left out is withdrawn; one whose price and open quantity stay keeps its place in the queue. Quotes
        only make liquidity. Returns `None` where nothing changes, or the venue has not answered the last change yet.
        """
    def quoted(self, /, symbol: str | None = None) -> StandingQuote:
        """
        The two-sided quote in an instrument as it stands.
        """
    def replace(
        self,
        /,
        ticket: OrderTicket | ContingentTicket,
        quantity: SupportsFloat | SupportsIndex | None = None,
        *,
        limit: SupportsFloat | SupportsIndex | None = None,
        stop: SupportsFloat | SupportsIndex | None = None,
        display: SupportsFloat | SupportsIndex | None = None,
        peg: str | None = None,
        offset_ticks: SupportsIndex | None = None,
    ) -> OrderTicket:
        """
        Asks to change a working order: its quantity in all (what is filled included), its limit, its stop price, how much an
        iceberg shows (`display`), what is added to what a pegged order follows (`offset_ticks`; what it follows, `peg`, can be
        said again and cannot change). The ticket that comes back says whether the gate approved the change; denied, the order
        works on as it was.
        """
    def sell(
        self,
        /,
        quantity: SupportsFloat | SupportsIndex,
        symbol: str | None = None,
        *,
        limit: SupportsFloat | SupportsIndex | None = None,
        stop: SupportsFloat | SupportsIndex | None = None,
        tif: str = "gtc",
        until: SupportsIndex | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        beside: OrderTicket | None = None,
        display: SupportsFloat | SupportsIndex | None = None,
        peg: str | None = None,
        offset_ticks: SupportsIndex = 0,
    ) -> OrderTicket | None:
        """
        Sells a positive quantity: at the market, at a `limit`, once the market has reached `stop`, or both. `tif` is `gtc`, `day`,
        `ioc`, `fok`, `gtd` (with `until`, UTC nanoseconds), `opg` or `cls`; `beside` is the ticket of another order:
        what one of them trades the other trades no more (OCO), in proportion where they are of two instruments; `display` is what
        the book shows of an order with a limit at a time (iceberg). With `peg` (`primary`, `midpoint`, `market`) and `offset_ticks` its
        price follows the book, never beyond `limit`. Returns the order's ticket.
        """
    def set_timer(self, /, every_ns: SupportsIndex) -> None:
        """
        Calls `on_timer` after the bars of a time, whenever so many nanoseconds have passed.
        """

@final
class TileProver:
    """
    Proves the files of the published log with `size` entries and this root (32 bytes), in the order of `names`.

    A file that was taken is the one that the root commits to; LOG_TILE names one that is not, and another can be tried.
    """
    def __new__(cls, /, size: SupportsIndex, root: SupportsLenAndGetItem[SupportsIndex]) -> TileProver: ...
    def names(self, /) -> list[str]:
        """
        The names of all tiles and bundles, in the order in which they are proved.
        """
    def take(self, /, name: str, data: bytes) -> tuple[list[str], int]:
        """
        Proves a file. Of a bundle: the names of the blobs that its entries commit to, and how many of its entries an
        outsider could read, beside those that everybody must.
        """

@final
class TopBook:
    """
    The best bid and ask (L1), from `BookLevel` events that say what is best.
    """
    def __new__(
        cls, /, *, lowest_ticks: SupportsIndex = 1, highest_ticks: SupportsIndex = ..., may_cross: bool = False
    ) -> TopBook:
        """
        An empty book of prices from `lowest_ticks` to `highest_ticks`.
        """
    def apply(self, /, events: numpy.typing.NDArray[typing.Any]) -> None:
        """
        Takes `BookLevel` events, update by update; raises `BookError` at the first update refused.
        """
    @property
    def best_ask(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best ask.
        """
    @property
    def best_bid(self, /) -> tuple[int, int] | None:
        """
        Price (ticks) and lots of the best bid.
        """
    def state_hash(self, /) -> bytes:
        """
        SHA-256 of the book's canonical form.
        """

@final
class Trade:
    """
    A trade between others, as it reached us.
    """
    @property
    def aggressor(self, /) -> str | None:
        """
        Who took: `buy`, `sell`, or `None` where it is not known.
        """
    @property
    def kind(self, /) -> str | None:
        """
        How it came about: `continuous`, `hidden` (against orders that nobody saw), `opening`, `closing`, or `auction`
        for any other.
        """
    @property
    def price(self, /) -> float:
        """
        Price per unit.
        """
    @property
    def quantity(self, /) -> float:
        """
        Units traded.
        """
    @property
    def symbol(self, /) -> str:
        """
        Name of the instrument.
        """
    @property
    def ts(self, /) -> int:
        """
        When it happened at the venue, UTC nanoseconds.
        """

@final
class Witness:
    """
    A witness (C2SP tlog-witness) that remembers in a folder the last checkpoint it cosigned of each log.

    `origin_keys` are the key lines of the logs it watches. A folder whose memory is missing or damaged is refused.
    """
    def __new__(
        cls, /, dir: str | PathLike[str], name: str, seed: bytes, origin_keys: SupportsGetItem[int, str]
    ) -> Witness: ...
    def add_checkpoint(self, /, request: bytes, time_s: SupportsIndex) -> tuple[int, str, str]:
        """
        Answers an `add-checkpoint` request at a time in seconds since the Epoch: HTTP status, content type, body.

        The checkpoint is persisted before its cosignature is returned; concurrent calls are taken one after the other.
        """
    def cosigned(self, /) -> list[tuple[str, int, str]]:
        """
        The last cosigned checkpoint of each log: (origin, size, root in hex).
        """
    @property
    def key(self, /) -> str:
        """
        The key line that checks its cosignatures.
        """

@final
class WitnessPolicy:
    """
    Which cosignatures make a checkpoint witnessed, from the bytes of a C2SP tlog-policy file.
    """
    def __new__(cls, /, text: bytes) -> WitnessPolicy: ...
    def judge(self, /, note: bytes, log_key: str) -> dict[str, typing.Any]:
        """
        Judges a signed note of the log with this key line: `met`, `by` ((name, seconds since the Epoch)), `missing`.
        """
    def witnesses(self, /) -> list[tuple[str, str, str | None]]:
        """
        The witnesses in the file's order: (name, key line, URL or None).
        """

def add_cosignatures(dir: str | PathLike[str], note: str, stream: str = "journal") -> bool:
    """
    Adds the signature lines of a note over the same body to the checkpoint of the log in a folder, also while another
    process writes that log; `False` if it has published a later checkpoint by now, and nothing was added.
    """

def age_encrypt(plaintext: bytes, recipients: SupportsGetItem[int, str], entropy: bytes) -> bytes:
    """
    Encrypts to age recipients (X25519): equal arguments give equal bytes, so `entropy` (32 bytes) must be unpredictable.
    """

def age_identity(private_secret: bytes) -> tuple[str, str]:
    """
    The age recipient (`age1...`) and identity (`AGE-SECRET-KEY-1...`) of a 32-byte X25519 secret.
    """

def authoring_kit() -> list[tuple[str, str]]:
    """
    Files of the authors' kit: (place, text).
    """

def canonical_json(text: str) -> str:
    """
    Spells JSON text canonically (RFC 8785, no floats) as the authority demands it.
    """

def cash_balances(engine: Engine, strategy: SupportsIndex) -> list[tuple[str, int, int]]:
    """
    A strategy's books by currency: cash, and what was paid for what it holds, 10^-9 units.
    """

def check_answers(
    folder: str | PathLike[str], tape: bytes, strategy: SupportsIndex, keys: Keyring | None = None
) -> tuple[int, int]:
    """
    Proves that a strategy's orders in a log are what the answers on its tape lead to; returns (answers, orders).

    A sealed log is opened with the keyring. Raises `JAIL_REPLAY` with the first difference.
    """

def check_proof(proof: str, entry: bytes, key: str) -> dict[str, typing.Any]:
    """
    Checks that an entry is in the log that a key signed, by a C2SP tlog-proof text and nothing else.

    Returns `origin`, `index`, `size` and `root` (hex) of the checkpoint. Raises LOG_PROOF if the text has another form,
    LOG_BAD_SIGNATURE if the key did not sign the checkpoint, LOG_BAD_ROOT if the entry is not under it.
    """

def code_text(number: SupportsIndex) -> str:
    """
    The text of a code number, such as `RISK-014`.
    """

def compartments() -> list[str]:
    """
    The compartments that have epoch keys of their own.
    """

def consistency_proof(
    dir: str | PathLike[str], old: SupportsIndex, new: SupportsIndex, stream: str = "journal"
) -> list[bytes]:
    """
    Proves that the log of `new` entries begins with the log of `old` entries (RFC 9162): hashes, read from the tiles of a
    folder and checked against their roots.
    """

def cosigned_at(note: bytes, witness_key: str) -> int | None:
    """
    When the witness with this key line cosigned a signed note, in seconds since the Epoch; None if it did not.
    """

def demean_rows(
    table: numpy.typing.ArrayLike, groups: list[int], count: SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Every row of a table (T x N) less the mean of each group in it. `groups` (N) numbers the groups from 0; NaN stays NaN, and
    what belongs to none of the `count` groups becomes NaN.
    """

def disclose_entry(entry: bytes, blob: bytes, keys: Keyring) -> tuple[str, bytes, bytes] | None:
    """
    What opens one sealed entry and no other, out of the keys that a reader holds: `(epoch, commitment, key)`; `None` if
    the entry is plain. Whoever has it reads every record of that entry: `open_entry` uses it.

    `entry` is the Merkle leaf, `blob` what lies behind it. Raises LOG_SEAL_EPOCH if the epoch's key is not held, and
    LOG_SEAL_TAMPERED if the entry does not open.
    """

def ed25519_public(private_seed: bytes) -> bytes:
    """
    The public key (32 bytes) of a private seed (32 bytes).
    """

def ed25519_sign(private_seed: bytes, message: bytes) -> bytes:
    """
    The signature (64 bytes, RFC 8032) over a message by a private seed (32 bytes).
    """

def ed25519_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """
    Whether a signature over a message is by this public key; false for anything malformed.
    """

def epoch_commitment(key: bytes) -> bytes:
    """
    What an epoch event publishes of its key (32 bytes): the commitment that every reader checks.
    """

def epoch_word(compartment: str, number: SupportsIndex) -> int:
    """
    The number that sealed entries carry for an epoch (from 1) of a compartment.
    """

def error_table() -> list[tuple[int, str, str, str, str, str, int]]:
    """
    Every error code: (number, code, constant's name, what happened, what to do, area, exit status).
    """

def feature_columns(
    name: str, params: dict[str, float] | None, *tables: typing.Any
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Runs a fresh operator down every column of a table for each of its inputs (T x N, all of one shape) and returns a table of
    that shape.
    """

def fix_frames(data: bytes, message_max: SupportsIndex = 1048576) -> tuple[list[bytes], int]:
    """
    The messages of a log's bytes, and how many bytes were passed over between them.

    Nothing longer than `message_max` bytes is taken for one; one with a wrong BodyLength ends at its own CheckSum.
    """

def fix_identity(raw: bytes) -> tuple[str, str, str, str] | None:
    """
    Who speaks to whom in a framed message: BeginString, SenderCompID, TargetCompID, MsgType; nothing without all four.
    """

def has_mandate(core: StrategyCore, artifact: SupportsLenAndGetItem[SupportsIndex]) -> bool:
    """
    Whether the kernel has granted the strategy a mandate for this artifact that is neither revoked nor expired.
    """

def indicator(name: str, params: dict[str, float] | None = None) -> Indicator:
    """
    Makes an indicator by name: `indicator("sma", {"window": 20})`.
    """

def interest(
    engine: Engine, strategy: SupportsIndex, currency_code: str, amount_nano: SupportsIndex, ts: SupportsIndex
) -> int:
    """
    Interest comes (positive) or goes; `amount_nano` in 10^-9 units. Returns the id of its record.
    """

def jail_rows() -> list[dict[str, typing.Any]]:
    """
    The rows of the protocol, for documentation and NumPy: name, size, meaning, and fields as (name, type, bytes, meaning).
    """

def keep_witnessed(dir: str | PathLike[str], note: str, stream: str = "journal") -> None:
    """
    Keeps a checkpoint that has the cosignatures that a policy demands, in the file `witnessed` of the log in a folder,
    unless a later one is kept; of the same one the lines are added.
    """

def known_mark(engine: Engine, instrument: SupportsIndex) -> int | None:
    """
    What an instrument is worth now by the newest prices that reached us, ticks; `None` = no price ever did.
    """

def limit_fields() -> list[tuple[str, str]]:
    """
    The fields of a proposal's limits: (name, type), the type being `money`, `i64` or `u32`.
    """

def log_key(origin: str, seed: bytes) -> str:
    """
    The verifier key line of the log `origin` whose checkpoints a private seed (32 bytes) signs.
    """

def look_at(columns: Any) -> LookedAt | None:
    """
    Looks at columns of bars that nobody changes: `None` where they are of several instruments, or a row cannot be proved
    good. Runs over them, or over consecutive rows of them, that are told so need not look again.
    """

def missing_seats(expression: str, votes: SupportsGetItem[int, tuple[str, str]]) -> list[str]:
    """
    The seats of an expression (its JSON) that votes, pairs of a human and a role, leave empty.
    """

def narrowed_tile(name: str, full: bytes) -> bytes:
    """
    The beginning of a full tile or bundle that is the partial one of this name.
    """

def neutralise_rows(
    table: numpy.typing.ArrayLike, exposures: numpy.typing.ArrayLike
) -> numpy.typing.NDArray[numpy.float64]:
    """
    What exposures do not explain of every row of a table (T x N): residuals of least squares with an intercept. `exposures`
    is T x N x K, or 1 x N x K for the same at all times.
    """

def noun_table() -> list[dict[str, typing.Any]]:
    """
    Every noun: name, kind, size, doc, and its fields as (name, kind, offset, size, doc).
    """

def open_checkpoint(note: bytes, log_key: str) -> tuple[str, int, str]:
    """
    Checks a signed note with a log's key line and reads it: (origin, size, root in hex).
    """

def open_entry(entry: bytes, blob: bytes | None, commitment: bytes, key: bytes) -> list[tuple[int, int, bytes]]:
    """
    Opens one sealed entry with the key that was disclosed for it: the records in it as `(kind, id, bytes)`.

    `entry` is the Merkle leaf, `blob` the bytes it commits to (None or empty if its ciphertext stands in the leaf itself),
    `commitment` the epoch's as its event publishes it.
    """

def open_tape(tape: bytes, keys: Keyring) -> bytes:
    """
    The frames on a tape: of a sealed one opened with the keyring, of a plain one as they are.
    """

def operator_table() -> list[tuple[str, str, list[str], list[tuple[str, str, float, float, float | None, bool]]]]:
    """
    Every operator: (name, what it computes, its inputs, its parameters as (name, meaning, smallest, largest, default or
    `None`, whole)).
    """

def order_state_names() -> list[str]:
    """
    Names of the order states; the n-th is state n + 1.
    """

def ouch_decode(data: bytes, *, to_venue: bool) -> tuple[str, dict[str, typing.Any]]:
    """
    Reads one OUCH message: its type's letter, and its fields by name. Raises `WireError`.
    """

def ouch_encode(kind: str, fields: dict[str, typing.Any], *, to_venue: bool) -> bytes:
    """
    Writes one OUCH message from its fields by name. Raises `WireError` for what is missing or out of range.
    """

def prove_record(
    dir: str | PathLike[str], record: SupportsIndex, stream: str = "journal", *, witnessed: bool = False
) -> dict[str, typing.Any]:
    """
    Proves one record of the log in a folder from its published files, under the newest checkpoint or the last witnessed
    one.

    Returns `index` and `entry` (the Merkle leaf), `blob` (the bytes that the entry commits to, or None), `kind` and
    `record` (the record's own bytes), `proof` (C2SP tlog-proof text, with the checkpoint and its cosignatures) and `key`
    (the verifier key line). Raises LOG_NO_CHECKPOINT, LOG_UNKNOWN_ID, LOG_UNSIGNED, LOG_TILE or LOG_BLOB.
    """

def published_root(folder: str | PathLike[str], published: SupportsIndex, size: SupportsIndex) -> bytes:
    """
    Root of the first `size` entries of the log whose `published` entries have their tiles in a folder.
    """

def rank_rows(table: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]:
    """
    Percentile ranks within every row of a table (T x N): equals share the mean rank, NaN stays NaN.
    """

def rebuilt_wal(folder: str | PathLike[str], size: SupportsIndex, note: bytes, key: str) -> bytes:
    """
    The write-ahead file that the `size` published entries in a folder make, verified with their checkpoint and the key
    line that must have signed it.
    """

def record_of_entry(entry: bytes, blob: bytes | None, record: SupportsIndex) -> tuple[int, int, bytes]:
    """
    The record in an entry and the blob that the entry commits to, as `(kind, id, bytes)`; LOG_PROOF if they do not fit.
    """

def replay_log(folder: str, keys: Keyring | None = None) -> dict[str, typing.Any]:
    """
    Derives every effect of a journal again from its inputs, every slice of its parent orders from their plans, and what was done about orders that hang together; returns what was compared and the final state's hash.

    A sealed journal is opened with the keyring; an entry that it cannot open is an error.
    """

def restate_equity(engine: Engine) -> None:
    """
    The last point of the equity curve becomes what the run is worth now: something happened behind its last row.
    """

def serve_module(module: bytes, fuel: SupportsIndex, memory_bytes: SupportsIndex, answer_bytes: SupportsIndex) -> None:
    """
    Inside the jail: serves a module of WebAssembly on descriptors 0 and 1 until the questions end.
    """

def sha256(data: bytes) -> bytes:
    """
    SHA-256 of some bytes.
    """

def venue_price_ticks(
    *,
    reference_ticks: SupportsIndex,
    lots: SupportsIndex,
    adv_lots: SupportsIndex,
    sigma_nano: SupportsIndex,
    half_spread_nano: SupportsIndex,
    impact_nano: SupportsIndex,
) -> int:
    """
    Price in ticks at which `lots` (positive buys, negative sells) trade at a venue with these costs, in 10^-9. An
    `adv_lots` of 0 is not known.
    """

def venue_rules() -> list[tuple[str, str]]:
    """
    The numbering rules of the venues: (name, where it is written).
    """

def verify_log(dir: str | PathLike[str], key: str | None = None, stream: str = "journal") -> dict[str, typing.Any]:
    """
    Verifies the log in a folder from its files alone: checksums, record numbers, blob digests, Merkle root, signature,
    published tiles, bundles and blobs. A replica that has no write-ahead file is verified from the published files.

    `key` is the verifier key line (`origin+id+base64`) that must have signed the checkpoint; without it the key that lies
    beside the log is believed. `stream` is the log's folder below `dir`. Returns what the log holds: `origin`, `key`,
    `entries`, `records`, `segments`, `sealed`, `first_id`, `last_id`, `size_bytes`, `ready_bytes`, `root`,
    `checkpoint_size`, `unsigned_tail_entries`, `published_files`, `is_replica` (then sizes are of the file that
    its bundles make); hashes in hex. Raises the first problem found, naming entry, record and byte.
    """

def wal_sha256(dir: str | PathLike[str], stream: str = "journal") -> str:
    """
    SHA-256, in hex, of the write-ahead file of the log in a folder up to the end of its last commit: equal runs have equal
    ones. Of a replica: of the file that its bundles make.
    """

def wanted_lots(
    signals: numpy.typing.NDArray[numpy.float64],
    lots_per_signal: SupportsFloat | SupportsIndex,
    most: SupportsFloat | SupportsIndex,
) -> numpy.typing.NDArray[numpy.int64] | None:
    """
    Signals times lots for each as wanted lots, `i64::MIN` for what is not a number (leave the position as it is). `None` where
    one is not finite, no whole number of lots within a millionth, or more than `most`: whoever asks then says which.
    """

def wasm_faults(module: bytes, memory_bytes: SupportsIndex) -> list[tuple[str, str]]:
    """
    Everything for which a module of WebAssembly would be refused, as (what it is about, what is wrong).
    """

def witness_new(dir: str | PathLike[str], name: str, seed: bytes) -> str:
    """
    Makes the memory of a new witness in a folder; returns its key line (`name+id+base64`, type 0x04).
    """

def witness_policy_text(
    log_key_lines: SupportsGetItem[int, str], witnesses: SupportsGetItem[int, tuple[str, str | None]]
) -> str:
    """
    The text of a policy that asks for n - (n - 1) / 3 of these witnesses, 3 of 4: (key line, URL or None) each.
    """

class CoreProblem(Exception):
    """A named error from the core."""

    args: tuple[int, str]
    """Code number, detail."""
