"""Evidence for the people who decide: what a strategy did on the platform's own data, made and checked by the platform.

The public words: `make_evidence` and `check_evidence`; `Pack`, which is stored and hashed; `refuse_cut_ledger`, which
holds the trial ledger to what earlier packs say of it; `make_live_evidence` from a verified journal; `evidence_body`
and `live_claim`, which go into signed events; `sign_evidence`, for a service of the fund; `text_page` and `html_page`
for reviewers.
"""

from hedgerow.engine.evidence.live import live_claim, make_live_evidence
from hedgerow.engine.evidence.making import check_evidence, make_evidence, refuse_cut_ledger
from hedgerow.engine.evidence.pack import Pack
from hedgerow.engine.evidence.page import html_page, text_page
from hedgerow.engine.evidence.sample import Ran, Settings, run_in_process
from hedgerow.engine.evidence.signing import evidence_body, fund_tiers, sign_evidence

__all__ = [
    "Pack",
    "Ran",
    "Settings",
    "check_evidence",
    "evidence_body",
    "fund_tiers",
    "html_page",
    "live_claim",
    "make_evidence",
    "make_live_evidence",
    "refuse_cut_ledger",
    "run_in_process",
    "sign_evidence",
    "text_page",
]
