"""Encryption to devices: our writer of the age format against the age library that people's devices use."""

from __future__ import annotations

import pyrage
import pytest

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors

SECRET = bytes(range(32))


def test_the_identity_of_a_secret_is_the_one_that_the_age_library_derives() -> None:
    """A recipient printed here names the same device everywhere."""
    recipient, identity = _core.age_identity(SECRET)
    assert str(pyrage.x25519.Identity.from_str(identity).to_public()) == recipient


@pytest.mark.parametrize("size", [0, 1, 32, 65_535, 65_536, 65_537, 200_000])
def test_every_recipient_opens_the_file_with_the_age_library(size: int) -> None:
    """Below, at and above the format's chunks, with several recipients, what went in comes out."""
    plaintext = bytes(i * 7 % 251 for i in range(size))
    devices = [_core.age_identity(bytes([n]) * 32) for n in (1, 2, 3)]
    file = _core.age_encrypt(plaintext, [recipient for recipient, _ in devices], SECRET)
    for _, identity in devices:
        assert pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(identity)]) == plaintext
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file, [pyrage.x25519.Identity.generate()])


def test_a_changed_byte_anywhere_is_refused_by_the_age_library() -> None:
    """Header, MAC, nonce and chunks are all bound together."""
    recipient, identity = _core.age_identity(SECRET)
    file = _core.age_encrypt(b"an epoch's key", [recipient], SECRET)
    opener = pyrage.x25519.Identity.from_str(identity)
    for at in range(len(file)):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :], [opener])


def test_what_is_no_recipient_is_named() -> None:
    """Nothing is encrypted to a device that does not exist."""
    with pytest.raises(HedgerowError, match="age1typo") as raised, named_errors():
        _core.age_encrypt(b"", ["age1typo"], SECRET)
    assert raised.value.code == "GOV-017"
