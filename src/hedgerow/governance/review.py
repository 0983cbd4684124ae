"""What a reviewer may see of a proposal, and how the fund stands: exposure, risk, liquidity, people; never code.

Promises: figures are those that were signed, beside those that the tier allows and those in force now. Never: opens an
artifact.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.limits import limit_fields
from hedgerow.governance.policy import tier_text

_BOUNDED = ("capital", "gross", "loss", "adv_share_bps")


def status(folder: Fund, *, now_ns: int) -> dict[str, Any]:
    """How things stand: roster, policy, proposals and the seats they lack, mandates; and what waits to be sequenced.

    Only what is sequenced counts; `pending` holds what is signed and waits, with the reason if it would be refused.
    """
    desk = Desk.at(folder)
    folded = desk.fold()
    standing = folded.standing()
    state = standing.state
    for row in state["proposals"]:
        row["expired"] = int(row["valid_until"]) <= now_ns
        row["valid_until_utc"] = _utc(row["valid_until"])
    for row in state["mandates"]:
        row["status"] = mandate_status(row, now_ns)
        row["since_utc"], row["valid_until_utc"] = _utc(row["since"]), _utc(row["valid_until"])
    state["in_force"] = [m for m in state["mandates"] if m["status"] == "in force"]
    state["log"] = None if standing.head is None else standing.head.to_json()
    state["pending"] = [
        {
            "event": r.id,
            "type": r.event.get("type"),
            "actor": r.event.get("actor"),
            "error": None if r.refused is None else str(r.refused),
        }
        for r in desk.ahead(now_ns, folded).recorded
        if r.is_pending
    ]
    return state


def mandate_status(mandate: Mapping[str, Any], now_ns: int) -> str:
    """Where a mandate stands: `cooling down`, `in force`, `paused`, `revoked`, `superseded` or `expired`."""
    if mandate["state"] != "granted":
        return str(mandate["state"])
    if now_ns < int(mandate["since"]):
        return "cooling down"
    if now_ns >= int(mandate["valid_until"]):
        return "expired"
    return "superseded" if now_ns >= int(mandate["until"]) else "in force"


def review(folder: Fund, proposal: str, *, now_ns: int) -> dict[str, Any]:
    """Everything that a reviewer may see of a proposal of capital, or the text of a proposed policy.

    `proposal` is its id, the start of it, its strategy, or the word `policy`. Waiting events are shown as if they were
    sequenced, and told apart.
    """
    act = Act.on(folder, now_ns)
    row = act.proposal(proposal)
    pending = {r.id for r in act.standing.recorded if r.is_pending}
    people = {
        "authors": row.get("authors") or [row.get("author")],
        "signed": [{"person": v["person"], "role": v["role"]} for v in row["votes"]],
        "missing": row["missing"],
        "could_sign": _could_sign(act, row),
    }
    common = {
        "id": row["id"],
        "status": row["status"],
        "closed_by": row["closed_by"],
        "is_pending": row["id"] in pending,
        **people,
    }
    if row["strategy"] == "policy":
        return {**common, "policy": row["policy"], "in_force": act.state["policy"]}
    manifest = row["manifest"]
    tiers = act.state["policy"]["tiers"] if act.state["policy"] else []
    tier = next((t for t in tiers if t["name"] == row["tier"]), None)
    now = next((m for m in reversed(act.state["mandates"]) if m["strategy"] == row["strategy"]), None)
    in_force = now if now is not None and mandate_status(now, now_ns) in ("in force", "paused") else None
    return {
        **common,
        "strategy": row["strategy"],
        "title": manifest["title"],
        "description": manifest["description"],
        "artifact": row["artifact"],
        "content": {"kind": row["content_kind"], "hash": row["content"]},
        "settings": act.body_of(row["id"])["manifest"]["content"].get("config") or {},
        "credits": manifest["credits"],
        "tier": row["tier"],
        "tier_says": None if tier is None else tier_text(tier),
        "limits": _limits(row["limits"], tier, in_force),
        "exposure": _exposure(row),
        "liquidity": _liquidity(row, manifest),
        "risk": manifest["risk"],
        "data": manifest["data"],
        "horizon_ns": manifest["horizon_ns"],
        "universe": row["universe"],
        "commitments": manifest["commitments"],
        "valid_until": row["valid_until"],
        "valid_until_utc": _utc(row["valid_until"]),
        "prev": row["prev"],
        "in_force": None if in_force is None else {"tier": in_force["tier"], "capital": in_force["limits"]["capital"]},
        "evidence": _evidence(act, row),
    }


def _limits(asked: Mapping[str, Any], tier: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[Any]:
    """Each limit: asked, allowed by the tier, in force now."""
    present = now["limits"] if now else {}
    names = [name for name in limit_fields() if name in asked or name in present]
    return [
        {
            "limit": name,
            "asked": asked.get(name),
            "tier": tier[name] if tier is not None and name in _BOUNDED else None,
            "now": present.get(name) if now else None,
        }
        for name in names
    ]


def _exposure(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Limits as multiples of the capital asked for."""
    capital = Decimal(str(row["limits"].get("capital", "0")))

    def share(name: str) -> str | None:
        value = row["limits"].get(name)
        return None if value is None or not capital else f"{Decimal(str(value)) / capital:.4f}"

    names = ("gross", "net", "position", "sector", "order_notional", "loss", "drawdown", "var")
    return {name: share(name) for name in names if name in row["limits"]}


def _liquidity(row: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    capital, capacity = (Decimal(str(v)) for v in (row["limits"].get("capital", "0"), manifest["capacity"]))
    return {
        "adv_share_bps": row["limits"].get("adv_share_bps"),
        "capacity": manifest["capacity"],
        "share_of_capacity": f"{capital / capacity:.4f}" if capacity else None,
        "instruments": len(row["universe"]),
    }


def _evidence(act: Act, row: Mapping[str, Any]) -> dict[str, Any]:
    """What was shown: the pack's summary as the platform signed it, and the time in force at the tier below."""
    shown = row["evidence"]
    known = next((e for e in act.state["evidence"] if e["id"] == shown["event"]), None)
    told = None if known is None else {n: known[n] for n in ("pack", "service", "trials", "summary", "ts")}
    return {"pack": told, "live": shown["live"]}


def _could_sign(act: Act, row: Mapping[str, Any]) -> list[str]:
    """The people who could fill a seat that is still empty; an author never can."""
    people = (act.state["roster"] or {"people": []})["people"]
    taken = {vote["person"] for vote in row["votes"]} | set(row.get("authors") or [row.get("author")])
    taken |= {row.get("proposer")}
    seats = set(row["missing"])
    named = {f'person "{p["name"]}"': p["name"] for p in people}
    asked = {named[seat] for seat in seats if seat in named}
    return [p["name"] for p in people if p["name"] not in taken and (seats & {*p["roles"]} or p["name"] in asked)]


def _utc(ns: str | int) -> str:
    seconds = min(int(ns) // 1_000_000_000, 253_402_300_799)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
