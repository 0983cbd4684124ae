"""The tear sheet as a reader gets it: one page, complete in itself, that shows what happened and what is not known."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.engine.result import Result

DAY = 86_400 * 10**9
VOID = {"meta", "br", "link"}
INJECTION = "<script>alert(1)</script>"


class Outline(HTMLParser):
    """What a page is made of; an element that is not closed, or closed twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It must be the last that was opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text outside of scripts and styles."""
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def count(self, tag: str) -> int:
        """How often an element occurs."""
        return sum(name == tag for name, _ in self.seen)

    @property
    def text(self) -> str:
        """All text, blanks made one."""
        return re.sub(r"\s+", " ", "".join(f"{word} " for word in self.words))


def prices(count: int, symbols: int = 1, *, seed: int = 1, start: str = "2020-01-01") -> pd.DataFrame:
    """Random walks of business days."""
    moves = np.random.default_rng(seed).normal(0.0002, 0.012, (count, symbols))
    names = [f"S{n}" for n in range(symbols)]
    return pd.DataFrame(100 * np.exp(moves.cumsum(axis=0)), pd.bdate_range(start, periods=count), names).round(2)


def rebalanced(frame: pd.DataFrame, **settings: Any) -> Result:
    """A run that now and then holds other shares of every column, long and short."""
    weights = np.full(frame.shape, np.nan)
    weights[::15] = np.random.default_rng(2).uniform(-0.2, 0.3, weights[::15].shape)
    return hr.backtest(frame, weights=weights, **settings)


def page_of(result: Result, folder: Path, **settings: Any) -> str:
    """The page of a run."""
    return Path(result.report(str(folder / "page.html"), **settings)).read_text(encoding="utf-8")


def numbers_in(page: str) -> dict[str, Any]:
    """What the drawing script reads."""
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """A run with a journal, and its page."""
    folder = tmp_path_factory.mktemp("kept")
    result = rebalanced(prices(400, 4), log=folder / "log", name="rotation", trials=20)
    return result, page_of(result, folder)


def test_a_page_is_complete_in_itself(kept: tuple[Result, str]) -> None:
    """Nothing is fetched: no address in any attribute, a policy that forbids it, and it stays small."""
    _, page = kept
    outline = Outline(page)
    assert not [a for _, a in outline.seen if {"src", "href", "action", "srcset"} & set(a)]
    policies = [a["content"] for _, a in outline.seen if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'")
    assert len(page.encode()) < 400 * 1024


def test_a_page_is_readable_without_eyes_or_scripts(kept: tuple[Result, str]) -> None:
    """Every table has a caption and named rows, every chart a sentence and a still picture, months stand as a table."""
    outline = Outline(kept[1])
    assert outline.count("table") == outline.count("caption") > 8
    assert all(a.get("scope") in ("row", "col") for tag, a in outline.seen if tag == "th")
    plots = [a for _, a in outline.seen if a.get("class") == "plot"]
    assert [a["id"] for a in plots] == ["equity", "drawdown", "rolling", "exposure"]
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 40 for a in plots)
    assert outline.count("svg") == outline.count("figure") == outline.count("figcaption") == 4
    assert outline.count("noscript") == outline.count("h1") == 1
    assert "Net asset value at the end of each month" in outline.text


def test_the_head_says_what_was_run_and_that_it_is_hypothetical(kept: tuple[Result, str]) -> None:
    """Name, days, capital, costs in words, notes of the data, and no promise."""
    text = Outline(kept[1]).text
    for words in (
        "rotation 2020-01-01 to 2021-07-13 · capital 1,000,000.00 USD · 4 instruments",
        "half-spread 2 bp, no market impact, fee 1 bp, no cap on volume; orders fill at the next bar's open",
        "Hypothetical: a backtest.",
        "volume is unknown",
    ):
        assert words in text


def test_an_auditor_finds_hashes_seed_journal_and_the_commands(kept: tuple[Result, str]) -> None:
    """What proves the run stands in its page, and the journal holds the record that each command names."""
    result, page = kept
    text = Outline(page).text
    folder = result.info.log
    sealed = (result.info.artifact, result.state_hash, result.info.data_digest, result.sealed["root"].hex())
    for words in (*sealed, f"hedgerow audit verify {folder}"):
        assert words in text
    worst = re.search(rf"hedgerow why (\d+) --log {re.escape(str(folder))}", text)
    assert worst is not None
    assert hr.why(str(folder), int(worst[1]))[0].noun == "Fill"


def test_the_largest_loss_stands_first(kept: tuple[Result, str]) -> None:
    """The table of losses begins with the round trip that lost most after fees."""
    result, page = kept
    closed = result.trades[~result.trades["open"]]
    worst = closed.loc[(closed["pnl"] - closed["fees"]).idxmin()]
    table = page.split("Round trips that lost most")[1].split("</tr>")[1]
    assert f"why {worst['exit_id']} " in table
    assert f"{worst['pnl'] - worst['fees']:,.2f}" in table


def test_equal_runs_give_equal_pages(tmp_path: Path) -> None:
    """No clock, no chance, no order of a set in it."""
    frame = prices(120, 3)
    first, second = (page_of(rebalanced(frame), tmp_path) for _ in range(2))
    assert first == second


def test_what_a_name_holds_is_shown_and_never_run(tmp_path: Path) -> None:
    """A symbol, a run's name and a note that hold markup come out as their letters, in tables and in the numbers."""
    frame = prices(90, 2).set_axis([INJECTION, "</style>&amp;\"'"], axis=1)
    result = rebalanced(frame, name=f"</title>{INJECTION}")
    other = rebalanced(frame, name=f"{INJECTION} held")
    page = page_of(result, tmp_path, benchmark=other)
    outline = Outline(page)
    assert outline.count("script") == 3
    assert page.count("<script>alert") == 0
    assert INJECTION in outline.text
    assert numbers_in(page)["charts"]["equity"]["labels"][1] == f"{INJECTION} held"
    assert INJECTION not in result._repr_html_()


def test_numbers_in_the_page_are_the_curve(kept: tuple[Result, str]) -> None:
    """The first point is the capital on the day before the first session, the last the value at the end."""
    result, page = kept
    chart = numbers_in(page)["charts"]["equity"]
    assert len(chart["steps"]) + 1 == len(chart["columns"][0]) == len(result.equity)
    assert pd.Timestamp(chart["start"], unit="s") == pd.Timestamp("2019-12-31")
    assert chart["start"] + sum(chart["steps"]) * chart["unit"] == pd.Timestamp("2021-07-13").timestamp()
    assert chart["columns"][0][0] == 1_000_000
    assert chart["columns"][0][-1] == pytest.approx(result.final_nav, abs=1)


def test_many_points_are_thinned_and_it_is_said(tmp_path: Path) -> None:
    """The lowest and highest value of a long curve are drawn, from at most four thousand points."""
    count = 20_000
    close = 100 * np.exp(np.random.default_rng(3).normal(0, 0.001, count).cumsum()).round(4)
    ts = pd.Timestamp("2022-03-01 00:01").value + np.arange(count) * 60 * 10**9
    bars = hr.Bars.from_arrays(ts, close=close.round(2), symbol="MIN")
    result = hr.backtest(bars, signals=(np.arange(count) // 500) % 2, size=5000)
    page = page_of(result, tmp_path)
    drawn = numbers_in(page)["charts"]["equity"]["columns"][0]
    nav = result.equity["nav"]
    assert len(drawn) <= 4_000
    assert f"Drawn from {len(drawn):,} of 20,001 points" in page
    assert (min(drawn), max(drawn)) == (pytest.approx(nav.min(), rel=1e-6), pytest.approx(nav.max(), rel=1e-6))
    assert len(page.encode()) < 400 * 1024


def test_a_run_of_one_bar_has_a_page_with_dashes_and_reasons(tmp_path: Path) -> None:
    """What one day cannot carry is left out, and the page says why."""
    bars = hr.Bars.from_arrays([DAY], close=[10.0], symbol="A", span=DAY)
    text = Outline(page_of(hr.backtest(bars, signals=[1]), tmp_path)).text
    assert "RUN-004" in text
    assert "no benchmark" in text
    assert "Nothing was traded." in text
    assert "neither gained nor lost" in text


def test_a_run_without_a_mandate_shows_every_denial(tmp_path: Path) -> None:
    """Limits of nothing deny everything: grouped by rule, with the sentence and the remedy."""
    result = hr.backtest(prices(60), signals=np.ones(60, dtype=int), size=10, limits=hr.Limits(capital=1))
    text = Outline(page_of(result, tmp_path)).text
    denied = result.verdicts[result.verdicts["decision"] == "denied"]
    assert len(denied)
    assert f"{len(denied)} orders denied before they left" in text
    code = denied["code"].iloc[0]
    row = next(row for row in hr.core.errors.error_table() if row.code == code)
    assert f"{code} {(denied['code'] == code).sum()} " in text
    assert row.remedy in text


def test_a_fund_that_is_ruined_is_told_so(tmp_path: Path) -> None:
    """A value below zero has no return, but it has a report."""
    close = np.concatenate([np.full(30, 100.0), np.linspace(100, 400, 30).round(2)])
    limits = hr.Limits.for_research(capital=1_000_000, leverage=10)
    bars = hr.Bars.from_arrays(DAY * np.arange(1, 61), close=close, symbol="UP")
    result = hr.backtest(bars, signals=-np.ones(60, dtype=int), size=9_000, limits=limits)
    text = Outline(page_of(result, tmp_path)).text
    assert result.final_nav < 0
    assert "the strategy lost" in text
    assert "nothing after it counts" in text


def test_a_benchmark_of_ones_own_stands_beside_the_run(tmp_path: Path) -> None:
    """It is named, scaled to the same capital, and must be in the same currency."""
    frame = prices(100, 2)
    mine = rebalanced(frame, name="mine")
    other = rebalanced(frame, name="half", cash=500_000)
    page = page_of(mine, tmp_path, benchmark=other)
    assert "Strategy beside half, under the same costs" in page
    assert numbers_in(page)["charts"]["equity"]["columns"][1][0] == 1_000_000
    foreign = hr.backtest(
        hr.Bars.from_frame(frame), weights=np.full(frame.shape, np.nan), currency="EUR", fx={"USD": 0.9}
    )
    with pytest.raises(hr.HedgerowError, match="RUN-002"):
        mine.report(str(tmp_path / "foreign.html"), benchmark=foreign)
    assert not (tmp_path / "foreign.html").exists()


def test_instruments_that_trade_later_are_not_in_the_benchmark(tmp_path: Path) -> None:
    """Nobody could have bought them at the start."""
    frame = prices(100, 2)
    frame.iloc[:50, 1] = np.nan
    weights = np.full(frame.shape, np.nan)
    weights[60] = [0.2, 0.2]
    result = hr.backtest(hr.Bars.from_frame(frame), weights=pd.DataFrame(weights, frame.index, frame.columns))
    assert "buy and hold of the 1 instrument there at the start" in Outline(page_of(result, tmp_path)).text


def test_contracts_and_currencies_are_valued_as_the_ledger_does(tmp_path: Path) -> None:
    """Multipliers and moving exchange rates: the page is written, so everything agreed to the cent."""
    count = 200
    instruments = [
        hr.Instrument("FUT", tick="0.25", multiplier=50),
        hr.Instrument("DE", currency="EUR"),
        hr.Instrument("JP", currency="JPY", tick="1"),
    ]
    walk = np.random.default_rng(5).normal(0, 0.01, (count, 4)).cumsum(axis=0)
    close = np.exp(walk[:, :3]) * [4000, 50, 3000]
    close = np.stack([np.round(close[:, 0] * 4) / 4, close[:, 1].round(2), close[:, 2].round()], axis=1)
    days = pd.bdate_range("2020-01-01", periods=count)
    bars = hr.Bars.from_arrays(
        np.repeat(days.as_unit("ns").asi8 + DAY, 3),
        close=close.ravel(),
        instrument=np.tile([0, 1, 2], count),
        instruments=instruments,
    )
    weights = np.full((count, 3), np.nan)
    weights[::20] = np.random.default_rng(6).uniform(-0.3, 0.3, weights[::20].shape)
    euro = pd.Series(1.1 * np.exp(walk[:, 3] / 3), days).round(5)
    result = hr.backtest(bars, weights=weights, cash=5_000_000, fx={"EUR": euro, "JPY": 0.0091})
    text = Outline(page_of(result, tmp_path)).text
    assert "Profit of round trips = realised in JPY" in text
    assert "Moves of exchange rates" in text
    assert "DE, EUR" in text


def test_a_notebook_shows_curve_and_figures_without_scripts() -> None:
    """A picture, the figures one asks for first, dashes for those that are not there."""
    html = rebalanced(prices(100, 2))._repr_html_()
    outline = Outline(html)
    assert outline.count("svg") == outline.count("table") == 1
    assert outline.count("script") == outline.count("style") == 0
    assert "Sharpe ratio" in outline.text
    single = hr.backtest(hr.Bars.from_arrays([DAY], close=[10.0], symbol="A", span=DAY), signals=[0])
    assert "–" in Outline(single._repr_html_()).text
