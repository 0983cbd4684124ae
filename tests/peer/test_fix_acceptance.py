"""QuickFIX's acceptance definitions, all of them, played against our engine over TCP; and some that must fail."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.execution.fix import Dictionaries
from hedgerow.execution.fix.acceptance import run_definitions

LOGON = "8=FIX.4.4|35=A|34=1|49=TW44|52=<TIME>|56=ISLD|98=0|108=30|"
ANSWER = "8=FIX.4.4|35=A|34=1|49=ISLD|52=0|56=TW44|98=0|108=30|10=0|"


@pytest.mark.slow
def test_every_published_definition_passes(shared):
    """Also those that QuickFIX keeps for its future."""
    verdicts = list(
        run_definitions(
            shared("data/fix/acceptance"), Dictionaries(shared("data/fix/dictionaries")), time.time_ns, at_once=64
        )
    )
    assert [f"{v.path.name}: {v.why}" for v in verdicts if v.outcome != "passed"] == []
    assert len(verdicts) >= 181


@pytest.mark.slow
def test_an_outside_driver_finds_what_it_expects(shared):
    """A driver that is not ours, against `hedgerow conformance serve` in a process of its own."""
    driver = shared("bench/fixrunner/run.py")
    command = [
        sys.executable,
        "-c",
        "from hedgerow.cli.main import main; main()",
        "conformance",
        "serve",
        "0",
        "--json",
    ]
    command += ["--dictionaries", str(shared("data/fix/dictionaries"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        try:
            assert engine.stdout is not None
            port = json.loads(engine.stdout.readline())["port"]
            folder = shared("data/fix/acceptance/quickfix_cpp/server")
            words = [sys.executable, str(driver), "127.0.0.1", str(port), str(folder), "--json", "--only", "/2"]
            told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        finally:
            engine.terminate()
    counts = json.loads(told.splitlines()[-1])
    assert (counts["failures"], counts["passed"] > 30) == ([], True)


def definition(folder: Path, name: str, *lines: str) -> None:
    """Write a definition; `|` stands for the separator."""
    (folder / name).write_bytes("\n".join(lines).replace("|", "\x01").encode())


def test_what_is_not_answered_as_expected_fails_with_its_line(shared, tmp_path, capsys):
    """Wrong expectations are seen: a runner that passed everything would be no test."""
    definition(tmp_path, "a_right.def", "iCONNECT", f"I{LOGON}", f"E{ANSWER}", "iDISCONNECT")
    definition(tmp_path, "b_value.def", "iCONNECT", f"I{LOGON}", f"E{ANSWER.replace('108=30', '108=31')}")
    definition(tmp_path, "c_fields.def", "iCONNECT", f"I{LOGON}", f"E{ANSWER.replace('98=0|', '')}")
    definition(tmp_path, "d_order.def", "iCONNECT", f"I{LOGON}", f"E{ANSWER.replace('98=0|108=30', '108=30|98=0')}")
    definition(tmp_path, "e_stays.def", "iCONNECT", f"I{LOGON.replace('56=ISLD', '56=DLSI')}", f"E{ANSWER}")
    definition(tmp_path, "f_foreign.def", "iSET_SESSION a=b", "iCONNECT")
    # Dictionaries that nobody named are those above the definitions.
    (tmp_path / "dictionaries").symlink_to(shared("data/fix/dictionaries"))
    assert run(["conformance", "fix", str(tmp_path), "--json"]) == 23
    *lines, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [line["outcome"] for line in lines] == ["passed", "failed", "failed", "failed", "failed", "foreign"]
    assert [line["why"].split(":")[0] for line in lines[1:5]] == ["line 3"] * 4
    assert last == {"passed": 1, "total": 5, "failed": 4, "foreign": 1}
