"""What stands beside a run's journal: the key that signs its checkpoints, how its orders are named, and at which venue.

Promises: each is written whole, once; a journal whose prefix is lost is not gone on with. Never: a key in a word.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    return str(_told(folder)["prefix"])


def keep_prefix(folder: Path, prefix: str, clock_speed: int, venues: str | Sequence[str]) -> None:
    """Keep it there, with how fast the run's clock began to run, and at which venue, or at which several."""
    where = {"venue": venues} if isinstance(venues, str) else {"venues": list(venues)}
    write_whole(folder / RUN, json.dumps({"v": 1, "prefix": prefix, "clock_speed": clock_speed, **where}).encode())


def was_routed(folder: Path) -> bool:
    """Whether the run began at several venues; LOG_NOT_A_LOG where what says so is lost."""
    return "venues" in _told(folder)


def run_venue(folder: Path) -> str:
    """Where a run trades: `simulated` for one over a recording or bars, empty where its folder does not say, or
    where each order's route does."""
    path = folder / RUN
    if not path.exists():
        return "simulated"
    try:
        return str(json.loads(path.read_bytes()).get("venue", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _told(folder: Path) -> dict[str, Any]:
    path = folder / RUN
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        told["prefix"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise problem("LOG_NOT_A_LOG", f"{path}, which belongs to the journal beside it: {error}") from None
    return told
