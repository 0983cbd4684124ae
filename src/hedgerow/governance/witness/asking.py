"""The log's side: asks all witnesses for cosignatures at once, adds them to the checkpoint, and keeps the last one that
the policy accepts in a file of its own.

Promises: every witness is asked in its own thread and has the same deadline; a witness that knows another size is
asked once more with the proof from there; a cosignature is added only if it verifies with the key that the policy
names; each failure is told by the witness's name. Never: follows a redirect, uses a proxy, believes an answer.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, named_errors
from hedgerow.governance.http_post import Answer, post
from hedgerow.governance.witness.policy import STREAM, WitnessStanding, judge, published

DEADLINE_S = 10.0


@dataclass(frozen=True)
class Asked:
    """What came of asking: the checkpoint's standing now, and why each witness that failed did."""

    standing: WitnessStanding
    failed: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**self.standing.to_json(), "failed": dict(self.failed)}

    @property
    def says(self) -> str:
        """In words, one line a witness that failed."""
        told = [f"{self.standing.origin}, {self.standing.size:,} entries: {self.standing.says}"]
        return "\n".join([*told, *(f"  {name}: {why}" for name, why in self.failed.items())])


@dataclass(frozen=True)
class _Question:
    """What every witness is asked about."""

    tree: _core.LogTree
    note: str
    size: int
    deadline: float


class _Refusal(Exception):
    """Why a witness gave no cosignature."""


def ask(
    folder: Path | str, policy: _core.WitnessPolicy, *, deadline_s: float = DEADLINE_S, stream: str = STREAM
) -> Asked:
    """Ask every witness of a policy that has a URL and has not cosigned yet, and publish what they signed.

    The checkpoint keeps its body; only signature lines are added. One that meets the policy is kept as `witnessed`,
    also when the log has published a later one by then. A writer of the log may run meanwhile: where it replaces the
    checkpoint, the witnesses are asked about the new one until the deadline. Raises if the log itself is not in order,
    never because a witness failed.
    """
    deadline = time.monotonic() + deadline_s
    while True:
        note, key = published(folder, stream)
        before = judge(note, key, policy)
        with named_errors():
            tree = _core.LogTree(str(folder), stream)
        waiting = [row for row in policy.witnesses() if row[0] in before.missing]
        lines, failed = _ask_all(_Question(tree, note, before.size, deadline), waiting, deadline_s)
        note += "".join(sorted(lines))
        after = judge(note, key, policy)
        with named_errors():
            if after.met:
                _core.keep_witnessed(str(folder), note, stream)
            if not lines or _core.add_cosignatures(str(folder), note, stream):
                return Asked(after, failed)
        if time.monotonic() >= deadline:
            now = judge(*published(folder, stream), policy)
            why = f"cosigned {before.size:,} entries, but the log had published {now.size:,} by then: ask again"
            return Asked(now, {name: failed.get(name, why) for name, _, _ in waiting})


def _ask_all(
    question: _Question, waiting: Sequence[tuple[str, str, str | None]], deadline_s: float
) -> tuple[list[str], dict[str, str]]:
    """The signature lines of those who cosigned, and why the others did not."""
    answers: queue.SimpleQueue[tuple[str, str | None, str]] = queue.SimpleQueue()
    for name, witness_key, url in waiting:
        threading.Thread(target=_ask_one, args=(question, name, witness_key, url, answers), daemon=True).start()
    lines, failed = [], {name: f"no answer within {deadline_s:g} s" for name, _, _ in waiting}
    for _ in waiting:
        try:
            name, line, why = answers.get(timeout=max(0.0, question.deadline - time.monotonic()))
        except queue.Empty:
            break
        if line is None:
            failed[name] = why
        else:
            del failed[name]
            lines.append(line)
    return lines, failed


def _ask_one(
    question: _Question, name: str, key: str, url: str | None, answers: queue.SimpleQueue[tuple[str, str | None, str]]
) -> None:
    try:
        if url is None:
            raise _Refusal("the policy does not say where it is asked")
        answers.put((name, _cosignature(question, key, url), ""))
    except _Refusal as refusal:
        answers.put((name, None, str(refusal)))
    except HedgerowError as error:
        answers.put((name, None, str(error)))
    except OSError as error:
        answers.put((name, None, f"{url}: {str(error) or type(error).__name__}"))


def _cosignature(question: _Question, key: str, url: str) -> str:
    answer = _post(question, url, 0)
    if answer.status == 409 and answer.kind == "text/x.tlog.size":
        known = _size(answer.body)
        if known > question.size:
            raise _Refusal(f"it cosigned {known:,} entries, this log has {question.size:,}: rolled back, or a fork")
        answer = _post(question, url, known)
    if answer.status != 200:
        said = "".join(c if c.isprintable() else " " for c in answer.body.decode("utf-8", "replace")[:200]).strip()
        raise _Refusal(f"refused with {answer.status}: {said}")
    for line in answer.body.decode("utf-8", "replace").splitlines(keepends=True):
        with named_errors():
            if line.startswith("\u2014 ") and _core.cosigned_at((question.note + line).encode(), key) is not None:
                return line
    raise _Refusal(f"its answer holds no cosignature by {key}")


def _size(body: bytes) -> int:
    text = body.removesuffix(b"\n")
    if not text.isdigit() or len(text) > 19:
        raise _Refusal(f"answered 409 with {body[:40]!r}, which is no size")
    return int(text)


def _post(question: _Question, url: str, old: int) -> Answer:
    """Send `add-checkpoint`, saying that the witness knows `old` entries."""
    with named_errors():
        data = question.tree.request(old, question.size, question.note)
    return post(f"{url.rstrip('/')}/add-checkpoint", data, "text/plain; charset=utf-8", deadline=question.deadline)
