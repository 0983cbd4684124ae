"""Commands about a written log: a record is shown field by field, and a folder that holds no log is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.nouns import noun


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of a signed event and a posting of 12.345678901 USD."""
    posting = np.zeros(1, dtype=noun("Posting").dtype)
    posting["id"], posting["currency"] = 2, b"USD"
    posting["amount"]["lo"] = 12_345_678_901
    event = {"payload": "eyJ0eXBlIjoicm9zdGVyIn0=", "signatures": [{"keyid": "ab", "sig": ""}]}
    with _core.JournalWriter(tmp_path, "test.log", bytes(32)) as writer:
        writer.append(32, 1, json.dumps(event).encode())
        writer.append(noun("Posting").kind, 2, posting.tobytes())
    return tmp_path


def test_a_record_is_shown_with_exact_money_and_names(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No digit of an amount is lost on its way to the screen."""
    assert run(["audit", "show", "2", "--log", str(log), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["noun"], shown["id"], shown["amount"], shown["currency"]) == ("Posting", 2, "12.345678901", "USD")


def test_a_signed_event_is_shown_out_of_its_envelope(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One reads what was signed, and by which keys."""
    assert run(["audit", "show", "1", "--log", str(log), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"noun": "Signed", "type": "roster", "signatures": ["ab"]}


def test_a_record_that_is_not_there_is_named(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The id asked for stands in the error."""
    assert run(["audit", "show", "99", "--log", str(log), "--json"]) == 15
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "LOG-014"


@pytest.mark.parametrize("words", [["audit", "verify"], ["audit", "show", "1", "--log"]])
def test_a_folder_without_a_log_is_named(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verification of nothing is an error, not a success."""
    assert run([*words, str(tmp_path), "--json"]) == 15
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "LOG-006"
