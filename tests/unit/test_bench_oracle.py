"""J1 in our three forms: every fill and the last cent, before anybody speaks of speed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from bench.j1 import data, oracle  # noqa: E402 (the repository's folder is not installed)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> data.Columns:
    """All bars of J1, proved by their digest."""
    return data.load(data.ALL, tmp_path_factory.mktemp("j1"))


def first(columns: data.Columns, n: int) -> data.Columns:
    """The first bars."""
    return {name: column[:n] for name, column in columns.items()}


def test_the_bars_are_those_of_the_rule_and_are_made_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another seed is another job: it is refused; bars that lie there are used."""
    monkeypatch.setattr(data, "DIGEST", data.digest(data.make(500)))
    monkeypatch.setattr(data, "ALL", 500)
    monkeypatch.setattr(data, "make", lambda make=data.make: make(500))
    assert len(data.load(300, tmp_path)["c"]) == 300
    monkeypatch.setattr(data, "make", lambda: pytest.fail("made twice"))
    assert len(data.load(300, tmp_path)["c"]) == 300
    monkeypatch.setattr(data, "DIGEST", "0" * 64)
    with pytest.raises(SystemExit, match="differ from those of the rule"):
        data.load(300, tmp_path)


@pytest.mark.parametrize("n", [14_400, 100_000])
def test_the_rule_in_plain_integers_gives_the_known_outcome(columns: data.Columns, n: int) -> None:
    """The oracle agrees with the numbers that four engines of other people reached."""
    assert oracle.reference(first(columns, n)) == oracle.expected(n)


@pytest.mark.parametrize("form", ["events", "simple", "signals"])
@pytest.mark.parametrize("n", [14_400, 100_000])
def test_each_form_gives_the_oracles_fills_and_cents(columns: data.Columns, n: int, form: str) -> None:
    """Events, init/next and signals trade alike, fill for fill, and end at the same cent."""
    from bench.j1 import forms

    bars = forms.bars_of(first(columns, n))
    result: Any = forms.FORMS[form](bars, bars.prices())
    assert forms.outcome_of(result) == oracle.expected(n)
