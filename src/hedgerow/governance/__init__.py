"""Governance: people, keys, proposals, approvals; no signature, no capital.

The public words: `Key`; the acts of people `keys_new`, `roster_new`, `propose`, `approve`, `revoke`, `receive`,
`status`; `sequence`, after which they count; `Desk`, the folder they work on; `artifact_hash`; and
`simulation_authority` for research. Who may do what is decided in the core, by the same code that the kernel asks.
"""

from hedgerow.governance.artifact import artifact_hash, manifest
from hedgerow.governance.desk import Desk
from hedgerow.governance.keys import Key, load_public
from hedgerow.governance.limits import limits_body
from hedgerow.governance.sequencer import sequence
from hedgerow.governance.simulation import simulation_authority
from hedgerow.governance.workflow import approve, keys_new, propose, receive, revoke, roster_new, status

__all__ = [
    "Desk",
    "Key",
    "approve",
    "artifact_hash",
    "keys_new",
    "limits_body",
    "load_public",
    "manifest",
    "propose",
    "receive",
    "revoke",
    "roster_new",
    "sequence",
    "simulation_authority",
    "status",
]
