"""Drills with real witnesses on loopback: growth, restarts, rollback, rewriting, forks, liars, a kill at a bad time."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError, LogError
from hedgerow.engine import proof_file
from hedgerow.governance import witness as witnesses
from hedgerow.governance.witness import asking

SEED = bytes([7]) * 32
ORIGIN = "drill.fund/journal"
LOG_KEY = _core.log_key(ORIGIN, SEED)
COMMAND = "import sys; from hedgerow.cli.main import main; sys.exit(main())"


class Process:
    """A witness in a process of its own, as an operator runs it."""

    def __init__(self, folder: Path, program: str = COMMAND, port: int = 0, wait: bool = True) -> None:
        words = [sys.executable, "-c", program]
        words += ["witness", "serve", "--dir", str(folder), "--origin-key", LOG_KEY]
        words += ["--listen", f"127.0.0.1:{port}", "--json"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert not wait or self.url

    @functools.cached_property
    def url(self) -> str:
        """Where it listens, once it does."""
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, self.process.communicate()[1]
        return str(json.loads(first)["url"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> list[dict[str, Any]]:
        """End it; gives the rows of its requests."""
        assert self.url
        if self.process.poll() is None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        assert "Traceback" not in err, err
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def four(tmp_path: Path) -> Iterator[tuple[Path, list[Process]]]:
    """Four witnesses and the policy file that asks for three of them."""
    lines = [witnesses.new(tmp_path / f"w{n}", f"w{n}.example/drill") for n in range(4)]
    processes = [Process(tmp_path / f"w{n}", wait=False) for n in range(4)]
    keys = [(line, process.url) for line, process in zip(lines, processes, strict=True)]
    policy = tmp_path / "policy"
    policy.write_text(witnesses.default_policy([LOG_KEY], keys))
    yield policy, processes
    for process in processes:
        process.stop(signal.SIGKILL)


def write(folder: Path, entries: int, salt: int = 0) -> Path:
    """Write or continue a log up to so many entries; the salt makes another history."""
    there = (folder / "journal" / "wal").exists()
    writer = _core.JournalWriter.open(folder, ORIGIN, SEED) if there else _core.JournalWriter(folder, ORIGIN, SEED)
    with writer:
        while writer.next_id <= entries:
            writer.append(6, writer.next_id, bytes([writer.next_id % 251, salt]) * 8)
    return folder


def asked(folder: Path, policy: Path, deadline_s: float = 10.0) -> witnesses.Asked:
    """Ask the witnesses of a policy."""
    return witnesses.ask(folder, witnesses.read_policy(policy), deadline_s=deadline_s)


def test_a_growing_log_is_witnessed_again_and_again_and_over_a_restart_of_a_witness(
    four: tuple[Path, list[Process]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each checkpoint gets four cosignatures, also from a witness that was stopped and started in between."""
    policy, processes = four
    log = tmp_path / "log"
    for entries in (1, 2, 5, 64):
        assert asked(write(log, entries), policy).standing.says == "witnessed by 4 of 4"
    port = urlsplit(processes[2].url).port or 0
    rows = processes[2].stop()
    assert [row["status"] for row in rows] == [200, 409, 200, 409, 200, 409, 200]
    assert asked(write(log, 100), policy).failed.keys() == {"w2.example/drill"}
    processes[2] = Process(tmp_path / "w2", port=port)
    again = asked(log, policy)
    assert (again.standing.says, dict(again.failed)) == ("witnessed by 4 of 4", {})
    before = (log / "journal" / "checkpoint").read_bytes()
    assert asked(log, policy).standing.met
    assert (log / "journal" / "checkpoint").read_bytes() == before, "who has cosigned is not asked again"
    assert run(["witness", "ask", str(log), "--policy", str(policy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["witnessed"] is True


@pytest.mark.parametrize("stream", ["journal", "governance"])
def test_either_log_is_witnessed_while_its_writer_runs(
    four: tuple[Path, list[Process]], tmp_path: Path, capsys: pytest.CaptureFixture[str], stream: str
) -> None:
    """The command needs no lock of the writer's, whose next checkpoint is witnessed in turn."""
    policy, _ = four
    words = ["witness", "ask", str(tmp_path / "log"), "--policy", str(policy), "--stream", stream, "--json"]
    with _core.JournalWriter(tmp_path / "log", ORIGIN, SEED, stream) as writer:
        for entries in (1, 300):
            while writer.next_id <= entries:
                writer.append(6, writer.next_id, b"entry")
            writer.publish()
            writer.append(6, writer.next_id, b"committed, not published")
            writer.commit()
            assert run(words) == 0
            told = json.loads(capsys.readouterr().out)
            assert (told["size"], len(told["by"]), told["failed"]) == (entries, 4, {})
            entries += 1
    standing = witnesses.standing(tmp_path / "log", witnesses.read_policy(policy), stream=stream)
    assert (standing.size, standing.met) == (301, False), "the last checkpoint has not been asked about"
    last = witnesses.last_witnessed(tmp_path / "log", witnesses.read_policy(policy), stream=stream)
    assert last is not None
    assert (last.size, last.says) == (300, "witnessed by 4 of 4"), "and the one before it is kept"
    proof = tmp_path / "proof.json"
    proof.write_bytes(proof_file.prove(tmp_path / "log", 7, stream=stream, witnessed=True))
    assert proof_file.check(proof, policy=policy).size == 300
    proof.write_bytes(proof_file.prove(tmp_path / "log", 7, stream=stream))
    with pytest.raises(LogError, match="LOG-019"):
        proof_file.check(proof, policy=policy)
    with pytest.raises(LogError, match="the checkpoint is of 300 entries"):
        proof_file.prove(tmp_path / "log", 301, stream=stream, witnessed=True)
    assert _core.verify_log(tmp_path / "log", stream=stream)["unsigned_tail_entries"] == 0


def test_a_checkpoint_replaced_while_witnesses_are_asked_is_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cosignatures of what the writer has replaced by then are kept with that; past the deadline that is said."""
    folder, log, ask_all = tmp_path / "w", tmp_path / "log", asking._ask_all
    line = witnesses.new(folder, "w.example/late")
    process = Process(folder)
    policy = tmp_path / "policy"
    policy.write_text(witnesses.default_policy([LOG_KEY], [(line, process.url)]))
    with _core.JournalWriter(log, ORIGIN, SEED) as writer:

        def grow() -> None:
            writer.append(6, writer.next_id, b"entry")
            writer.publish()

        def overtaken(*words: Any) -> Any:
            told = ask_all(*words)
            if len(overtakings) < overtakings_max:
                overtakings.append(grow())
            return told

        grow()
        monkeypatch.setattr(asking, "_ask_all", overtaken)
        try:
            overtakings: list[None] = []
            overtakings_max = 2
            now = asked(log, policy)
            assert (now.standing.size, now.standing.says) == (3, "witnessed by 1 of 1")
            before = witnesses.last_witnessed(log, witnesses.read_policy(policy))
            grow()
            overtakings_max = 10**9
            late = asked(log, policy, deadline_s=2.0)
            assert not late.standing.met
            assert any(why in late.says for why in ("ask again", "no answer", "no time is left"))
            last = witnesses.last_witnessed(log, witnesses.read_policy(policy))
            assert before is not None
            assert last is not None
            assert (before.size, last.met) == (3, True)
            assert 3 < last.size < late.standing.size, "what was cosigned late is of use: it is kept"
        finally:
            process.stop(signal.SIGKILL)


def test_a_log_rolled_back_behind_its_witnesses_is_told_so_by_each(
    four: tuple[Path, list[Process]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old disk comes back: no witness signs the shorter log, and every one is named with what it knows."""
    policy, processes = four
    log = write(tmp_path / "log", 10)
    shutil.copytree(log, tmp_path / "old")
    assert asked(write(log, 30), policy).standing.met
    refused = asked(tmp_path / "old", policy)
    assert not refused.standing.met
    assert len(refused.failed) == 4
    assert all("30 entries" in why and "rolled back" in why for why in refused.failed.values())
    assert run(["witness", "ask", str(tmp_path / "old"), "--policy", str(policy)]) == 15
    assert "LOG-" in capsys.readouterr().err
    note = (tmp_path / "old" / "journal" / "checkpoint").read_text()
    assert post(processes[0].url, f"old 30\n\n{note}")[0] == 400, "an old size beyond the checkpoint"


@pytest.mark.parametrize(("entries", "what"), [(30, "same size"), (45, "edited history")])
def test_another_history_is_refused_and_both_signed_checkpoints_are_kept(
    four: tuple[Path, list[Process]], tmp_path: Path, entries: int, what: str
) -> None:
    """The log's key signs a second history: 422 from each witness, with evidence that anyone can verify."""
    policy, _ = four
    assert asked(write(tmp_path / "log", 30), policy).standing.met
    fork = write(tmp_path / "fork", entries, salt=1)
    refused = asked(fork, policy)
    assert len(refused.failed) == 4, what
    assert all("422" in why for why in refused.failed.values())
    kept = sorted(file for n in range(4) for file in (tmp_path / f"w{n}" / "evidence").iterdir())
    assert [file.suffix for file in kept] == [".known", ".refused"] * 4
    sizes_and_roots = {_core.open_checkpoint(file.read_bytes(), LOG_KEY)[1:] for file in kept}
    assert len(sizes_and_roots) == 2, "two checkpoints, both signed by the log, that cannot both be true"
    fsck = [sys.executable, "tools/fsck/fsck.py", str(tmp_path / "log"), "--checkpoint", str(kept[1])]
    assert subprocess.run(fsck, capture_output=True, cwd=Path(__file__).parents[2]).returncode == 1


def test_with_one_liar_two_honest_branches_cannot_both_be_witnessed(
    four: tuple[Path, list[Process]], tmp_path: Path
) -> None:
    """A liar signs both branches; each honest witness follows one, so that only one branch finds three of four."""
    policy, processes = four
    left, right = write(tmp_path / "left", 20), write(tmp_path / "right", 20, salt=1)
    # The liar is a witness that forgets: its memory is copied before and put back after the first branch.
    shutil.copytree(tmp_path / "w3", tmp_path / "blank")
    some = tmp_path / "some"
    some.write_text(policy.read_text().replace(processes[2].url, "http://127.0.0.1:9"))
    first = asked(left, some, deadline_s=3.0)
    assert (first.standing.met, list(first.failed)) == (True, ["w2.example/drill"])
    port = urlsplit(processes[3].url).port or 0
    processes[3].stop()
    shutil.rmtree(tmp_path / "w3")
    shutil.copytree(tmp_path / "blank", tmp_path / "w3")
    processes[3] = Process(tmp_path / "w3", port=port)
    second = asked(right, policy)
    assert sorted(second.standing.by) == ["w2.example/drill", "w3.example/drill"], "the fresh one and the liar"
    assert not second.standing.met
    assert all("422" in why for why in second.failed.values())


def test_a_witness_killed_between_persisting_and_answering_signs_the_same_checkpoint_later(tmp_path: Path) -> None:
    """What was persisted and not answered is asked for again: 409 with the new size, then the cosignature."""
    folder = tmp_path / "w"
    line = witnesses.new(folder, "w.example/killed")
    program = (
        "import os, signal, sys; from hedgerow.governance.witness.server import WitnessHandler;"
        "WitnessHandler.answer = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
    )
    dying = Process(folder, program + COMMAND)
    policy = tmp_path / "policy"
    policy.write_text(witnesses.default_policy([LOG_KEY], [(line, dying.url)]))
    log = write(tmp_path / "log", 7)
    failed = asked(log, policy, deadline_s=5.0)
    assert (failed.standing.met, len(failed.failed)) == (False, 1)
    dying.stop()
    assert b"\n7\n" in (folder / "state").read_bytes(), "it was persisted before the answer"
    living = Process(folder, port=urlsplit(dying.url).port or 0)
    try:
        assert asked(log, policy).standing.says == "witnessed by 1 of 1"
    finally:
        rows = living.stop()
    assert [row["status"] for row in rows] == [409, 200]
    other = write(tmp_path / "other", 7, salt=1)
    with pytest.raises(HedgerowError):
        asked(other, policy, deadline_s=2.0).standing.demand()


def test_a_witness_that_lost_its_memory_refuses_to_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key without its state is retired: serving it could cosign a fork."""
    folder = tmp_path / "w"
    witnesses.new(folder, "w.example/lost")
    (folder / "state").unlink()
    words = ["witness", "serve", "--dir", str(folder), "--origin-key", LOG_KEY, "--listen", "127.0.0.1:0"]
    assert run([*words, "--json"]) == 15
    error = json.loads(capsys.readouterr().err)["error"]
    assert "memory" in error["message"]
    assert "retire" in error["remedy"]
    assert run(["witness", "new", str(folder), "--name", "w.example/lost"]) == 15, "its key is not used again"


def test_verification_says_who_witnessed_and_fails_where_the_policy_is_not_met(
    four: tuple[Path, list[Process]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`audit verify --policy` tells three of four, and does not pass with two."""
    import numpy as np
    import pandas as pd

    import hedgerow as hr

    policy, processes = four
    log, step = tmp_path / "log", np.arange(30)
    frame = pd.DataFrame({"close": 100.0 + step}, index=pd.date_range("2020-01-01", periods=30, freq="B"))
    hr.backtest(hr.Bars.from_frame(frame, symbol="UP"), signals=step > 3, size=1, seed=7, log=log)
    key = (log / "journal" / "key.pub").read_text().strip()
    folders = [tmp_path / f"w{n}" for n in range(4)]
    for n, process in enumerate(processes):
        process.stop()
        processes[n] = start_for(folders[n], key)
    lines = [(folder / "key.pub").read_text().strip() for folder in folders]
    keys = [(line, process.url) for line, process in zip(lines, processes, strict=True)]
    policy.write_text(witnesses.default_policy([key], keys))
    assert run(["audit", "verify", str(log), "--policy", str(policy), "--json"]) == 15
    assert "cosigned by 0 of 4" in capsys.readouterr().err
    processes[1].stop()
    assert asked(log, policy, deadline_s=5.0).standing.says == "witnessed by 3 of 4"
    assert run(["audit", "verify", str(log), "--policy", str(policy)]) == 0
    assert "witnessed by 3 of 4" in capsys.readouterr().out
    checkpoint, kept = log / "journal" / "checkpoint", log / "journal" / "witnessed"
    checkpoint.write_text("".join(checkpoint.read_text().splitlines(keepends=True)[:-1]))
    assert run(["audit", "verify", str(log), "--policy", str(policy)]) == 0, "the kept one has three"
    assert "witnessed by 3 of 4" in capsys.readouterr().out
    shutil.copyfile(checkpoint, kept)
    assert run(["audit", "verify", str(log), "--policy", str(policy), "--json"]) == 15
    assert "cosigned by 2 of 4" in capsys.readouterr().err


def start_for(folder: Path, key: str) -> Process:
    """A witness that watches another log than the drills'."""
    return Process(folder, f"import sys; sys.argv[sys.argv.index({LOG_KEY!r})] = {key!r}; {COMMAND}")


def post(url: str, body: str | bytes, path: str = "/add-checkpoint", **headers: str) -> tuple[int, str, str]:
    """One request; gives status, content type and body."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", path, body=body.encode() if isinstance(body, str) else body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_every_status_of_the_specification_is_answered_and_nonsense_is_refused_politely(tmp_path: Path) -> None:
    """200, 400, 403, 404, 409 with the size as text/x.tlog.size, 422, and what is not HTTP at all."""
    folder = tmp_path / "w"
    witnesses.new(folder, "w.example/statuses")
    witness = Process(folder)
    try:
        log = write(tmp_path / "log", 5)
        note, tree = (log / "journal" / "checkpoint").read_text(), _core.LogTree(log)
        good = tree.request(0, 5, note)
        assert post(witness.url, good)[0] == 200
        assert post(witness.url, good) == (409, "text/x.tlog.size", "5\n")
        stranger = note.replace(ORIGIN, "stranger.fund/journal")
        assert post(witness.url, f"old 0\n\n{stranger}")[0] == 404
        other_signer = note.replace("\u2014 d", "\u2014 e")
        assert post(witness.url, f"old 5\n\n{other_signer}")[0] == 403
        assert post(witness.url, f"old 5\n{base64.b64encode(bytes(32)).decode()}\n\n{note}")[0] == 422
        assert post(witness.url, f"old 6\n\n{note}")[0] == 400
        assert post(witness.url, b"\xff\xfe")[0] == 400
        assert post(witness.url, b"", path="/other")[0] == 404
        assert post(witness.url, b"x" * 70_000)[0] == 413
        assert post(witness.url, b"", **{"Transfer-Encoding": "chunked"})[0] == 411
        place = urlsplit(witness.url)
        for rubbish in (b"\x00" * 100, b"GET / HTTP/9.9\r\n\r\n", b"POST /add-checkpoint HTTP/1.1\r\n", b"A" * 70_000):
            with socket.create_connection((place.hostname, place.port), timeout=10) as raw:
                raw.sendall(rubbish)
                raw.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    raw.recv(1000)
        assert post(witness.url, tree.request(5, 5, note))[0] == 200, "it still serves"
    finally:
        rows = witness.stop()
    assert {row["status"] for row in rows} >= {200, 400, 403, 404, 409, 411, 413, 422}


def test_concurrent_requests_for_one_log_cosign_one_line_of_history(tmp_path: Path) -> None:
    """Two histories race with many requests each; whatever is cosigned belongs to one of them."""
    folder = tmp_path / "w"
    line = witnesses.new(folder, "w.example/race")
    witness = Process(folder)
    try:
        cosigned: list[tuple[int, str]] = []

        def race(salt: int) -> None:
            log = tmp_path / f"log{salt}"
            for entries in range(1, 13):
                note = (write(log, entries, salt) / "journal" / "checkpoint").read_text()
                tree = _core.LogTree(log)
                status, _, body = post(witness.url, tree.request(0, entries, note))
                if status == 409 and int(body) <= entries:
                    status, _, body = post(witness.url, tree.request(int(body), entries, note))
                if status == 200:
                    assert _core.cosigned_at((note + body).encode(), line) is not None
                    cosigned.append((salt, note))

        threads = [threading.Thread(target=race, args=(salt,)) for salt in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        witness.stop()
    assert len({salt for salt, _ in cosigned}) == 1
    assert len(cosigned) == 12


def test_a_witness_that_dawdles_or_babbles_costs_no_more_than_the_deadline(
    four: tuple[Path, list[Process]], tmp_path: Path
) -> None:
    """One witness answers a byte a second, one answers nonsense: three honest ones suffice, in time."""
    policy, processes = four
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip() -> None:
            taken, _ = slow.accept()
            with taken, contextlib.suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + b"." * 999:
                    taken.send(bytes([byte]))
                    if heard.wait(0.2):
                        return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        url = f"http://127.0.0.1:{slow.getsockname()[1]}"
        policy.write_text(policy.read_text().replace(processes[1].url, url))
        started = time.monotonic()
        done = asked(write(tmp_path / "log", 9), policy, deadline_s=2.0)
        # Whole, the slow answer would take more than 200 seconds.
        assert time.monotonic() - started < 30
        heard.set()
        dripping.join()
    assert done.standing.says == "witnessed by 3 of 4"
    assert "no answer within 2 s" in done.failed["w1.example/drill"]


def test_an_answer_that_is_no_cosignature_by_the_named_key_is_not_published(
    four: tuple[Path, list[Process]], tmp_path: Path
) -> None:
    """Two addresses are swapped in the policy: each witness signs, neither signature is by the key named there."""
    policy, processes = four
    text = policy.read_text().replace(processes[0].url, "@").replace(processes[1].url, processes[0].url)
    policy.write_text(text.replace("@", processes[1].url))
    log = write(tmp_path / "log", 9)
    done = asked(log, policy)
    assert sorted(done.failed) == ["w0.example/drill", "w1.example/drill"]
    assert all("no cosignature" in why for why in done.failed.values())
    assert "w0.example" not in (log / "journal" / "checkpoint").read_text()


def test_a_second_server_on_one_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two processes with one memory could each sign another branch."""
    folder = tmp_path / "w"
    witnesses.new(folder, "w.example/twice")
    first = Process(folder)
    try:
        words = ["witness", "serve", "--dir", str(folder), "--origin-key", LOG_KEY, "--listen", "127.0.0.1:0"]
        assert run(words) == 15
        assert "LOG-016" in capsys.readouterr().err
    finally:
        first.stop()
    assert os.path.exists(folder / "key.pem")
