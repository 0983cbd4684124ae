"""What stands beside a run's journal: the key that signs its checkpoints, and what the names of its orders begin with.

Promises: each is written whole, once; a journal whose prefix is lost is not gone on with. Never: a key in a word.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole
from hedgerow.governance.keys import private_text, save_private

KEY, RUN = "journal.key", "run.json"


def journal_key(folder: Path) -> bytes:
    """The key of a run's journal, drawn when it is first asked for."""
    path = folder / KEY
    if not path.exists():
        save_private(path, secrets.token_hex(32))
    return bytes.fromhex(private_text(path))


def run_prefix(folder: Path) -> str:
    """What the names of a run's orders begin with, kept beside its journal; LOG_NOT_A_LOG where that is lost."""
    path = folder / RUN
    try:
        return str(json.loads(path.read_bytes())["prefix"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise problem("LOG_NOT_A_LOG", f"{path}, which belongs to the journal beside it: {error}") from None


def keep_prefix(folder: Path, prefix: str, clock_speed: int = 1) -> None:
    """Keep it there, with how fast the run's clock began to run."""
    write_whole(folder / RUN, json.dumps({"v": 1, "prefix": prefix, "clock_speed": clock_speed}).encode())
