"""How commands speak: text for people, JSON lines for programs, errors with a code and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from hedgerow.cli.main import ORDER, app, run
from hedgerow.cli.output import Output, json_line, plain, table
from hedgerow.core.errors import error_table, problem


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words, command
    for name in below or ():
        yield from commands(below[name], (*words, name))


ALL = list(commands(get_command(app)))


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_command_takes_json_and_says_what_it_does(words: tuple[str, ...], command: Any) -> None:
    """A program can use every command, and its help opens with a sentence."""
    assert any("--json" in parameter.opts for parameter in command.params), words
    assert command.help.split("\n")[0].endswith((".", ":")), words


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_option_says_what_it_is_for(words: tuple[str, ...], command: Any) -> None:
    """No option or argument stands in a help page without a word about it."""
    silent = [parameter.name for parameter in command.params if not parameter.help]
    assert not silent, (words, silent)


def test_the_map_names_every_command_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    """`hedgerow` alone prints the map and succeeds."""
    assert run([]) == 0
    shown = capsys.readouterr().out
    assert set(get_command(app).commands) == set(ORDER)  # type: ignore[attr-defined]
    places = [shown.index(f"│ {name} ") for name in ORDER]
    assert places == sorted(places)


@pytest.mark.parametrize("group", ["keys", "roster", "audit"])
def test_a_group_alone_prints_its_help_and_succeeds(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A group is a smaller map."""
    assert run([group]) == 0
    assert "Commands" in capsys.readouterr().out


def test_an_unknown_command_gets_a_suggestion_and_exit_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error is answered with what was probably meant."""
    assert run(["doctr"]) == 2
    assert "CLI-001" in (said := capsys.readouterr().err)
    assert "Did you mean 'doctor'" in said


def test_an_unknown_option_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """Options are suggested as commands are."""
    assert run(["doctor", "--jso"]) == 2
    assert "--json" in capsys.readouterr().err


def test_a_usage_error_is_json_too_when_json_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json stderr carries one JSON object with code, message, detail and remedy, and stdout nothing."""
    assert run(["errors", "--json", "--nonsense"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert set(json.loads(captured.err)["error"]) == {"code", "message", "detail", "remedy"}


def test_an_error_ends_with_the_exit_status_of_its_area(capsys: pytest.CaptureFixture[str]) -> None:
    """Every code of the table fails with its area's status and is printed whole."""
    for row in error_table():
        assert Output(json=False).fail(problem(row.name, "seen 1, limit 0")) == row.exit_status
        said = capsys.readouterr().err
        assert said.startswith(f"error: {row.code} ")
        assert row.remedy in said


def test_exit_statuses_are_stable() -> None:
    """Scripts depend on these numbers."""
    found = {row.area: row.exit_status for row in error_table()}
    areas = ["CORE", "DATA", "RISK", "OMS", "LEDGER", "LOG", "GOV", "SIM", "MODEL", "OPT", "RUN"]
    assert found == {"CLI": 2, "JAIL": 21, "BOOK": 22, "WIRE": 23, "FEED": 24, "LIVE": 25} | {
        area: 10 + place for place, area in enumerate(areas)
    }


def test_an_interrupt_is_told_and_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C is no error, and says that nothing is half-done."""
    monkeypatch.setattr("hedgerow.cli.system.matching_codes", _interrupt)
    assert run(["errors"]) == 130
    assert "interrupted" in capsys.readouterr().err


def _interrupt(_: object) -> None:
    raise KeyboardInterrupt


def test_json_carries_no_value_that_json_does_not_know() -> None:
    """Not-a-number becomes null at any depth; bytes become hexadecimal; other objects become text."""
    value = {"a": float("inf"), "b": [float("nan"), 1.5], "c": b"\x01\xff", "d": {"e": ValueError("x")}}
    assert json.loads(json_line(value)) == {"a": None, "b": [None, 1.5], "c": "01ff", "d": {"e": "x"}}


def test_a_person_reads_names_and_values_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a text of its own a result is printed as aligned lines."""
    Output(json=False).emit({"bars": 1234567, "verified": True, "key": b"\xaa", "ratio": 0.5, "missing": None})
    assert capsys.readouterr().out == "bars      1,234,567\nverified  yes\nkey       aa\nratio     0.5\nmissing   -\n"


def test_notes_go_to_stderr_and_only_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress never mixes with results."""
    Output(json=False).note("reading")
    Output(json=True).note("reading")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "reading\n")


def test_an_empty_table_is_empty() -> None:
    """No rows and no heads print nothing, and a list is joined."""
    assert table([]) == ""
    assert plain(("a", 1)) == "a, 1"


def test_what_an_error_quotes_is_never_a_whole_file() -> None:
    """Both ends of it are shown, and how much it was."""
    said = str(problem("DATA_EMPTY", "a" * 40_000 + "z"))
    assert len(said) < 3_000
    assert "a ... (40,001 characters) ... a" in said
    assert "az" in said
