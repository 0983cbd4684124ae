"""Epochs: keys reach the devices of the team and nobody else, and a key that was not committed to opens nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hedgerow import _core
from hedgerow.core.errors import CoreError, GovernanceError, LogError
from hedgerow.governance import epochs
from hedgerow.governance.envelope import sign_event
from hedgerow.governance.epochs import Epoch, epoch_body
from hedgerow.governance.identity import Identity, grants_beside, wrap
from hedgerow.governance.keys import Key

RITA, FAY, LEAVER, AUDITOR = (Identity.generate() for _ in range(4))


def published(*given: tuple[Epoch, list[Identity]]) -> list[epochs.Published]:
    """The epochs as readers find them in signed events."""
    key = Key.from_seed(bytes(32), name="Rita")
    events = [{"type": "epoch", "body": epoch_body(e, [who.recipient for who in to])} for e, to in given]
    return epochs.published(sign_event(event, [key]) for event in [{"type": "roster", "body": {}}, *events])


def test_an_identity_file_is_what_age_keygen_writes_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """The file loads again, has mode 600, is never overwritten, and is refused once others could read it."""
    path = RITA.save(tmp_path / "rita.age")
    assert Identity.load(path) == RITA
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().splitlines()[-1].startswith("AGE-SECRET-KEY-1")
    assert RITA.secret not in repr(RITA)
    with pytest.raises(GovernanceError, match="never overwritten"):
        FAY.save(path)
    os.chmod(path, 0o644)
    with pytest.raises(GovernanceError, match="others could read it"):
        Identity.load(path)


def test_what_is_no_identity_and_no_recipient_is_named(tmp_path: Path) -> None:
    """A wrong file, a wrong recipient and nobody at all are errors with the value seen."""
    path = tmp_path / "other.age"
    path.write_text("# nothing here\n")
    path.chmod(0o600)
    with pytest.raises(GovernanceError, match="holds no age identity"):
        Identity.load(path)
    with pytest.raises(GovernanceError, match="age1wrong"):
        wrap(b"key", [RITA.recipient, "age1wrong"])
    with pytest.raises(GovernanceError, match="nobody"):
        epoch_body(Epoch.begin("journal", 1), [])


def test_every_device_opens_the_epoch_and_nobody_else_does() -> None:
    """Two recipients get the key; a third identity gets nothing."""
    epoch = Epoch.begin("journal", 1)
    (shown,) = published((epoch, [RITA, FAY]))
    assert shown.unwrap([RITA]) == shown.unwrap([FAY]) == shown.unwrap([LEAVER, FAY]) == epoch
    assert shown.unwrap([LEAVER]) is None
    assert epoch.key.hex() not in json.dumps(epoch_body(epoch, [RITA.recipient]))


def test_a_removed_device_cannot_open_the_next_epoch() -> None:
    """After a rotation the leaver still opens the old epoch and not the new one, which is the one in force."""
    first, second = Epoch.begin("journal", 1), Epoch.begin("journal", 2)
    shown = published((first, [RITA, LEAVER]), (second, [RITA]))
    assert epochs.open_epochs(shown, [LEAVER]) == [first]
    assert epochs.sealing_epoch(shown, "journal", [RITA]) == second
    with pytest.raises(LogError, match="epoch journal 2 is wrapped to 1 others"):
        epochs.sealing_epoch(shown, "journal", [LEAVER])
    with pytest.raises(LogError, match="no epoch of compensation was begun"):
        epochs.sealing_epoch(shown, "compensation", [RITA])


def test_a_key_that_is_not_the_committed_one_is_refused() -> None:
    """An event whose wrapped key belongs to another commitment opens for nobody."""
    (shown,) = published((Epoch.begin("journal", 1), [RITA]))
    with pytest.raises(LogError, match="LOG-"):
        replace(shown, commitment=bytes(32)).unwrap([RITA])
    keys = _core.Keyring()
    with pytest.raises(_core.CoreProblem, match="commitment"):
        keys.add(1, bytes(32), bytes(32))


def test_compartments_have_keys_of_their_own_and_an_unknown_one_is_refused() -> None:
    """The same number in two compartments is two epochs."""
    words = {Epoch(name, 1, bytes(32)).word for name in epochs.COMPARTMENTS}
    assert len(words) == len(epochs.COMPARTMENTS) == 4
    with pytest.raises(CoreError, match="kitchen"):
        Epoch("kitchen", 1, bytes(32)).word  # noqa: B018


def test_an_auditor_gets_old_epochs_in_a_grant_and_no_other_person_opens_it(tmp_path: Path) -> None:
    """The grant holds exactly what was granted; it is found beside the auditor's identity."""
    first, second = Epoch.begin("journal", 1), Epoch.begin("compensation", 1)
    data = epochs.grant([first, second], AUDITOR.recipient)
    assert epochs.open_grant(data, [AUDITOR]) == [first, second]
    assert epochs.open_grant(data, [RITA]) == []
    file = AUDITOR.save(tmp_path / "identity.age")
    (tmp_path / "2026.grant").write_bytes(data)
    assert grants_beside(file) == [data]
    with pytest.raises(LogError, match="no epoch that could be granted"):
        epochs.grant([], AUDITOR.recipient)
    with pytest.raises(GovernanceError, match="the grant cannot be read"):
        epochs.open_grant(wrap(b"{}", [AUDITOR.recipient]), [AUDITOR])


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 for one block, from the standard library."""
    extracted = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A log with one sealed record, a sealed segment of two, one that everybody may read, and a long sealed one."""
    epoch = Epoch("journal", 7, bytes(range(32)))
    with _core.JournalWriter(tmp_path / "log", "example.fund/journal", bytes(32)) as writer:
        writer.seal_with(epoch.word, epoch.key)
        writer.append_plain(33, 1, b"genesis")
        writer.append(6, 2, b"an order for ACME")
        writer.append_row(1, 3, b"row three")
        writer.append_row(1, 4, b"row four!")
        writer.append(6, 5, b"long" * 5_000)
    return tmp_path / "log"


@pytest.mark.parametrize(("record", "data"), [(2, b"an order for ACME"), (5, b"long" * 5_000)])
def test_another_implementation_opens_an_entry_from_the_description_alone(
    sealed: Path, record: int, data: bytes
) -> None:
    """HKDF from the standard library and AES-GCM from OpenSSL give the record, bound to its id and its epoch."""
    entry, blob = _core.LogReader(sealed).entry(record)
    kind, flags, count, first_id, epoch, behind = struct.unpack_from("<HHIQII", entry)
    assert (kind, flags, count, first_id, epoch, behind) == (35, 0, 1, record, 7, len(blob))
    assert not behind or entry[24:] == hashlib.sha256(blob).digest()
    seal = blob if behind else entry[24:]
    epoch_key, salt = bytes(range(32)), seal[:32]
    commitment = hkdf(epoch_key, b"", b"hedgerow/v1/commit")
    key = hkdf(epoch_key, salt, b"hedgerow/v1/entry")
    aad = commitment + struct.pack("<Q", first_id)
    text = AESGCM(key).decrypt(bytes(12), seal[32:], aad)
    assert text[:4] == struct.pack("<I", len(text) - 4)
    assert text[20:] == data
    assert salt == hmac.digest(hkdf(epoch_key, b"", b"hedgerow/v1/salt"), struct.pack("<Q", first_id) + text, "sha256")
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(bytes(12), seal[32:], commitment + struct.pack("<Q", 3))


def test_without_a_key_the_log_is_proved_and_shows_seals_and_with_it_records(sealed: Path) -> None:
    """Verification needs no key; reading with an empty keyring names the epoch that is missing."""
    report = _core.verify_log(sealed)
    assert (report["entries"], report["records"], report["sealed"]) == (4, 5, 3)
    assert [kind for kind, _, _ in _core.LogReader(sealed)] == [33, 35, 35, 35, 35]
    assert b"ACME" not in (sealed / "journal" / "wal").read_bytes()
    keys = epochs.keyring([Epoch("journal", 7, bytes(range(32)))])
    reader = _core.LogReader(sealed, keys=keys)
    assert [(kind, data) for kind, _, data in reader] == [
        (33, b"genesis"),
        (6, b"an order for ACME"),
        (1, b"row three"),
        (1, b"row four!"),
        (6, b"long" * 5_000),
    ]
    with pytest.raises(_core.CoreProblem, match="record 2 is sealed in epoch journal 7; held: none"):
        _core.LogReader(sealed, keys=_core.Keyring())


def test_a_disclosed_key_opens_one_entry_for_an_outsider(sealed: Path) -> None:
    """The key of one entry shows its records, and no other entry opens with it; its leaf is the one that was proved."""
    keys = epochs.keyring([Epoch("journal", 7, bytes(range(32)))])
    reader = _core.LogReader(sealed, keys=keys)
    assert reader.disclose(1) is None
    epoch, commitment, key = reader.disclose(4)
    assert epoch == "journal 7"
    entry, blob = reader.entry(4)
    assert reader.inclusion(4)[2] == entry
    assert blob == b""
    assert _core.open_entry(entry, None, commitment, key) == [(1, 3, b"row three"), (1, 4, b"row four!")]
    for record in (2, 5):
        other, its_blob = reader.entry(record)
        with pytest.raises(_core.CoreProblem, match="tag does not verify"):
            _core.open_entry(other, its_blob, commitment, key)
    with pytest.raises(_core.CoreProblem):
        _core.open_entry(entry, its_blob, commitment, key)
    with pytest.raises(_core.CoreProblem):
        _core.open_entry(reader.entry(1)[0], b"", commitment, key)
