"""Which witnesses must have cosigned: policy files, and how a log stands under one.

Promises: a log's standing is read from its checkpoint alone, or from the last one that was witnessed; the core judges
it. Never: a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors, problem

STREAM = "journal"
WITNESSED = "witnessed"
"""The file with the last checkpoint that a policy accepted; newer ones may still wait for their cosignatures."""

_POLICY_BYTES_MAX = 1 << 20
_NOTE_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class WitnessStanding:
    """A checkpoint under a policy: who cosigned it and when (seconds since the Epoch), who did not, the verdict."""

    origin: str
    size: int
    root: str
    by: Mapping[str, int]
    missing: Sequence[str]
    met: bool

    @property
    def says(self) -> str:
        """In words: `witnessed by 3 of 4`.

        >>> WitnessStanding("a/log", 7, "", {"auditor": 1, "broker": 2}, ["bank"], False).says
        'cosigned by 2 of 3, which the policy does not accept; missing: bank'
        """
        share = f"{len(self.by)} of {len(self.by) + len(self.missing)}"
        if self.met:
            return f"witnessed by {share}"
        return f"cosigned by {share}, which the policy does not accept; missing: {', '.join(self.missing)}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "witnessed": self.met,
            "by": dict(self.by),
            "missing": list(self.missing),
        }

    def demand(self) -> None:
        """Raise `LOG_NOT_WITNESSED` unless the policy is met."""
        if not self.met:
            raise problem("LOG_NOT_WITNESSED", f"{self.origin}, {self.size} entries, {self.says}")


def read_policy(path: Path | str) -> _core.WitnessPolicy:
    """Read a C2SP tlog-policy file; `LOG_POLICY` names the line that is wrong.

    Source: C2SP tlog-policy; lines `log`, `witness`, `group`, `quorum`.
    """
    with named_errors():
        try:
            return _core.WitnessPolicy(read_at_most(Path(path), _POLICY_BYTES_MAX))
        except OSError as error:
            raise problem("LOG_POLICY", f"{path}: {error.strerror}") from None


def default_policy(log_keys: Sequence[str], witnesses: Sequence[tuple[str, str | None]]) -> str:
    """The text of a policy that asks for n - (n - 1) // 3 of these witnesses, so 3 of 4: (key line, URL) each.

    Two quorums of that size share an honest witness as long as fewer than a third of all are dishonest.
    """
    with named_errors():
        text: str = _core.witness_policy_text(list(log_keys), list(witnesses))
    return text


def published(folder: Path | str, stream: str = STREAM) -> tuple[str, str]:
    """The checkpoint and the key line of the log `folder/stream`, not verified: (signed note, key line)."""
    log = Path(folder) / stream
    try:
        key = read_at_most(log / "key.pub", 4096).decode().rstrip("\n")
        return read_at_most(log / "checkpoint", _NOTE_BYTES_MAX).decode(), key
    except FileNotFoundError as error:
        missing = Path(error.filename)
        code = "LOG_NO_CHECKPOINT" if missing.name == "checkpoint" and log.is_dir() else "LOG_NOT_A_LOG"
        raise problem(code, f"no {missing}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(log, error) from None


def standing(
    folder: Path | str, policy: _core.WitnessPolicy, key: str | None = None, *, stream: str = STREAM
) -> WitnessStanding:
    """How the checkpoint of the log `folder/stream` stands under a policy; `key` is the log's key line if it is known.

    Raises `LOG_BAD_SIGNATURE` or `LOG_COSIGNATURE` if a signature of the log or of a named witness does not verify.
    """
    note, own = published(folder, stream)
    return judge(note, key or own, policy)


def last_witnessed(
    folder: Path | str, policy: _core.WitnessPolicy, key: str | None = None, *, stream: str = STREAM
) -> WitnessStanding | None:
    """How the last witnessed checkpoint of the log `folder/stream` stands under a policy; `None` if none is kept.

    That the log still holds what it signs, verification says. Raises what `standing` raises.
    """
    file = Path(folder) / stream / WITNESSED
    try:
        note = read_at_most(file, _NOTE_BYTES_MAX).decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(file, error) from None
    return judge(note, key or published(folder, stream)[1], policy)


def judge(note: str, key: str, policy: _core.WitnessPolicy) -> WitnessStanding:
    """How a signed note of the log with this key line stands under a policy."""
    with named_errors():
        origin, size, root = _core.open_checkpoint(note.encode(), key)
        judged = policy.judge(note.encode(), key)
    return WitnessStanding(origin, size, root, dict(judged["by"]), judged["missing"], judged["met"])


def read_at_most(path: Path, bytes_max: int) -> bytes:
    """A small file's bytes; more than `bytes_max` is `LOG_IO`."""
    with path.open("rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise problem("LOG_IO", f"{path} is longer than {bytes_max:,} bytes")
    return data


def unreadable(path: Path, error: Exception) -> HedgerowError:
    """The named error for a file that cannot be read."""
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return problem("LOG_IO", f"{path}: {reason}")
