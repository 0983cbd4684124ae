"""The backtest linter: a sober run has no suspicion, and each fault put into one has its own."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.engine.lint import Lint
from hedgerow.engine.lint.linting import RULES
from hedgerow.engine.lint.rule import Suspicion

DAYS, NAMES = 560, ("AAA", "BBB", "CCC")
RANDOM = np.random.default_rng(12)
STEPS = RANDOM.normal(0.0004, 0.012, (DAYS, 3))
TURNS = np.repeat(RANDOM.integers(-1, 2, (DAYS // 5, 3)), 5, axis=0)


def market(steps: np.ndarray = STEPS, *, volume: int = 2_000_000, names: tuple[str, ...] = NAMES) -> hr.Bars:
    """Bars of so many instruments from their daily log returns, opening between two closes."""
    times = pd.bdate_range("2021-01-04", periods=len(steps))
    parts = []
    for column, name in enumerate(names):
        close = np.round(80 * np.exp(np.cumsum(steps[:, column])), 2)
        before = np.concatenate([[80.0], close[:-1]])
        opened = np.round(before + 0.3 * (close - before), 2)
        frame = {"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close), "close": close}
        parts.append(hr.Bars.from_frame(pd.DataFrame({**frame, "volume": volume}, index=times), symbol=name))
    return hr.Bars.joined(parts)


def told(result: hr.Result, rule: str, **evidence: Any) -> Suspicion | None:
    """What one rule says of a run."""
    found = hr.lint(result, **evidence)
    return next((s for s in found.suspicions if s.rule == rule), None)


def of_closes(closes: np.ndarray, **options: Any) -> hr.Result:
    """One instrument held from the first day, three quarters of the value."""
    frame = pd.DataFrame({"ONE": np.round(closes, 2)}, index=pd.bdate_range("2020-01-01", periods=len(closes)))
    return hr.backtest(frame, weights=np.where(np.arange(len(closes)) == 0, 0.75, np.nan), **options)


@pytest.fixture(scope="module")
def sober() -> hr.Result:
    """Three instruments, long and short by turns, over two years, under the default costs."""
    return hr.backtest(market(), signals=TURNS, size=2_000, name="sober")


def test_a_sober_run_has_no_suspicion(sober: hr.Result) -> None:
    """Every rule is asked or says why not, and none finds anything."""
    found = hr.lint(sober)
    assert found.names == ()
    assert set(found.unasked) == {"grid-edge", "best-of-many", "overfitted"}
    assert found.asked == len(RULES) - 3
    assert "nothing looks suspicious" in str(found)
    assert len(found.frame()) == 0
    assert sober.lint == found


class Turns(hr.SimpleStrategy):
    """Long above a mean of so many days."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        """How many days."""

        days: int = 20

    def init(self) -> None:
        """The mean."""
        self.mean = self.I(hr.sma, self.data.close, self.config.days)

    def next(self) -> None:
        """Above it, hold."""
        self.order_target(3_000 if self.data.close[-1] > self.mean[-1] else 0)


def one(steps: np.ndarray = STEPS, **options: Any) -> hr.Bars:
    """The first instrument alone."""
    return market(steps[:, :1], names=("AAA",), **options)


def seeing() -> hr.Result:
    """Signals that know whether the next bar will rise."""
    bars = market()
    rises = np.stack(
        [np.sign(bars.close_ticks[bars.instrument == n] - bars.open_ticks[bars.instrument == n]) for n in range(3)]
    )
    return hr.backtest(bars, signals=np.roll(rises.T, -1, axis=0), size=2_000)


def frozen() -> hr.Result:
    """A price that stands still for a hundred days while it is traded."""
    steps = STEPS.copy()
    steps[200:300, 0] = 0.0
    return hr.backtest(market(steps), signals=TURNS, size=2_000)


def misprinted() -> hr.Result:
    """A price that trebles for one day, on which it is sold."""
    steps = STEPS.copy()
    steps[300, 0], steps[301, 0] = np.log(3), -np.log(3)
    signals = TURNS.copy()
    signals[290:300], signals[300:] = 1, 0
    return hr.backtest(market(steps), signals=signals, size=2_000)


def survivors() -> hr.Result:
    """Forty instruments over two years, and nothing ever ended."""
    steps = np.random.default_rng(3).normal(0, 0.01, (DAYS, 40))
    return hr.backtest(market(steps, names=tuple(f"S{n}" for n in range(40))), signals=np.ones((DAYS, 40)), size=10)


def survivors_and_a_dead_one() -> hr.Result:
    """The same, and one that was delisted."""
    steps = np.random.default_rng(3).normal(0, 0.01, (DAYS, 40))
    whole = market(steps, names=tuple(f"S{n}" for n in range(40)))
    dead = market(steps[:200, :1], names=("DEAD",))
    return hr.backtest(hr.Bars.joined([whole, dead]), signals=np.ones((DAYS, 41)), size=10)


def greedy() -> hr.Result:
    """No cap on volume, and orders of a fifth of it."""
    costs = hr.Costs(volume_cap=0.0)
    return hr.backtest(market(volume=10_000), signals=TURNS, size=2_000, costs=costs)


def dear() -> hr.Result:
    """A profit before costs of which fees leave a third."""
    steps = np.full((DAYS, 1), 0.003)
    return hr.backtest(one(steps), signals=np.arange(DAYS) // 2 % 2, size=500, costs=hr.Costs(fee_bps=16.0))


def fixed_rate() -> hr.Result:
    """Euros at one rate for two years."""
    bars = one()
    bars = dataclasses.replace(bars, instruments=(dataclasses.replace(bars.instruments[0], currency="EUR"),))
    return hr.backtest(bars, signals=TURNS[:, 0], size=2_000, fx={"EUR": 1.1})


def jumping() -> hr.Result:
    """A fund that held on the one day that mattered."""
    steps = np.random.default_rng(5).normal(0.0, 0.004, 500)
    steps[250] = 0.3
    return of_closes(50 * np.exp(np.cumsum(steps)))


def lucky_trip() -> hr.Result:
    """Thirty-five round trips, one of them worth all the others."""
    steps = np.tile([0.01, -0.0101], 280)
    steps[100:105] = 0.05
    return hr.backtest(one(steps[:, None]), signals=np.arange(DAYS) % 14 < 7, size=2_000, costs=hr.Costs(impact=0.0))


def bleeding() -> hr.Result:
    """Two days of three gain, and the fund falls."""
    return of_closes(90 * np.cumprod(1 + np.tile([0.003, 0.003, -0.012], 120)))


def smooth() -> hr.Result:
    """Returns that are means of the last five, as of a house whose price is an opinion."""
    steps = np.convolve(np.random.default_rng(8).normal(0.0003, 0.02, 504), np.ones(5) / 5, mode="valid")
    return of_closes(70 * np.exp(np.cumsum(steps)))


def perfect() -> hr.Result:
    """A gain a day, hardly ever less."""
    return of_closes(60 * np.exp(np.cumsum(np.random.default_rng(8).normal(0.002, 0.003, 500))))


def many() -> hr.Result:
    """A good ratio, the best of a thousand."""
    return of_closes(60 * np.exp(np.cumsum(np.random.default_rng(8).normal(0.0011, 0.010, 700))), trials=1_000)


def denied() -> hr.Result:
    """Limits that let next to nothing pass."""
    return hr.backtest(market(), signals=TURNS, size=2_000, limits=hr.Limits.for_research(capital=50_000))


def early_days() -> hr.Result:
    """Sessions stamped at the midnight that begins them."""
    bars = market()
    day = 86_400 * 10**9
    early = dataclasses.replace(bars, ts_event=bars.ts_event - day, ts_init=bars.ts_init - day)
    return hr.backtest(early, signals=TURNS, size=2_000)


def half_hours(shift_minutes: int) -> hr.Result:
    """Thirty days of New York's session in half hours, stamped so many minutes after each bar's opening."""
    days = pd.bdate_range("2022-03-01", periods=30)
    opens = [day + pd.Timedelta(minutes=570 + 30 * n) for day in days for n in range(13)]
    stamps = (pd.DatetimeIndex(opens).tz_localize("America/New_York") + pd.Timedelta(minutes=shift_minutes)).tz_convert(
        "UTC"
    )
    closes = np.round(80 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.002, len(stamps)))), 2)
    times = stamps.as_unit("ns").asi8
    bars = hr.Bars.from_arrays(times, close=closes, volume=np.full(len(closes), 9_000), symbol="AAA", span="30min")
    return hr.backtest(bars, signals=np.arange(len(closes)) // 7 % 2, size=100)


FAULTS: list[tuple[str, Callable[[], hr.Result], str]] = [
    ("look-ahead", seeing, "in the right before their bar"),
    ("open-stamps", early_days, "stamped a day early"),
    ("open-stamps", lambda: half_hours(0), "30 minutes before its close"),
    ("stale-prices", frozen, "had not moved"),
    ("bad-prints", misprinted, "came back at once"),
    ("survivorship", survivors, "none of 40 instruments ended"),
    ("unfillable-size", greedy, "beyond 10% of their volume"),
    ("cost-free", lambda: hr.backtest(market(), signals=TURNS, size=2_000, costs=hr.Costs.none()), "0.00 bp"),
    ("costs-eat-profit", dear, "of the profit of"),
    ("constant-rate", fixed_rate, "EUR stood at one rate to USD"),
    ("too-few-trades", bleeding, "0 closed round trips"),
    ("too-few-trades", lambda: hr.backtest(market(), signals=TURNS * 0), "no fill at all"),
    ("too-short", lambda: hr.backtest(market(STEPS[:100]), signals=TURNS[:100], size=2_000), "0.38 years"),
    ("one-lucky-day", jumping, "of the whole profit"),
    ("one-lucky-trade", lucky_trip, "one of 40 round trips"),
    ("contradictory-signs", bleeding, "losses were larger"),
    ("too-smooth", smooth, "goes with that of the day before"),
    ("too-good", perfect, "a yearly Sharpe ratio of"),
    ("best-of-many", many, "best of 1,000 trials"),
    ("mostly-denied", denied, "were denials"),
]


@pytest.mark.parametrize(
    ("rule", "faulty", "says"), FAULTS, ids=[f"{rule}-{n}" for n, (rule, _, _) in enumerate(FAULTS)]
)
def test_each_fault_has_its_name_its_evidence_and_a_remedy(
    rule: str, faulty: Callable[[], hr.Result], says: str
) -> None:
    """The value lies beyond the limit, the sentence says what was seen, and there is something to do."""
    found = told(faulty(), rule)
    assert found is not None
    assert says in found.says
    assert found.value != found.limit
    assert found.remedy
    json.dumps(found.to_json(), allow_nan=False)


NOT_FAULTS: list[tuple[str, Callable[[], hr.Result]]] = [
    ("open-stamps", lambda: half_hours(30)),
    ("survivorship", survivors_and_a_dead_one),
    ("unfillable-size", lambda: hr.backtest(market(volume=10_000), signals=TURNS, size=2_000)),
    ("bad-prints", jumping),
    ("one-lucky-day", perfect),
    ("best-of-many", lambda: of_closes(60 * np.exp(np.cumsum(STEPS[:, 0] - STEPS[:, 0].mean())), trials=1_000)),
    ("too-good", many),
    ("contradictory-signs", perfect),
    ("constant-rate", lambda: hr.backtest(one(), signals=TURNS[:, 0], size=2_000)),
]


@pytest.mark.parametrize(("rule", "clean"), NOT_FAULTS, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(NOT_FAULTS)])
def test_what_only_resembles_a_fault_is_none(rule: str, clean: Callable[[], hr.Result]) -> None:
    """Close stamps, a universe with a dead one, orders that the cap cut, a jump that stayed, no claim of skill."""
    assert told(clean(), rule) is None


def test_every_rule_has_a_fault_here() -> None:
    """A rule without a test of its fault is no rule."""
    tested = {rule for rule, _, _ in FAULTS} | {"grid-edge", "overfitted"}
    assert tested == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_setting_at_the_end_of_the_grid_is_named() -> None:
    """The largest of three is suspicious, the middle one is not, and two values have no middle."""
    runs = [hr.backtest(one(), Turns(days=days), name=f"turns {days}") for days in (5, 20, 60)]
    by_days = {run.info.config["days"]: run for run in runs}
    assert told(by_days[60], "grid-edge", grid={"days": [5, 20, 60]}) is not None
    assert told(by_days[20], "grid-edge", grid={"days": [5, 20, 60]}) is None
    assert told(by_days[60], "grid-edge", grid={"days": [20, 60]}) is None
    among = hr.compare(runs)
    found = told(by_days[5], "grid-edge", among=among)
    assert found is not None
    assert "days=5, of 5 to 60" in found.says


def test_a_sweep_tells_its_grid_and_its_overfitting() -> None:
    """The best of a sweep, linted among all of it; windows share no days, and then the rule says so."""
    swept = hr.sweep(one(), Turns, {"days": [5, 20, 60]}, workers=1)
    chosen = hr.backtest(one(), Turns(days=60))
    found = hr.lint(chosen, among=swept)
    assert "grid-edge" in found.names
    assert "overfitted" not in found.unasked
    windows = hr.sweep(one(), Turns, {"days": [5, 20]}, windows=[(None, "2021-12-31"), ("2022-01-01", None)], workers=1)
    assert "share no days" in hr.lint(chosen, among=windows).unasked["overfitted"]


def test_a_choice_that_holds_in_one_half_only_is_overfitted() -> None:
    """Long and short of a price that turns in the middle."""
    steps = np.abs(STEPS[:, :1]) * np.where(np.arange(DAYS) < DAYS // 2, 1, -1)[:, None]
    sides = [hr.backtest(one(steps), signals=np.full(DAYS, side), size=2_000) for side in (1, -1)]
    among = hr.compare(sides, blocks=2)
    found = told(among.best, "overfitted", among=among)
    assert found is not None
    assert found.value == 1.0


def by_mean(bars: hr.Bars) -> hr.Result:
    """Long where the price lies above the mean of all of them: a mean that knows the future."""
    closes = bars.prices()
    return hr.backtest(bars, signals=np.where(closes > closes.mean(), 1, 0), size=2_000)


def test_orders_that_change_when_the_future_is_taken_away_prove_a_look_ahead() -> None:
    """A strategy that only looks back gives the same orders, costs and all; the mean of everything does not."""
    bars = one()
    found = told(by_mean(bars), "look-ahead", again=by_mean)
    assert found is not None
    assert "is another one, or none, when the bars end at" in found.says

    def sober(known: hr.Bars) -> hr.Result:
        return hr.backtest(known, Turns(days=20))

    honest = hr.lint(sober(bars), again=sober)
    assert "look-ahead" not in honest.names
    assert "look-ahead" not in honest.unasked


def test_the_tear_sheet_shows_suspicions_and_what_was_not_asked(tmp_path: Path, sober: hr.Result) -> None:
    """With evidence and remedy; a run without any says so."""
    page = Path(jumping().report(str(tmp_path / "jump.html"))).read_text()
    assert "What looks suspicious" in page
    assert "one-lucky-day" in page
    assert "look at that day&#x27;s fills and news" in page
    clean = Path(sober.report(str(tmp_path / "sober.html"))).read_text()
    assert "Nothing looks suspicious." in clean
    assert "the values that were tried are not told" in clean


def test_a_lint_is_plain_values_and_a_table() -> None:
    """For programs, and for a notebook."""
    found: Lint = hr.lint(bleeding())
    assert {"too-few-trades", "contradictory-signs"} <= set(found.frame()["rule"])
    again = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [s["rule"] for s in again["suspicions"]] == list(found.names)
