"""Governance: people, keys, policy, proposals, approvals; no signature, no capital.

The public words: `Key`; the acts of people, from `keys_new`, `roster_new` and `policy_propose` over `propose`,
`review`, `approve`, `reject` and `allocate` to `pause`, `demote`, `retire` and `revoke`; `sign_draft` and
`submit_draft` for what several must sign, `receive` for what was signed elsewhere; `sequence`, after which all of it
counts; `status`; `Desk`, the folder they work on; `artifact_hash`; and
`simulation_authority` for research. Who may do what is decided in the core, by the same code that the kernel asks.
"""

from hedgerow.governance.artifact import artifact_hash, manifest
from hedgerow.governance.desk import Desk
from hedgerow.governance.drafts import show_draft, sign_draft, submit_draft
from hedgerow.governance.events import Service
from hedgerow.governance.expressions import expression, expression_text
from hedgerow.governance.keys import Key, load_public
from hedgerow.governance.limits import limits_body
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.people import keys_new, keys_show, roster_new, roster_show, services_of
from hedgerow.governance.policy import default_policy, policy_text, read_policy, span_ns
from hedgerow.governance.proposals import (
    allocate,
    approve,
    policy_new,
    policy_propose,
    policy_show,
    propose,
    reject,
)
from hedgerow.governance.restraints import demote, pause, retire, revoke
from hedgerow.governance.review import mandate_status, review, status
from hedgerow.governance.sequencer import sequence
from hedgerow.governance.simulation import simulation_authority
from hedgerow.governance.tiers import FOREVER_NS, Tier
from hedgerow.governance.workflow import receive, vouch

__all__ = [
    "FOREVER_NS",
    "Desk",
    "Key",
    "Service",
    "Tier",
    "allocate",
    "approve",
    "artifact_hash",
    "default_policy",
    "demote",
    "expression",
    "expression_text",
    "keys_new",
    "keys_show",
    "limits_body",
    "load_public",
    "mandate_status",
    "manifest",
    "pause",
    "policy_new",
    "policy_propose",
    "policy_show",
    "policy_text",
    "proposal_manifest",
    "propose",
    "read_policy",
    "receive",
    "reject",
    "retire",
    "review",
    "revoke",
    "roster_new",
    "roster_show",
    "sequence",
    "services_of",
    "show_draft",
    "sign_draft",
    "simulation_authority",
    "span_ns",
    "status",
    "submit_draft",
    "vouch",
]
