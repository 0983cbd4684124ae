"""Corporate actions as records: what happened to an instrument, from when on, and when it was known.

Promises that what is asked as of a moment holds no action that was told later, that a correction replaces what was
said of the same instrument, day and kind of action, and that renames are followed without a loop. Prices stay raw;
`adjusted` computes with these. `ts_event` of an action is its ex-date: the midnight before the first session without
the dividend, with the new shares, or under the new name; of what ends an instrument, the day after its last session
(the day of it does as well).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.formats.rows import Ints
from hedgerow.market.instruments import exact

WORDS = {
    "split": ("split", "stock split", "forward split", "reverse split", "stock dividend"),
    "dividend": ("dividend", "cash dividend", "special dividend", "regular dividend"),
    "gain": ("gain", "capital gain", "capital gains"),
    "merger": ("merger", "acquisition", "takeover"),
    "rename": ("rename", "symbol change", "ticker change", "name change"),
    "delisting": ("delisting", "delisted", "delist", "liquidation"),
}
"""Kinds of action, and the words for them that are understood."""
_KNOWN_AS = {word: kind for kind, words in WORDS.items() for word in words}
ENDS = ("merger", "delisting")
FIRST, LAST = int(np.iinfo(np.int64).min), int(np.iinfo(np.int64).max)
"""Before and after every moment."""


@dataclass(frozen=True)
class Action:
    """One action: of which instrument, what, its ex-date and when it was known (UTC nanoseconds).

    value: new shares for one old (split), cash a share after the splits of that day (dividend, gain, merger), the last
    worth of a share (delisting); None = not told. into: the new name (rename) or whose shares are given (merger).
    ratio: how many of those for one (merger).
    """

    instrument: str
    action: str
    ts_event: int
    ts_init: int
    value: Decimal | None = None
    into: str | None = None
    ratio: Decimal | None = None


def kind_of(word: str | None, record: int) -> str:
    """Our word for a kind of action; DATA-015 for one that is not understood.

    >>> kind_of("Cash Dividend", 0), kind_of("stock_split", 0)
    ('dividend', 'split')
    """
    told = (word or "").strip().lower().replace("_", " ")
    if told not in _KNOWN_AS:
        raise problem("DATA_TYPE", f"record {record}: {word!r} is no corporate action{did_you_mean(told, _KNOWN_AS)}")
    return _KNOWN_AS[told]


def latest_actions(table: pa.Table) -> pa.Table:
    """Of what was told about one instrument, day and kind of action what was told last, each once.

    Several dividends of one day are told together; a row without a value, of an action that needs one, takes back.
    """
    if not table.num_rows:
        return table
    table = table.sort_by([(name, "ascending") for name in ("instrument", "ts_event", "action", "ts_init")])
    known = table.column("ts_init").cast(pa.int64()).fill_null(0).to_numpy()
    group = _groups(table)
    last = np.full(int(group.max()) + 1, FIRST, dtype=np.int64)
    np.maximum.at(last, group, known)
    seen: set[tuple[Any, ...]] = set()
    keep = []
    values = zip(group.tolist(), table.column("value").to_pylist(), table.column("detail").to_pylist(), strict=True)
    for row, told in enumerate(values):
        if known[row] == last[told[0]] and told not in seen:
            seen.add(told)
            keep.append(row)
    found = table.take(pa.array(keep, pa.int64()))
    needs = pc.is_in(found.column("action"), pa.array(["split", "dividend", "gain"]))
    order = [(name, "ascending") for name in ("ts_event", "instrument", "action")]
    return found.filter(pc.or_(pc.invert(needs), pc.is_valid(found.column("value")))).sort_by(order)


def _groups(table: pa.Table) -> Ints:
    """A number for each instrument, day and kind of action; (n,)."""
    names = [table.column(name).combine_chunks().dictionary_encode() for name in ("instrument", "action")]
    codes = [name.indices.fill_null(len(name.dictionary)).to_numpy(zero_copy_only=False) for name in names]
    events = table.column("ts_event").cast(pa.int64()).fill_null(0).to_numpy()
    rows = np.stack([codes[0].astype(np.int64), events, codes[1].astype(np.int64)])
    found: Ints = np.unique(rows, axis=1, return_inverse=True)[1].astype(np.int64).ravel()
    return found


def actions_of(table: pa.Table) -> list[Action]:
    """Rows of actions as records."""
    found = []
    columns = [table.column(name) for name in ("instrument", "action", "ts_event", "ts_init", "value", "detail")]
    times = [column.cast(pa.int64()) if n in (2, 3) else column for n, column in enumerate(columns)]
    for name, action, event, known, value, detail in zip(*(column.to_pylist() for column in times), strict=True):
        into, ratio = _given_for(detail) if action in ("merger", "rename") else (None, None)
        found.append(Action(name, action, event, known, value, into, ratio))
    return found


def _given_for(detail: str | None) -> tuple[str | None, Decimal | None]:
    try:
        told = json.loads(detail or "{}")
    except ValueError:
        return detail, None
    if not isinstance(told, dict):
        return str(told), None
    into, ratio = told.get("into"), told.get("ratio")
    if into is not None and not isinstance(into, str):
        raise problem("DATA_TYPE", f"what a merger or rename leads into is a name, not {into!s:.60}")
    if ratio in (None, ""):
        return into, None
    shares = exact(str(ratio), "the ratio of a merger")
    if shares < 0:
        raise problem("DATA_NOT_POSITIVE", f"a merger that gives {shares} shares for one")
    return into, shares


@dataclass(frozen=True)
class Stretch:
    """From when to when an instrument bore a name: of events after `start_ns` and up to `end_ns`."""

    symbol: str
    start_ns: int
    end_ns: int


def stretches(symbol: str, actions: Iterable[Action], last_event: Callable[[str], int]) -> list[Stretch]:
    """The names that one instrument bore, first to last, by the renames that are known.

    A name that was given up and that nothing bears since (`last_event`: of the bars of a symbol that are known) means
    the instrument that bore it; one that another has taken since means the other.

    >>> renamed = Action("FB", "rename", 100, 90, into="META")
    >>> [(s.symbol, s.end_ns == LAST) for s in stretches("META", [renamed], {"FB": 100, "META": 120}.get)]
    [('FB', False), ('META', True)]
    """
    renames = sorted((a for a in actions if a.action == "rename" and a.into), key=lambda action: action.ts_event)
    seen = {symbol}
    while True:  # forward to the name that it bears now
        left = [a for a in renames if a.instrument == symbol]
        taken = [a.ts_event for a in renames if a.into == symbol]
        if not left or max(taken, default=FIRST) > left[-1].ts_event:
            break
        after = str(left[-1].into)
        if last_event(symbol) > left[-1].ts_event or after in seen:
            break
        seen.add(after)
        symbol = after
    found: list[Stretch] = []
    end = LAST
    while True:  # and back through those that it bore before
        given_up = max((a.ts_event for a in renames if a.instrument == symbol and a.ts_event < end), default=FIRST)
        before = [a for a in renames if a.into == symbol and given_up < a.ts_event < end]
        found.append(Stretch(symbol, before[-1].ts_event if before else given_up, end))
        if not before:
            return found[::-1]
        symbol, end = before[-1].instrument, before[-1].ts_event
