"""Backtests over books against results that other people's engines agree on: jobs J2 and J3 of the benchmarks."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

from bench.replay import data, jobs  # noqa: E402 (the repository's folder is not installed)
from hedgerow.market.books import BUY  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the jobs' rows are made, once; each is proved by its digest."""
    return tmp_path_factory.mktemp("replay")


def test_j2_gives_the_oracles_fills_to_the_last_and_its_equity_to_the_cent(folder: Path) -> None:
    """Fills, orders, the digest of the fill list, position and equity of four engines of other people."""
    held = data.load("quotes", folder)
    result = jobs.run("quotes", jobs.books("quotes", folder))
    fills = result.records("Fill")
    row = np.searchsorted(held["ts"], fills["ts_event"])
    sides = np.where(fills["side"] == BUY, "B", "S")
    lines = zip(row.tolist(), sides.tolist(), fills["price_ticks"].tolist(), strict=True)
    told = "".join(f"{i},{side},{price}\n" for i, side, price in lines)
    signed = np.where(fills["side"] == BUY, 1, -1)
    position = int(signed.sum())
    cents = -int((signed * fills["price_ticks"]).sum()) + position * int(held["bid"][-1] + held["ask"][-1]) / 2
    assert (len(fills), len(result.records("Order"))) == (jobs.J2_FILLS, jobs.J2_ORDERS)
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "a3c4fc8316f4ea0c"
    assert (round(cents / 100, 2), position) == (-192.64, 4)
    # The ledger says the same, but for the mark: half-way between two prices, cut to a whole tick.
    assert 0 <= -192.64 - (result.nav_nano / 1e9 - 10_000_000) < 0.05
    assert set(result.trial_balance.values()) == {0}


def test_j3_order_by_order_agrees_with_the_engines_that_agree(folder: Path) -> None:
    """Within half a percent of hftbacktest and of nautilus_trader 2; post-only orders never take."""
    fills = jobs.run("orders", jobs.books("orders", folder)).records("Fill")
    for others in jobs.J3_ORDERS_FILLS:
        assert abs(len(fills) / others - 1) < 0.005
    assert (fills["liquidity"] == 2).all()


def test_j3_price_by_price_comes_close_by_probability(folder: Path) -> None:
    """hftbacktest's power-prob(2); ours counts whole lots only, and does not count what traded as cancelled."""
    fills = jobs.run("levels", jobs.books("levels", folder)).records("Fill")
    assert abs(len(fills) / jobs.J3_LEVELS_FILLS - 1) < 0.02
