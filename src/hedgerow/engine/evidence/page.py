"""An evidence pack on one page, for people who decide: exposure, risk, liquidity, and never the code.

Promises: a view of the pack alone; the same pack gives the same page; what is missing stands there with its reason. The
HTML fetches nothing and runs nothing. Never: a figure that is not in the pack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hedgerow.engine.tearsheet.markup import Markup, amount, joined, number, percent, tag
from hedgerow.engine.tearsheet.markup import table as html_table

if TYPE_CHECKING:
    from hedgerow.engine.evidence.pack import Pack

DASH = "-"
STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1c1c1c}"
    "table{border-collapse:collapse;margin:.4rem 0 1rem}th,td{padding:.15rem .8rem .15rem 0;text-align:left;"
    "font-weight:400;vertical-align:top}thead th{border-bottom:1px solid #999}caption{text-align:left;color:#555}"
    "h2{margin:1.4rem 0 .2rem;font-size:1.1rem}code{word-break:break-all}"
)


@dataclass(frozen=True)
class Section:
    """A part of the page: a title, a table, and lines beneath it."""

    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()


def text_page(pack: Pack) -> str:
    """The pack as text."""
    told = [f"Evidence for {pack.content['strategy']}", f"pack      {pack.sha256}", *_head(pack.content)]
    for section in sections(pack.content):
        told += ["", section.title, *_aligned([section.heads, *section.rows] if section.heads else section.rows)]
        told += section.lines
    return "\n".join(told)


def html_page(pack: Pack) -> str:
    """The pack as one HTML file without scripts."""
    title = f"Evidence for {pack.content['strategy']}"
    parts: list[Markup] = [tag("h1", title), tag("p", "pack ", tag("code", pack.sha256))]
    parts += [tag("p", tag("code", line)) for line in _head(pack.content)]
    for section in sections(pack.content):
        parts.append(tag("h2", section.title))
        if section.rows:
            heads = section.heads or ("",) * len(section.rows[0])
            parts.append(html_table("", heads, section.rows))
        parts += [tag("p", line) for line in section.lines]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        Markup(f"<style>{STYLE}</style>"),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', joined(parts)), lang='en')}\n"


def sections(content: Mapping[str, Any]) -> Iterable[Section]:
    """The parts of the page, in the order in which one reads them."""
    if content["kind"] == "live":
        from hedgerow.engine.evidence.live_page import live_sections

        yield from live_sections(content)
        return
    yield _result(content)
    yield _folds(content)
    yield _exposure(content)
    yield _risk(content)
    yield _stress(content)
    yield _tiers(content)
    yield _trials(content)
    yield _gate(content)
    yield left_out(content)


def left_out(content: Mapping[str, Any]) -> Section:
    """What the sample does not carry, and why."""
    rows = tuple((row["figure"], row["reason"]) for row in content["left_out"])
    return Section("Left out", rows=rows, lines=() if rows else ("Nothing.",))


def _head(content: Mapping[str, Any]) -> list[str]:
    told = [f"artifact  {content['artifact']}"]
    if content["kind"] == "evidence":
        data = content["data"]
        told += [
            f"data      {data['digest']}",
            f"          {data['first_day']} to {data['last_day']}, {data['days']} days, {len(data['symbols'])} symbols",
            f"isolation {content['run']['isolation']}",
        ]
    return told


def _result(content: Mapping[str, Any]) -> Section:
    stats, costs, currency = content["performance"], content["costs"], content["settings"]["currency"]
    rows = (
        ("total return", share(stats.get("total_return"))),
        ("per year", share(stats.get("cagr"))),
        ("volatility", share(stats.get("volatility"))),
        ("Sharpe ratio", plain(stats.get("sharpe"))),
        (f"deflated Sharpe, {stats['trials']} trials", share(stats.get("deflated_sharpe"))),
        ("turnover per year", share(stats.get("turnover"))),
        ("profit before costs", f"{cash(costs['gross_profit'])} {currency}"),
        ("costs", f"{cash(str(float(costs['fees']) + float(costs['spread_and_impact'])))} {currency}"),
        ("costs eat of it", share(costs.get("costs_share_of_gross"))),
    )
    return Section("Result, net of costs", rows=rows, lines=tuple(stats["notes"]))


def _folds(content: Mapping[str, Any]) -> Section:
    walk = content["walk_forward"]
    heads = ("fold", "from", "to", "return", "Sharpe", "drawdown", "out of sample")
    rows = tuple(
        (
            str(row["number"]),
            row["from"],
            row["to"],
            share(row["total_return"]),
            plain(row.get("sharpe")),
            share(row["max_drawdown"]),
            row["out_of_sample"],
        )
        for row in walk["folds"]
    )
    return Section(f"Walk forward: {walk['kind']}", heads, rows)


def _exposure(content: Mapping[str, Any]) -> Section:
    held = content["exposure"]
    rows = [
        ("gross, at most", share(held["gross_max"])),
        ("gross, mean", share(held["gross_mean"])),
        ("net, from", share(held["net_min"])),
        ("net, to", share(held["net_max"])),
        ("positions at once", str(held["positions_max"])),
    ]
    rows += [(f"largest: {row['symbol']}", share(row["share_max"])) for row in held["largest_positions"][:5]]
    rows += [(f"sector {name}", share(value)) for name, value in held["sector_gross_max"].items()]
    return Section("Exposure, shares of net asset value at the ends of days", rows=tuple(rows))


def _risk(content: Mapping[str, Any]) -> Section:
    fall, tail, book = content["drawdown"], content["tail"], content["book"] or {}
    back = f"recovered {fall['recovered']}" if fall["recovered"] else "not recovered"
    rows = (
        ("deepest drawdown", f"{share(fall['depth'])}  {fall['peak']} to {fall['trough']}, {back}"),
        ("longest below a peak", f"{fall['longest_below_peak']} days"),
        ("value at risk, one day, 95 %", share(tail.get("value_at_risk_95"))),
        ("expected shortfall, 95 %", share(tail.get("expected_shortfall_95"))),
        ("value at risk, one day, 99 %", share(tail.get("value_at_risk_99"))),
        ("expected shortfall, 99 %", share(tail.get("expected_shortfall_99"))),
        ("correlation with the running book", plain(book.get("correlation"))),
        ("on the book's worst days", plain(book.get("correlation_on_worst_days"))),
    )
    return Section("Risk", rows=rows)


def _stress(content: Mapping[str, Any]) -> Section:
    found = content["stress"]
    rows = [
        (row["window"], share(str(-float(row["return"]))), f"universe {share(row.get('universe_return'))}")
        for row in found["windows"]
    ]
    rows += [(f"market {share(row['move'], 0)}", share(row["loss"]), row["day"]) for row in found["market"]]
    rows += [
        (f"sector {row['sector']} {share(row['move'], 0)} against us", share(row["loss"]), row["day"])
        for row in found["sectors"]
    ]
    rows += [(row["shock"], share(row["loss"]), row["day"]) for row in found["volatility"]]
    if found["liquidity"]:
        rows.append(("all sold at once, thin market", share(found["liquidity"]["loss"]), found["liquidity"]["day"]))
    return Section("Stress: loss as a share of net asset value", ("event", "loss", "worst day"), tuple(rows))


def _tiers(content: Mapping[str, Any]) -> Section:
    carried, currency = content["capacity"], content["settings"]["currency"]
    heads = (
        "tier",
        "capital",
        "net a year",
        "costs eat",
        "ADV needed",
        "allowed",
        "days to sell",
        "days over limit",
    )
    rows = tuple(
        (
            row["tier"],
            cash(row["capital"]),
            share(row.get("net_return_per_year")),
            share(row.get("costs_share_of_gross"), 0),
            bps(row.get("adv_share_needed_bps")),
            bps(row.get("adv_share_allowed_bps")),
            plain(row.get("days_to_liquidate"), 1),
            str(row["days_beyond_loss_limit"]),
        )
        for row in content["tiers"]
    )
    lines: list[str] = []
    if carried is not None:
        half, most = carried["capital_where_costs_eat_half"], carried["capital_of_most_profit"]
        lines = [f"Costs eat half of gross profit at {cash(half)} {currency}; more than {cash(most)} earns less."]
    return Section("Capacity and liquidity", heads if rows else (), rows, tuple(lines))


def _trials(content: Mapping[str, Any]) -> Section:
    counted, stats = content["trials"], content["performance"]
    rows = (
        ("trials of the strategy", str(counted["count"])),
        ("of the whole fund", str(counted["fund_count"])),
        ("Sharpe ratio of the best by luck", plain(counted["sharpe_of_the_best_by_luck"])),
        ("probability of beating luck", share(stats.get("deflated_sharpe"))),
        ("ledger", f"{counted['head']['lines']} lines, {counted['head']['sha256'][:16]}"),
    )
    return Section("Trials", rows=rows)


def _gate(content: Mapping[str, Any]) -> Section:
    found = content["gate"]
    rows = [("decisions", str(found["decisions"])), ("denied", str(found["denied"]))]
    rows += [(f"denied by {code}", str(count)) for code, count in found["denied_by_rule"].items()]
    rows += [("findings", str(found["findings"]))]
    rows += [(f"found {code}", str(count)) for code, count in found["findings_by_code"].items()]
    return Section("Gate", rows=tuple(rows))


def share(text: str | None, digits: int = 2) -> str:
    """A fraction as a percentage.

    >>> share("0.1234"), share(None)
    ('12.34 %', '-')
    """
    return DASH if text is None else percent(float(text), digits).replace("\N{NO-BREAK SPACE}", " ")


def plain(text: str | None, digits: int = 2) -> str:
    """A number to so many places."""
    return DASH if text is None else number(float(text), digits)


def cash(text: str) -> str:
    """An amount of money."""
    return amount(float(text))


def bps(text: str | int | None) -> str:
    """Basis points as a percentage."""
    return DASH if text is None else share(str(float(text) / 1e4))


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = list(rows)
    columns = max((len(line) for line in lines), default=0)
    widths = [max(len(line[n]) for line in lines if n < len(line)) for n in range(columns)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=False)] for line in lines)
    return [f"  {'  '.join(cells)}".rstrip() for cells in padded]
