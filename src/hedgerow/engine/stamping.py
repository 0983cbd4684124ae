"""A time-stamping authority (RFC 3161) on this machine's loopback, so that stamps can be seen without anybody else.

Promises: its keys and certificates are made anew, by `openssl`, in the folder given; it answers while the `with` lasts.
Never: an authority to believe: whoever has the folder stamps any time.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hedgerow.governance import timestamps

CERTIFICATES = "both.pem"
_CONFIG = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa_cert]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[tsa]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Stamped:
    """What came of asking for a stamp: in words, the authority's certificates if there is one, and its token."""

    says: str
    certificates: Path | None = None
    token: Path | None = None


def stamp_here(site: Path, folder: Path) -> Stamped:
    """Have a journal's checkpoint stamped by an authority made for it in `folder`, and check the token offline.

    What is missing is named in place of a stamp: it needs `openssl` and the extra `timestamps`.
    """
    if shutil.which("openssl") is None:
        return Stamped("not stamped: no openssl here to be the authority")
    if find_spec("rfc3161_client") is None:
        return Stamped("not stamped: install the extra `timestamps`")
    certificates = new_authority(folder, "demonstration")
    with serving(folder) as url:
        made = timestamps.stamp(site, url, certificates)
    return Stamped(timestamps.verify(site, certificates)[-1].says, certificates, Path(made["file"]))


def new_authority(folder: Path, name: str) -> Path:
    """Make a root and a certificate for stamping in a new folder; gives the PEM file with both."""
    folder.mkdir(parents=True)
    (folder / "config").write_text(_CONFIG)
    for who, extensions in (("ca", "ca"), ("tsa", "tsa_cert")):
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{who}.key")
        openssl(folder, "req", "-new", "-key", f"{who}.key", "-subj", f"/CN={name} {who}", "-out", f"{who}.csr")
        issuer = ["-signkey", "ca.key"] if who == "ca" else ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        signing = ["x509", "-req", "-in", f"{who}.csr", *issuer, "-days", "30", "-out", f"{who}.pem"]
        openssl(folder, *signing, "-extfile", "config", "-extensions", extensions)
    both = folder / CERTIFICATES
    both.write_text((folder / "tsa.pem").read_text() + (folder / "ca.pem").read_text())
    return both


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The authority of a folder, answering on loopback; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        """Hands each query to openssl."""

        def do_POST(self) -> None:
            """Answer a time-stamp query."""
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            words = ["-config", "config", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key"]
            openssl(folder, "ts", "-reply", *words, "-out", "reply")
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        server.server_close()


def openssl(folder: Path, *words: str) -> None:
    """Run openssl in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
