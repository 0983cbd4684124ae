"""The protocol is one: Rust's table, Python's module, the C header and the NumPy of a reader agree on every byte."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow import _core
from hedgerow.core.errors import RunError
from hedgerow.governance.jail import Isolation, JailLimits, Layer
from hedgerow.governance.jail.inside import hedgerow_strategy as hs
from hedgerow.governance.jail.levels import level_of

ROWS = {row["name"]: row for row in _core.jail_rows()}
FORMATS = {"i64": "q", "f64": "d", "u32": "I", "u16": "H", "[u8; 32]": "32s"}


def layout(name: str) -> str:
    """A row as `struct` says it."""
    return "<" + "".join(FORMATS[kind] for _, kind, _, _ in ROWS[name]["fields"])


def test_python_reads_rows_as_rust_writes_them() -> None:
    """Sizes, types and names of the fields of the author's module are those of the table."""
    for kind, packed in hs.LAYOUTS.items():
        name = kind.__name__
        assert packed.size == ROWS[name]["bytes"] == struct.calcsize(layout(name))
        assert list(kind._fields) == [field for field, *_ in ROWS[name]["fields"]]
        assert packed.unpack(bytes(packed.size)) == struct.unpack(layout(name), bytes(packed.size))
    assert (hs.NOW.size, hs._INSTRUMENT.size, hs._INTENT.size) == tuple(
        ROWS[name]["bytes"] for name in ("Now", "Instrument", "Intent")
    )


def test_the_c_header_lays_fields_where_the_table_says(root: Path, tmp_path: Path) -> None:
    """A compiled program prints every offset."""
    lines, wanted = [], []
    for name, row in ROWS.items():
        offset = 0
        for field, _, size, _ in row["fields"]:
            lines.append(f'printf("%zu\\n", offsetof(hr_{name.lower()}, {field}));')
            wanted.append(offset)
            offset += size
        lines.append(f'printf("%zu\\n", sizeof(hr_{name.lower()}));')
        wanted.append(row["bytes"])
    source = tmp_path / "offsets.c"
    body = "\n".join(lines)
    source.write_text(
        '#include <stdio.h>\n#define main unused\n#include "hedgerow_strategy.h"\n#undef main\n'
        f"int main(void) {{ {body} }}\n"
    )
    include = root / "crates" / "hedgerow-strategy"
    subprocess.run(["cc", "-Wno-unused", f"-I{include}", "-o", str(tmp_path / "offsets"), str(source)], check=True)
    said = subprocess.run([str(tmp_path / "offsets")], check=True, capture_output=True, text=True).stdout
    assert [int(line) for line in said.split()] == wanted


def test_numbers_of_the_header_and_the_module_are_the_same(root: Path) -> None:
    """Kinds and actions have the same numbers in C and Python."""
    header = (root / "crates" / "hedgerow-strategy" / "hedgerow_strategy.h").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"HR_(\w+) = (\d+)", header)}
    for name in ("START", "BARS", "FILLS", "STOP", "INTENTS", "FAILED"):
        assert getattr(hs, name) == numbers[name]
    orders = hs.Orders()
    orders.buy(1, 2.0)
    orders.sell(1, 2.0, 3.0, "ioc")
    orders.target(1, 2.0)
    orders.target_weight(1, 0.5)
    orders.cancel(1)
    said = [struct.unpack(layout("Intent"), orders.rows()[n * 32 :][:32]) for n in range(len(orders))]
    assert [row[3] for row in said] == [numbers[a] for a in ("BUY", "SELL", "TARGET", "WEIGHT", "CANCEL")]
    assert said[1] == (2.0, 3.0, 1, 2, 2, 0)


class Echo(hs.Strategy):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_bars(self, now: hs.Now, bars: list[hs.Bar], orders: hs.Orders) -> None:
        """Keep bars."""
        self.heard.append((now, bars))

    def on_start(self, now: hs.Now, instruments: list[hs.Instrument], orders: hs.Orders) -> None:
        """Keep instruments."""
        self.heard.append(instruments)


@given(st.lists(st.tuples(*[st.floats(allow_nan=False)] * 7), max_size=5), st.integers(0, 2**32 - 1))
def test_a_question_is_heard_as_it_was_asked(prices: list[tuple[float, ...]], sequence: int) -> None:
    """Bars of any numbers come through whole, and the answer carries the question's number."""
    bars = [hs.Bar(n, *row, n, n) for n, row in enumerate(prices)]
    rows = b"".join(hs.LAYOUTS[hs.Bar].pack(*bar) for bar in bars)
    echo = Echo()
    told = hs.answer(echo, hs.frame(sequence, hs.BARS, len(bars), hs.NOW.pack(5, 6.0) + rows))
    assert echo.heard == [(hs.Now(5, 6.0), bars)]
    assert hs.HEAD.unpack(told) == (12, sequence, hs.INTENTS, hs.ABI, 0)


def test_instruments_are_told_by_name() -> None:
    """A symbol loses its zeros."""
    echo = Echo()
    row = hs._INSTRUMENT.pack(b"ABC", 0.01, 1.0, 4, 0)
    hs.answer(echo, hs.frame(1, hs.START, 1, hs.NOW.pack(0, 0.0) + row))
    assert echo.heard == [[hs.Instrument("ABC", 0.01, 1.0, 4)]]


def test_another_version_is_not_understood() -> None:
    """A question of version 2 is answered with a failure."""
    question = bytearray(hs.frame(1, hs.STOP, 0, hs.NOW.pack(0, 0.0)))
    question[10] = 2
    assert hs.HEAD.unpack_from(hs.answer(Echo(), bytes(question)))[2] == hs.FAILED


@pytest.mark.parametrize(
    ("name", "value"),
    [("memory_mib", 0), ("deadline_ms", -1), ("fuel", 2.5), ("answer_bytes", 2**30), ("late_max", True)],
)
def test_limits_out_of_range_are_refused(name: str, value: Any) -> None:
    """The message names the limit, the value and the range."""
    with pytest.raises(RunError, match=f"RUN-002 .*{name}={value}"):
        JailLimits(**{name: value})


def test_limits_of_a_manifest_are_read_back_and_unknown_ones_named() -> None:
    """A round trip keeps every number; a misspelt name gets a suggestion."""
    limits = JailLimits(deadline_ms=7)
    assert JailLimits.from_json(limits.to_json()) == limits
    with pytest.raises(RunError, match="did you mean 'memory_mib'"):
        JailLimits.from_json({"memory_mb": 5})


def test_a_level_needs_all_of_its_layers() -> None:
    """One layer less is one level less, and a name that is none is an error with a suggestion."""
    whole = Layer.LIMITS | Layer.SYSTEM_CALLS | Layer.NAMESPACES | Layer.NO_NEW_NAMESPACES | Layer.NO_CAPABILITIES
    assert level_of(whole) == Isolation.JAIL
    assert level_of(whole | Layer.LANDLOCK) == Isolation.JAIL
    for layer in whole:
        assert level_of(whole & ~layer) < Isolation.JAIL
        assert level_of((whole | Layer.LANDLOCK) & ~layer) < Isolation.JAIL
    assert level_of(Layer.LIMITS | Layer.SYSTEM_CALLS | Layer.LANDLOCK) == Isolation.FILTERED
    assert level_of(Layer(0)) == Isolation.NONE
    with pytest.raises(RunError, match="did you mean 'jail'"):
        Isolation.of("jails")
