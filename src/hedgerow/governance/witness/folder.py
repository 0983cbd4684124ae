"""A witness's folder: its own key, and the memory that the core keeps.

Promises: one key per witness, made here and used for nothing else; a folder that lost its memory is not served, because
a witness that forgot could cosign a fork. Never: a key that is given or copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.governance.keys import Key

_PRIVATE = "key.pem"
_PUBLIC = "key.pub"
_STATE = "state"


def new(folder: Path | str, name: str) -> str:
    """Make a witness: its key and its empty memory; returns its key line, which goes into policies.

    `name` is the key's name, best a domain and a word: `auditor.example/w1`. A folder that holds anything of a witness
    is `LOG_EXISTS`.
    """
    folder = Path(folder)
    there = [word for word in (_PRIVATE, _PUBLIC, _STATE) if (folder / word).exists()]
    if there:
        raise problem("LOG_EXISTS", f"{folder} holds {', '.join(there)}")
    key = Key.generate(name)
    with named_errors():
        line: str = _core.witness_new(str(folder), name, key.seed)
    key.save(folder / _PRIVATE)
    return line


def load(folder: Path | str, origin_keys: Sequence[str]) -> _core.Witness:
    """Take up a witness to serve these logs; `LOG_WITNESS_STATE` if its memory is missing or damaged."""
    folder = Path(folder)
    key = Key.load(folder / _PRIVATE)
    try:
        line = (folder / _PUBLIC).read_text("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError):
        raise problem("LOG_WITNESS_STATE", f"{folder / _PUBLIC} cannot be read") from None
    with named_errors():
        return _core.Witness(str(folder), line.partition("+")[0], key.seed, list(origin_keys))
