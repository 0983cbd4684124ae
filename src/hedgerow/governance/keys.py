"""Ed25519 keys of people and devices, in the files that `openssl` reads and writes.

Promises: a private key file is readable by its owner only, is never overwritten, and is refused when others could
read it or when it is not what it says. Never: a key in the journal, a key in a message, a key sent anywhere.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, problem

# RFC 8410: the fixed DER that stands before the 32 raw bytes of an Ed25519 key.
_PRIVATE_DER = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC_DER = bytes.fromhex("302a300506032b6570032100")


@dataclass(frozen=True)
class Key:
    """A private key and whose it is.

    >>> key = Key.from_seed(bytes(32), name="Rita")
    >>> key.public_hex[:16], key.keyid[:16], len(key.sign(b"yes"))
    ('3b6a27bcceb6a42d', '139e3940e64b5491', 64)
    """

    name: str
    seed: bytes = field(repr=False)
    public: bytes

    @classmethod
    def generate(cls, name: str) -> Key:
        """Make a key from the operating system's randomness."""
        return cls.from_seed(secrets.token_bytes(32), name=name)

    @classmethod
    def from_seed(cls, seed: bytes, *, name: str = "") -> Key:
        """Make a key from its 32 private bytes; any other number of bytes is `GOV_KEY_FILE`."""
        if len(seed) != 32:
            raise problem("GOV_KEY_FILE", f"a private seed is 32 bytes, these are {len(seed)}")
        return cls(name, seed, _core.ed25519_public(seed))

    @classmethod
    def load(cls, path: Path | str, *, name: str = "") -> Key:
        """Read the PKCS#8 PEM that `openssl genpkey -algorithm ed25519` writes; `name` defaults to the file's stem."""
        path = Path(path)
        der = _pem(private_text(path), "PRIVATE KEY", path)
        if len(der) != 48 or not der.startswith(_PRIVATE_DER):
            raise problem("GOV_KEY_FILE", f"{path} holds no Ed25519 private key (RFC 8410)")
        return cls.from_seed(der[16:], name=name or path.stem)

    @property
    def public_hex(self) -> str:
        """The public key as 64 hexadecimal digits."""
        return self.public.hex()

    @property
    def keyid(self) -> str:
        """The key's name in envelopes: SHA-256 of the raw public key, hexadecimal."""
        return keyid(self.public)

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes, RFC 8032, the same every time."""
        return bytes(_core.ed25519_sign(self.seed, message))

    def save(self, path: Path | str) -> Path:
        """Write the private key, readable by its owner only; an existing file is never overwritten."""
        return save_private(Path(path), _to_pem(_PRIVATE_DER + self.seed, "PRIVATE KEY"))

    def save_public(self, path: Path | str) -> Path:
        """Write the public key as the PEM that `openssl pkey -pubin` reads."""
        path = Path(path)
        try:
            path.write_text(_to_pem(_PUBLIC_DER + self.public, "PUBLIC KEY"), encoding="ascii")
        except OSError as error:
            raise _unusable(path, error) from error
        return path


def keyid(public: bytes) -> str:
    """Name of a public key in envelopes: SHA-256 of its 32 raw bytes, hexadecimal."""
    return bytes(_core.sha256(public)).hex()


def load_public(source: Path | str) -> bytes:
    """Read a public key: 64 hexadecimal digits, or a PEM file as `openssl pkey -pubout` writes it.

    >>> len(load_public("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"))
    32
    """
    text = str(source)
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        return bytes.fromhex(text)
    path = Path(source)
    try:
        der = _pem(path.read_text(encoding="ascii"), "PUBLIC KEY", path)
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    if len(der) != 44 or not der.startswith(_PUBLIC_DER):
        raise problem("GOV_KEY_FILE", f"{path} holds no Ed25519 public key (RFC 8410)")
    return der[12:]


def save_private(path: Path, text: str) -> Path:
    """Write a secret, readable by its owner only; an existing file is never overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise problem("GOV_KEY_FILE", f"{path} exists; a key is never overwritten") from None
    except OSError as error:
        raise _unusable(path, error) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    return path


def private_text(path: Path) -> str:
    """Read a secret; a file that others could read is `GOV_KEY_FILE`."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise problem("GOV_KEY_FILE", f"{path} has mode {mode:03o}, others could read it: chmod 600 {path}")
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error


def _pem(text: str, label: str, path: Path) -> bytes:
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    lines = text.strip().splitlines()
    if not lines or lines[0].strip() != begin or lines[-1].strip() != end:
        seen = lines[0].strip() if lines and lines[0].startswith("-----") else "no PEM header"
        raise problem("GOV_KEY_FILE", f"{path}: {seen}, wanted {begin}")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise problem("GOV_KEY_FILE", f"{path} is damaged: {error}") from None


def _to_pem(der: bytes, label: str) -> str:
    return f"-----BEGIN {label}-----\n{base64.b64encode(der).decode()}\n-----END {label}-----\n"


def _unusable(path: Path, error: Exception) -> HedgerowError:
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return problem("GOV_KEY_FILE", f"{path}: {reason}")
