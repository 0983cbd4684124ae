"""Witnesses: who sees to it that a log has one history, and nobody is shown another.

The public words: `new`, `serve` for whoever is a witness; `ask`, `standing`, `last_witnessed`,
`default_policy` for the log.
What a witness cosigns, and which cosignatures suffice, is decided in the core.
"""

from hedgerow.governance.witness.asking import Asked, ask
from hedgerow.governance.witness.folder import new
from hedgerow.governance.witness.policy import (
    WitnessStanding,
    default_policy,
    last_witnessed,
    read_policy,
    standing,
)
from hedgerow.governance.witness.server import WitnessServer, serve

__all__ = [
    "Asked",
    "WitnessServer",
    "WitnessStanding",
    "ask",
    "default_policy",
    "last_witnessed",
    "new",
    "read_policy",
    "serve",
    "standing",
]
