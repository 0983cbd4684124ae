"""Time-stamps on checkpoints: from an authority on loopback that answers with `openssl ts`, checked offline."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import LogError
from hedgerow.engine.stamping import new_authority, openssl, serving
from hedgerow.governance import timestamps

pytest.importorskip("rfc3161_client", reason="the extra `timestamps` is not installed")
if shutil.which("openssl") is None:
    pytest.skip("no openssl here", allow_module_level=True)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """An authority that serves: its URL, its folder, its certificates."""
    folder = tmp_path_factory.mktemp("tsa") / "here"
    both = new_authority(folder, "here")
    with serving(folder) as url:
        yield url, folder, both


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a small run; tests copy it."""
    folder, step = tmp_path_factory.mktemp("run") / "log", np.arange(30)
    frame = pd.DataFrame({"close": 100.0 + step}, index=pd.date_range("2020-01-01", periods=30, freq="B"))
    hr.backtest(hr.Bars.from_frame(frame, symbol="UP"), signals=step > 3, size=1, seed=7, log=folder)
    return folder


@pytest.fixture
def log(written: Path, tmp_path: Path) -> Path:
    """A copy of the log."""
    return Path(shutil.copytree(written, tmp_path / "log"))


def test_a_checkpoint_is_stamped_and_verified_offline_here_and_by_openssl(
    log: Path, tsa: tuple[str, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token is stored as it came; audit verify shows it, and openssl accepts it over the checkpoint's body."""
    url, _, both = tsa
    assert run(["audit", "timestamp", str(log), "--tsa", url, "--tsa-cert", str(both), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["checked"] is True
    assert run(["audit", "verify", str(log), "--tsa-cert", str(both)]) == 0
    assert f"{told['size']:,} entries time-stamped at {told['time']} by CN=here tsa" in capsys.readouterr().out
    (tmp_path / "body").write_text((log / "journal" / "checkpoint").read_text().partition("\n\n")[0] + "\n")
    words = ["-data", "body", "-in", told["file"], "-CAfile", str(both.parent / "ca.pem")]
    openssl(tmp_path, "ts", "-verify", *words, "-untrusted", str(both))


def test_a_changed_checkpoint_token_or_certificate_is_refused_by_name(
    log: Path, tsa: tuple[str, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token over something else, any changed byte that matters, another authority's certificate: LOG_TIMESTAMP."""
    url, _, both = tsa
    assert run(["audit", "verify", str(log), "--tsa-cert", str(both)]) == 15, "no tokens yet"
    assert run(["audit", "timestamp", str(log), "--tsa", url]) == 0
    (file,) = (log / "journal" / "timestamps").iterdir()
    good = file.read_bytes()
    stranger = new_authority(tmp_path / "stranger", "stranger")
    capsys.readouterr()
    assert run(["audit", "verify", str(log), "--tsa-cert", str(stranger), "--json"]) == 15
    assert json.loads(capsys.readouterr().err)["error"]["detail"].endswith("is given")
    whole = timestamps.verify(log, both)
    let_pass, names = 0, set()
    for place in range(len(good)):
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            # The form has bytes that nobody signs, such as its version; what the token says is the same then.
            assert timestamps.verify(log, both) == whole
            let_pass += 1
        except LogError as error:
            names.add(error.row.name)
    assert let_pass < len(good) // 10
    assert names == {"LOG_TIMESTAMP"}
    file.write_bytes(good)
    file.rename(file.with_name(f"{int(file.stem) - 1}.tsr"))
    assert run(["audit", "verify", str(log), "--tsa-cert", str(both), "--json"]) == 15, "over another size"
    assert "does not verify" in capsys.readouterr().err


def test_an_authority_that_is_none_leaves_nothing_behind(
    log: Path, tsa: tuple[str, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No listener, an old answer to another request, a wrong certificate: named, and no token is stored."""
    url, folder, _ = tsa
    assert run(["audit", "timestamp", str(log), "--tsa", "http://127.0.0.1:9/", "--json"]) == 15
    assert run(["audit", "timestamp", str(log), "--tsa", "file:///etc/passwd", "--json"]) == 2
    stranger = new_authority(tmp_path / "stranger", "stranger")
    assert run(["audit", "timestamp", str(log), "--tsa", url, "--tsa-cert", str(stranger), "--json"]) == 15
    stale = (folder / "reply").read_bytes()

    class Stale(BaseHTTPRequestHandler):
        """Answers everything with an old token."""

        def do_POST(self) -> None:
            """Say the old token."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(stale)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stale)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = f"http://127.0.0.1:{server.server_address[1]}/"
        assert run(["audit", "timestamp", str(log), "--tsa", place, "--json"]) == 15
        assert "another request" in capsys.readouterr().err
    finally:
        server.shutdown()
        server.server_close()
    assert not (log / "journal" / "timestamps").exists()
