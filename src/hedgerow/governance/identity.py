"""The age identity of a device: what epoch keys are wrapped to, in the files that `age-keygen` reads and writes.

Promises: an identity file is readable by its owner only, is never overwritten, and is refused when others could read it
or when it is not what it says. Never: signs anything (that is a `Key`), leaves the device, goes into a replica.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.governance.keys import private_text, save_private

IDENTITY_FILE = "identity.age"
"""Where a reader looks for an identity beside a log, if none is named."""

GRANT_ENDING = ".grant"
"""Files beside an identity that hold re-wrapped epoch keys."""


@dataclass(frozen=True)
class Identity:
    """A device's secret and the recipient (`age1...`) that others wrap keys to.

    >>> identity = Identity.generate()
    >>> identity.unwrap(wrap(b"a key of an epoch", [identity.recipient]))
    b'a key of an epoch'
    >>> Identity.generate().unwrap(wrap(b"not for me", [identity.recipient])) is None
    True
    """

    recipient: str
    secret: str = field(repr=False)

    @classmethod
    def generate(cls) -> Identity:
        """Make an identity from the operating system's randomness."""
        return cls.from_secret(secrets.token_bytes(32))

    @classmethod
    def from_secret(cls, secret: bytes) -> Identity:
        """Make an identity from its 32 private bytes (X25519)."""
        with named_errors():
            return cls(*_core.age_identity(secret))

    @classmethod
    def load(cls, path: Path | str) -> Identity:
        """Read the first identity of a file as `age-keygen` writes it; what is no identity is `GOV_KEY_FILE`."""
        import pyrage

        path = Path(path)
        lines = [line.strip() for line in private_text(path).splitlines()]
        secret = next((line for line in lines if line and not line.startswith("#")), "")
        try:
            return cls(str(pyrage.x25519.Identity.from_str(secret).to_public()), secret)
        except pyrage.IdentityError:
            raise problem("GOV_KEY_FILE", f"{path} holds no age identity; wanted AGE-SECRET-KEY-1...") from None

    def save(self, path: Path | str) -> Path:
        """Write the identity, readable by its owner only; an existing file is never overwritten."""
        return save_private(Path(path), f"# public key: {self.recipient}\n{self.secret}\n")

    def unwrap(self, wrapped: bytes) -> bytes | None:
        """What an age file holds, if it was encrypted to this identity; `None` if it was not, or is damaged."""
        import pyrage

        try:
            return bytes(pyrage.decrypt(wrapped, [pyrage.x25519.Identity.from_str(self.secret)]))
        except pyrage.DecryptError:
            return None


def wrap(secret: bytes, recipients: Iterable[str], *, entropy: bytes | None = None) -> bytes:
    """Encrypt a few bytes to each recipient (`age1...`) as one age file; a bad recipient is `GOV_RECIPIENT`.

    entropy: 32 bytes that nobody can guess, for equal files from equal runs; `None` = the operating system's.
    """
    with named_errors():
        return bytes(_core.age_encrypt(secret, list(recipients), entropy or secrets.token_bytes(32)))


def check_recipients(recipients: Sequence[str]) -> tuple[str, ...]:
    """The recipients, each once and in order; none at all is `GOV_RECIPIENT`."""
    if not recipients:
        raise problem("GOV_RECIPIENT", "nobody; give each device of the roster its age recipient")
    return tuple(sorted(set(recipients)))


def grants_beside(path: Path) -> list[bytes]:
    """The grants that lie beside an identity file, whoever they are for."""
    return [file.read_bytes() for file in sorted(path.parent.glob(f"*{GRANT_ENDING}"))]


def spell(wrapped: bytes) -> str:
    """An age file as an event carries it."""
    return base64.b64encode(wrapped).decode()
