"""The trial ledger: what was tried is counted once, for good, and whoever edits the file is found out."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.errors import ModelError
from hedgerow.ledger.ratios import deflated_sharpe
from hedgerow.models.digests import arrays_digest, canonical_bytes, digest
from hedgerow.models.trials import Family, Head, Trial, TrialLedger, Variant


def variant(config: object, data: object = "x", family: str = "momentum", artifact: object = None) -> Variant:
    """A variant from words."""
    named = config if artifact is None else artifact
    return Variant(family, digest(named).hex(), digest(config).hex(), digest(data).hex(), 0, 10)


def figures(sharpe: float) -> dict[str, float]:
    """An outcome over 252 days."""
    return {"sharpe": sharpe, "per_year": 252.0, "periods": 252.0, "skew": 0.0, "kurtosis": 3.0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger file of three trials."""
    file = tmp_path / "fund" / "trials.jsonl"
    ledger = TrialLedger(file)
    for number in range(3):
        ledger.record(variant(number), figures(0.01 * number))
    return file


def test_the_same_variant_with_the_same_figures_counts_once() -> None:
    """Running again changes neither the count nor the head; other data, or other figures, are another trial."""
    ledger = TrialLedger()
    ledger.record(variant("a"), figures(0.1))
    head = ledger.head
    ledger.begin(variant("a"))
    ledger.record(variant("a"), figures(0.1))
    assert (ledger.count, ledger.head) == (1, head)
    ledger.record(variant("a", data="y"), figures(0.1))
    ledger.record(variant("a"), figures(0.9))
    assert ledger.count == 3


def test_a_run_that_was_broken_off_counts() -> None:
    """What was begun is a trial, with or without an outcome, and one trial when the outcome comes."""
    ledger = TrialLedger()
    ledger.begin(variant("a"))
    assert ledger.trials == (Trial(variant("a"), None),)
    assert ledger.family("momentum").sharpes == ()
    ledger.record(variant("a"), figures(0.1))
    assert ledger.trials == (Trial(variant("a"), figures(0.1)),)


def test_a_family_takes_its_trials_along_when_it_is_renamed() -> None:
    """Trials of an artifact under another name count with it; another family's do not."""
    ledger = TrialLedger()
    ledger.record(variant("a", artifact="file"), figures(0.1))
    ledger.record(variant("a", artifact="file", family="momentum two"), figures(0.1))
    ledger.record(variant("z", family="carry"), figures(0.1))
    assert [ledger.family(name).count for name in ledger.families] == [2, 2, 1]
    with pytest.raises(ModelError, match=r"MODEL-008 .*no trial of 'momentun'.*did you mean 'momentum'"):
        ledger.family("momentun")


def test_a_figure_that_is_not_a_number_is_refused() -> None:
    """An outcome is left out rather than written as NaN."""
    with pytest.raises(ModelError, match=r"MODEL-008.*sharpe is nan"):
        TrialLedger().record(variant("a"), figures(math.nan))


def test_a_ledger_file_is_only_ever_appended_to_and_read_back(path: Path) -> None:
    """Closing and opening forgets nothing; earlier bytes stay as they are; equal runs leave the file as it is."""
    before = path.read_bytes()
    again = TrialLedger(path)
    again.record(variant(1), figures(0.01))
    assert path.read_bytes() == before
    again.record(variant("new"), figures(1 / 3))
    assert path.read_bytes().startswith(before)
    assert TrialLedger(path).trials == again.trials
    assert TrialLedger(path).head == again.head


def test_what_another_process_added_is_read_before_a_line_is_written(path: Path) -> None:
    """Two ledgers on one file never write two lines with one number."""
    first, second = TrialLedger(path), TrialLedger(path)
    first.record(variant("by the first"), figures(0.1))
    second.record(variant("by the second"), figures(0.2))
    first.refresh()
    assert first.count == second.count == TrialLedger(path).count == 5


WRITER = """
import sys
from hedgerow.models.trials import TrialLedger, Variant

ledger = TrialLedger(sys.argv[1])
for number in range(20):
    one = Variant("momentum", "a" * 64, f"{sys.argv[2]} {number}", "d" * 64, 0, 10)
    ledger.begin(one)
    ledger.record(one, {"sharpe": number / 100, "per_year": 252.0})
"""


def test_processes_that_append_at_once_lose_no_trial(tmp_path: Path) -> None:
    """Four writers, twenty trials each, a beginning and an end: a hundred and sixty lines in one chain."""
    path = tmp_path / "trials.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)]) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert (TrialLedger(path).count, TrialLedger(path).head.lines) == (80, 160)


@pytest.mark.parametrize("kept", [1, 20, 200])
def test_a_torn_last_line_is_ignored_and_then_taken_away(path: Path, kept: int) -> None:
    """It was never acknowledged: the count stands, and the next line follows the last whole one."""
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole + line[:kept])
    assert TrialLedger(path).count == 3
    TrialLedger(path).record(variant("next"), figures(0.5))
    assert path.read_bytes().startswith(whole)
    assert TrialLedger(path).count == 4


def test_a_crash_before_the_head_is_written_loses_nothing(path: Path) -> None:
    """The line is there; the head catches up with the next one."""
    head = path.with_name("trials.jsonl.head")
    old = head.read_bytes()
    TrialLedger(path).record(variant("next"), figures(0.5))
    head.write_bytes(old)
    assert TrialLedger(path).count == 4
    TrialLedger(path).record(variant("after"), figures(0.6))
    assert TrialLedger(path).count == 5


@pytest.mark.parametrize("line", ["not json", '{"n": 4}', "[1]", "{}"])
def test_a_line_that_the_ledger_did_not_write_is_an_error(path: Path, line: str) -> None:
    """A count that cannot be read is not taken for zero."""
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ModelError, match=r"MODEL-008.*trials.jsonl line 4"):
        TrialLedger(path)


def test_every_kind_of_edit_is_found(path: Path) -> None:
    """A figure changed, a line removed, two swapped, one doubled, the end cut: each names its line."""
    lines = path.read_text().splitlines(keepends=True)
    better = lines[0].replace('"sharpe":"0.0"', '"sharpe":"9.0"')
    assert better != lines[0]
    edits = {
        "".join([better, *lines[1:]]): "line 2",
        "".join(lines[1:]): "line 1",
        "".join([lines[0], lines[2], lines[1]]): "line 2",
        "".join([*lines, lines[2]]): "line 4",
        "".join(lines[:2]): "reached line 3, and has 2",
        "": "reached line 3, and has 0",
    }
    for text, where in edits.items():
        path.write_text(text)
        with pytest.raises(ModelError, match=f"MODEL-008.*{where}"):
            TrialLedger(path)


def test_a_ledger_without_its_head_or_with_a_wrong_one_is_refused(path: Path) -> None:
    """Otherwise its end could be cut off and nobody would know."""
    head = path.with_name("trials.jsonl.head")
    for text in ('{"lines":2,"sha256":"00"}', "{}", "no"):
        head.write_text(text)
        with pytest.raises(ModelError, match="MODEL-008"):
            TrialLedger(path)
    head.unlink()
    with pytest.raises(ModelError, match=r"MODEL-008.*no trials.jsonl.head"):
        TrialLedger(path)


def test_a_rewritten_ledger_never_reached_the_head_that_a_pack_names(path: Path) -> None:
    """A head that was signed elsewhere finds a ledger that was made anew, chain and all."""
    signed = TrialLedger(path).head
    assert TrialLedger(path).as_of(signed).count == 3
    for name in ("trials.jsonl", "trials.jsonl.head"):
        path.with_name(name).unlink()
    TrialLedger(path).record(variant(0), figures(0.0))
    with pytest.raises(ModelError, match=r"MODEL-008.*never reached line 3"):
        TrialLedger(path).as_of(signed)


def test_a_ledger_as_of_an_earlier_head_knows_no_later_trial(path: Path) -> None:
    """What a pack was made from can be had again."""
    ledger = TrialLedger(path)
    first = Head(1, hashlib.sha256(path.read_bytes().splitlines()[0]).hexdigest())
    assert ledger.as_of(first).count == 1
    assert ledger.as_of(Head(0, "0" * 64)).count == 0
    assert ledger.as_of(ledger.head).trials == ledger.trials


def test_a_place_that_cannot_hold_a_ledger_is_named(tmp_path: Path) -> None:
    """A folder is no file."""
    with pytest.raises(ModelError, match=r"MODEL-008.*Is a directory"):
        TrialLedger(tmp_path).record(variant("a"), figures(0.1))


@pytest.mark.parametrize("name", ["example", "example_N46", "example_N88_normal"])
def test_a_family_deflates_as_the_published_examples_do(name: str, shared: Callable[[str], Path]) -> None:
    """Number and variance come from the ledger's trials (Bailey and Lopez de Prado, 2014)."""
    entries = json.loads(shared("reference/expected.json").read_text())["entries"]
    entry = next(e for e in entries if e["id"] == f"performance.dsr.{name}")
    given = entry["inputs"]
    count, per_year = given["N"], float(given["periods"])
    distance = math.sqrt(given["var_sr_annual"] * (count - 1) / count / per_year)  # so that n - 1 gives the variance
    trials = tuple(
        Trial(variant(n), {"sharpe": distance * (-1) ** n, "per_year": per_year, "periods": float(given["T"])})
        for n in range(count)
    )
    family = Family("paper", trials)
    assert family.variance(per_year=per_year, periods=given["T"]) == pytest.approx(given["var_sr_annual"] / per_year)
    belief = deflated_sharpe(
        given["sr_annual"] / math.sqrt(per_year),
        given["T"],
        skew=given["skew"],
        kurtosis=given["kurt"],
        trials=family.count,
        variance=family.variance(per_year=per_year, periods=given["T"]),
    )
    expected = entry["expected"][-1] if isinstance(entry["expected"], list) else entry["expected"]
    assert belief == pytest.approx(expected, abs=entry["tol"])


def test_trials_of_another_frequency_are_compared_by_the_year() -> None:
    """A weekly and a daily ratio of the same year are the same ratio."""
    weekly = {"sharpe": 1 / math.sqrt(52), "per_year": 52.0}
    daily = {"sharpe": 1 / math.sqrt(252), "per_year": 252.0}
    family = Family("both", (Trial(variant(1), weekly), Trial(variant(2), daily)))
    assert family.sharpes == pytest.approx((1.0, 1.0))


@given(st.integers(2, 500), st.integers(2, 500), st.floats(0.0, 0.3), st.integers(30, 2000))
def test_more_trials_never_raise_the_deflated_sharpe(few: int, more: int, sharpe: float, periods: int) -> None:
    """The best of many looks better by luck than the best of few."""
    low, high = sorted((few, more))
    beliefs = [
        deflated_sharpe(sharpe, periods, skew=-0.5, kurtosis=5, trials=n, variance=1 / (periods - 1))
        for n in (low, high)
    ]
    assert beliefs[0] is not None
    assert beliefs[1] is not None
    assert beliefs[1] <= beliefs[0]


@given(st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=20), st.integers(1, 200), st.integers(30, 2000))
def test_copies_of_one_variant_never_make_the_variance_smaller_than_chance(
    sharpes: list[float], copies: int, periods: int
) -> None:
    """Padding the ledger with equal ratios does not make the best of it skill."""
    trials = tuple(Trial(variant(n), figures(s)) for n, s in enumerate([*sharpes, *[sharpes[0]] * copies]))
    assert Family("padded", trials).variance(per_year=252, periods=periods) >= 1 / (periods - 1)


def test_lines_hold_no_float_and_are_canonical(path: Path) -> None:
    """Any tool can check the chain: sorted keys, figures as the shortest text that reads back."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        assert json.dumps(row, sort_keys=True, separators=(",", ":")) == line
        assert all(isinstance(value, str) for value in row["outcome"].values())


def test_canonical_bytes_are_exact_sorted_and_closed() -> None:
    """Floats are written exactly, keys in order, and what has no canonical form is refused."""
    assert canonical_bytes({"b": (1, None, True), "a": 0.1, "c": b"\x01"}) == (
        b'{"a":"0x1.999999999999ap-4","b":[1,null,true],"c":"01"}'
    )
    with pytest.raises(TypeError, match="no canonical form for set"):
        canonical_bytes({1, 2})


def test_a_digest_of_arrays_covers_names_types_shapes_and_values() -> None:
    """Each of them changes the name."""
    import numpy as np

    values = np.arange(6.0)
    names = {
        arrays_digest({"a": values}, []),
        arrays_digest({"b": values}, []),
        arrays_digest({"a": values.astype(np.float32)}, []),
        arrays_digest({"a": values.reshape(2, 3)}, []),
        arrays_digest({"a": values + 1}, []),
        arrays_digest({"a": values}, ["word"]),
    }
    assert len(names) == 6
    assert arrays_digest({"a": values.astype(">f8")}, []) == arrays_digest({"a": values}, [])
