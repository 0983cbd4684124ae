"""The page that a reviewer reads before signing: figures and names, never code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.cli.output import plain, table


def page(shown: Mapping[str, Any]) -> str:
    """A review as text."""
    if "policy" in shown:
        return _policy_page(shown)
    waits = ", waits to be sequenced" if shown["is_pending"] else ""
    head = f"{shown['strategy']}: {shown['title'] or '(no title)'}\nproposal {shown['id']} is {shown['status']}{waits}"
    now = shown["in_force"]
    evidence = shown["evidence"]
    parts = [
        head,
        shown["description"],
        _section("Artifact", [("manifest", shown["artifact"]), *_pairs(shown["content"])]),
        _section("Settings that are not as by default", _pairs(shown["settings"])),
        _section("Made by", [(c["name"], f"{c['share_bps'] / 100:g} %") for c in shown["credits"]]),
        f"Tier\n{shown['tier_says'] or shown['tier']}",
        _section("In force now", [] if now is None else [("tier", now["tier"]), ("capital", now["capital"])]),
        "Limits\n" + _limits(shown["limits"]),
        _section("Exposure, multiples of the capital", _pairs(shown["exposure"])),
        _section("Liquidity", _pairs(shown["liquidity"])),
        _section("Risk, as its authors tell it", _pairs(shown["risk"])),
        _section("Needs", [("data", ", ".join(shown["data"]) or "-"), ("universe", ", ".join(shown["universe"]))]),
        _section("Evidence", _evidence(evidence)),
        _section("Time", [("valid until", shown["valid_until_utc"]), ("follows", shown["prev"] or "nothing")]),
        _signatures(shown),
    ]
    return "\n\n".join(part for part in parts if part)


def _policy_page(shown: Mapping[str, Any]) -> str:
    from hedgerow.governance import policy_text

    now = shown["in_force"]
    return "\n\n".join(
        [
            f"proposal {shown['id']} of a policy by {', '.join(shown['authors'])} is {shown['status']}",
            f"Proposed\n{policy_text(shown['policy'])}",
            f"In force\n{policy_text(now)}" if now else "In force\nnone",
            _signatures(shown),
        ]
    )


def _limits(rows: list[Mapping[str, Any]]) -> str:
    cells = [(r["limit"], *(_amount(r[name]) for name in ("asked", "tier", "now"))) for r in rows]
    return table(cells, heads=("limit", "asked", "the tier allows", "in force"))


def _amount(value: str | int | None) -> str:
    """A limit; what only the number's own size bounds is unbounded."""
    if value is None:
        return "-"
    from hedgerow.governance.tiers import UNLIMITED

    return "unbounded" if isinstance(value, str) and float(value) >= float(UNLIMITED) else plain(value)


def _evidence(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    pack, live = evidence["pack"], evidence["live"]
    rows = [("pack", "none")] if pack is None else [("pack", pack["pack"]), ("vouched by", pack["service"])]
    if pack is not None:
        rows += [("trials", str(pack["trials"])), *_pairs(pack["summary"])]
    rows += [("live", "none")] if live is None else [(f"live {name}", str(value)) for name, value in live.items()]
    return rows


def _signatures(shown: Mapping[str, Any]) -> str:
    rows = [(vote["person"], f"signed as {vote['role']}") for vote in shown["signed"]]
    rows += [("still lacks", ", ".join(shown["missing"]) or "nobody")]
    rows += [("could sign", ", ".join(shown["could_sign"]) or "nobody")] if shown["status"] == "open" else []
    return _section("Signatures", rows)


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    return f"{title}\n{table(rows)}" if rows else ""


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), plain(value)) for name, value in values.items() if value is not None]
