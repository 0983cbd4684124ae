"""Time-stamps on checkpoints (RFC 3161): an authority outside says that a checkpoint existed by a time.

Promises: what is stamped is the checkpoint's body, byte for byte; a token is stored only after it was checked as far as
the certificates given allow, under `timestamps/<size>.tsr` as the authority sent it, so that `openssl ts -verify` reads
it too; verification needs no network. Never: sends more than a digest. Needs the extra `timestamps`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem
from hedgerow.core.files import write_whole
from hedgerow.governance.http_post import post
from hedgerow.governance.witness.policy import STREAM, published, read_at_most

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FOLDER = "timestamps"
_TOKEN_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class TimeStamp:
    """A token that was checked: how many entries it covers, when (ISO 8601, UTC), and by whom."""

    size: int
    time: str
    authority: str

    @property
    def says(self) -> str:
        """In words.

        >>> TimeStamp(7, "2026-01-02T03:04:05+00:00", "CN=TSA").says
        '7 entries time-stamped at 2026-01-02T03:04:05+00:00 by CN=TSA'
        """
        return f"{self.size:,} entries time-stamped at {self.time} by {self.authority}"


def stamp(
    folder: Path | str, url: str, certificates: Path | str | None = None, *, deadline_s: float = 30.0
) -> dict[str, Any]:
    """Have the checkpoint of the log in a folder stamped by the authority at `url`, and store its token.

    `certificates`: PEM file with the authority's certificate and those that lead to its root; without it only the
    digest, the nonce and the status are checked now. `LOG_TIMESTAMP` if the authority refuses or answers otherwise.
    """
    note, key = published(folder)
    with named_errors():
        _, size, _ = _core.open_checkpoint(note.encode(), key)
    body = note[: note.rindex("\n\n") + 1].encode()
    library = _library()
    request = library.TimestampRequestBuilder().data(body).hash_algorithm(library.HashAlgorithm.SHA256)
    asked = request.cert_request(cert_request=False).nonce(nonce=True).build()
    try:
        answer = post(url, asked.as_bytes(), "application/timestamp-query", deadline=time.monotonic() + deadline_s)
    except OSError as error:
        raise problem("LOG_TIMESTAMP", f"{url}: {error}") from None
    if answer.status != 200 or answer.kind != "application/timestamp-reply":
        raise problem("LOG_TIMESTAMP", f"{url} answered {answer.status} {answer.kind}")
    token = _decoded(answer.body, url)
    if int(token.status) != 0:
        raise problem("LOG_TIMESTAMP", f"{url} refused with status {int(token.status)}: {token.status_string}")
    with _named(url):
        said, made = token.tst_info, token.tst_info.gen_time.isoformat()
        is_answer = said.nonce == asked.nonce and said.message_imprint.message == _core.sha256(body)
    if not is_answer:
        raise problem("LOG_TIMESTAMP", f"{url} stamped another digest or answered another request")
    if certificates is not None:
        _check(token, body, size, read_certificates(certificates), url)
    file = Path(folder) / STREAM / FOLDER / f"{size}.tsr"
    _store(file, answer.body)
    return {"file": str(file), "size": size, "time": made, "checked": certificates is not None}


def verify(folder: Path | str, certificates: Path | str) -> list[TimeStamp]:
    """Check every token of the log in a folder against the authority's certificates, offline; smallest size first.

    `LOG_TIMESTAMP` names the first token that does not verify, or says that there is none.
    """
    trusted = read_certificates(certificates)
    place = Path(folder) / STREAM / FOLDER
    names = sorted((int(file.stem), file) for file in place.glob("*.tsr") if file.stem.isdecimal())
    if not names:
        raise problem("LOG_TIMESTAMP", f"{place} holds no tokens; make one with `hedgerow audit timestamp`")
    with named_errors():
        tree = _core.LogTree(str(folder))
        bodies = [(size, file, tree.body(size)) for size, file in names]
    stamps = []
    for size, file, body in bodies:
        token = _decoded(read_at_most(file, _TOKEN_BYTES_MAX), str(file))
        stamps.append(_check(token, body, size, trusted, str(file)))
    return stamps


def count(folder: Path | str) -> int:
    """How many tokens lie in a folder's log."""
    return sum(1 for _ in (Path(folder) / STREAM / FOLDER).glob("*.tsr"))


def read_certificates(path: Path | str) -> list[Certificate]:
    """The certificates of a PEM file; `LOG_TIMESTAMP` if there is none."""
    _library()
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(read_at_most(Path(path), _TOKEN_BYTES_MAX))
    except OSError as error:
        raise problem("LOG_TIMESTAMP", f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise problem("LOG_TIMESTAMP", f"{path} holds no certificates: {error}") from None


def _check(token: Any, body: bytes, size: int, certificates: Sequence[Certificate], what: str) -> TimeStamp:
    """The whole chain: signature, certificate's purpose, its issuer, the digest."""
    library = _library()
    with _named(f"{what}, over {size} entries"):
        signers = {(signer.issuer, signer.serial_number) for signer in token.signed_data.signer_infos}
    authorities = [c for c in certificates if (c.issuer, c.serial_number) in signers]
    if len(signers) != 1 or len(authorities) != 1:
        raise problem("LOG_TIMESTAMP", f"{what} was not signed by a certificate that is given")
    builder = library.VerifierBuilder().tsa_certificate(authorities[0])
    for certificate in certificates:
        if certificate.issuer == certificate.subject:
            builder = builder.add_root_certificate(certificate)
        elif certificate != authorities[0]:
            builder = builder.add_intermediate_certificate(certificate)
    with _named(f"{what}, over {size} entries"):
        builder.build().verify_message(token, body)
        return TimeStamp(size, token.tst_info.gen_time.isoformat(), authorities[0].subject.rfc4514_string())


def _decoded(data: bytes, what: str) -> Any:
    library = _library()
    with _named(f"{what} is no time-stamp"):
        return library.decode_timestamp_response(data)


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Whatever the library says about a stranger's bytes, be it an index error or a panic of its own, has one name."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise problem("LOG_TIMESTAMP", f"{what}: {error}") from None


def _store(file: Path, token: bytes) -> None:
    try:
        write_whole(file, token)
    except OSError as error:
        raise problem("LOG_IO", f"{file}: {error.strerror}") from error


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise _missing() from None
    return rfc3161_client


def _missing() -> HedgerowError:
    return problem("CLI_MISSING", "time-stamps need rfc3161-client; install the extra `timestamps`")
