"""Live evidence on one page: what was in force, what it cost against the model, what it lost against its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hedgerow.engine.evidence.page import Section, cash, left_out, plain


def live_sections(content: Mapping[str, Any]) -> Iterable[Section]:
    """The parts of a live pack's page."""
    currency, losses, paid = content["currency"], content["losses"], content["realised_costs"]
    period = f"{_time(content['from_ns'])} to {_time(content['to_ns'])}"
    days = int(content["in_force_ns"]) / 86_400e9
    heads = ("proposal", "since", "until", "capital", "loss limit")
    rows = tuple(
        (m["proposal"][:12], _time(m["since_ns"]), _time(m["until_ns"]), cash(m["capital"]), cash(m["loss"]))
        for m in content["mandates"]
    )
    lines = (f"{period}; in force for {days:.1f} days.",)
    yield Section(f"Under its mandate, tier {content['tier']}", heads, rows, lines)
    trading = (
        ("fills", str(content["fills"])),
        ("traded", f"{cash(content['traded'])} {currency}"),
        ("fees", f"{cash(paid['fees'])} {currency}"),
        ("spread and impact", f"{cash(paid['spread_and_impact'])} {currency}"),
        ("costs paid, bp of what was traded", plain(content.get("realised_costs_bps"))),
        ("costs by the model, bp", plain(content.get("modelled_costs_bps"))),
        ("paid over modelled", plain(content.get("realised_over_modelled"))),
    )
    yield Section("Costs", rows=trading)
    lost = (
        ("profit", f"{cash(losses['profit'])} {currency} in {losses['days']} days"),
        ("worst day", f"{cash(losses['worst_day'])}, limit {cash(losses['loss_limit'])}"),
        ("deepest fall", f"{cash(losses['max_drawdown'])}, limit {cash(losses['drawdown_limit'])}"),
        ("within its limits", "yes" if losses["within_limits"] else "NO"),
    )
    yield Section("Losses", rows=lost)
    judged = [("decisions", str(content["decisions"])), ("denied", str(content["denied"]))]
    judged += [(f"denied by {code}", str(count)) for code, count in content["denied_by_rule"].items()]
    judged += [("findings", str(content["findings"]))]
    judged += [(f"found {code}", str(count)) for code, count in content["findings_by_code"].items()]
    yield Section("Gate", rows=tuple(judged))
    journal = content["journal"]
    proved = (("log", journal["origin"]), ("entries", str(journal["entries"])), ("root", journal["root"]))
    yield Section("Proved", rows=proved)
    yield left_out(content)


def _time(ns: str) -> str:
    return f"{datetime.fromtimestamp(int(ns) / 1e9, tz=UTC):%Y-%m-%d %H:%M}"
