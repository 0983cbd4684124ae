"""Logs of an opaque strategy that its platform forged: what the answers on the tape lead to must all be there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedgerow import Bars, _core, backtest
from hedgerow.core.errors import error_table
from hedgerow.core.nouns import noun
from hedgerow.engine.jailed import tape_path

INTENT = next(row.number for row in error_table() if row.name == "JAIL_INTENT")
STOP = 4
Record = tuple[int, int, bytes]


@pytest.fixture(scope="module")
def honest(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], bytes]:
    """The records and the tape of a run in which the strategy buys once."""
    log = tmp_path_factory.mktemp("honest") / "log"
    closes = np.round(100 * np.exp(np.arange(130) / 1_000), 2)
    bars = Bars.from_arrays(np.datetime64("2020-01-01") + np.arange(130), close=closes, volume=np.full(130, 1e7))
    backtest(bars, root / "examples" / "strategies" / "python" / "cross", seed=3, log=log)
    return list(_core.LogReader(str(log))), tape_path(log, 0).read_bytes()


def changed(name: str, data: bytes, **fields: Any) -> bytes:
    """A record of this noun with other fields."""
    row = np.frombuffer(data, dtype=noun(name).dtype).copy()
    for field, value in fields.items():
        row[field] = value
    return row.tobytes()


def up_to(tape: bytes, sequence: int) -> bytes:
    """The tape's questions up to this one, and their answers."""
    at = 0
    for _ in range(2 * sequence):
        at += int.from_bytes(tape[at : at + 4], "little") + 4
    return tape[:at]


@pytest.mark.parametrize(
    ("has_order", "has_finding", "says"),
    [
        (True, False, None),
        (False, False, "an intent has no order in the log"),
        (False, True, "the intent that it leaves out is worth an order"),
        (True, True, "no intent was left out"),
    ],
)
def test_a_finding_excuses_no_order_that_the_strategy_wanted(
    honest: tuple[list[Record], bytes], tmp_path: Path, has_order: bool, has_finding: bool, says: str | None
) -> None:
    """A log up to the first order is accepted; without it, excused or not, or with an excuse for nothing, it is not."""
    records, tape = honest
    order = next(id for kind, id, _ in records if kind == noun("Order").kind)
    answer = next(record for record in records if record[:2] == (noun("JailAnswer").kind, order - 1))
    row = np.frombuffer(answer[2], dtype=noun("JailAnswer").dtype)[0]
    # An order stands with its verdict and its event.
    kept = [record for record in records if record[1] < order + (3 if has_order else 0)]
    if has_finding:
        finding = {"cause": answer[1], "ts": row["ts"], "instrument": 2**32 - 1, "code": INTENT}
        data = changed("Finding", bytes(noun("Finding").dtype.itemsize), id=len(kept) + 1, **finding)
        kept.append((noun("Finding").kind, len(kept) + 1, data))
    seal = changed("JailAnswer", answer[2], id=len(kept) + 1, cause=0, intents=0, question=STOP)
    kept.append((noun("JailAnswer").kind, len(kept) + 1, seal))
    with _core.JournalWriter(str(tmp_path), "forged", bytes(32)) as journal:
        for record in kept:
            journal.append(*record)
    assert _core.replay_log(str(tmp_path))
    if says is None:
        assert _core.check_answers(tmp_path, up_to(tape, row["sequence"]), 0)[1] == 1
        return
    with pytest.raises(_core.CoreProblem, match=says):
        _core.check_answers(tmp_path, up_to(tape, row["sequence"]), 0)
