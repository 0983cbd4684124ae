"""Prices that come with a library: real, offline, and honest about what they lack."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from hedgerow.core.errors import ModelError
from hedgerow.market import Bars, skfolio_factors, skfolio_sp500
from hedgerow.market.sources import SECTORS

GICS_SECTORS = {
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
}


def test_twenty_stocks_and_their_sectors_come_with_skfolio(monkeypatch):
    """Exact to the data's three decimals, stamped when New York closes, and read without a network."""
    pytest.importorskip("skfolio")
    import socket

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    bars = skfolio_sp500()
    assert (len(bars), len(bars.symbols), bars.n_times) == (166_260, 20, 8_313)
    assert bars.prices()[:2].tolist() == [0.264, 4.125]
    assert {i.sector for i in bars.instruments} <= GICS_SECTORS
    assert set(bars.symbols) == set(SECTORS)
    hours = (bars.ts_event // 3_600_000_000_000) % 24
    assert set(np.unique(hours).tolist()) == {20, 21}
    assert (bars.volume_lots == -1).all()


def test_the_assumed_volume_is_never_more_than_told():
    """Units a day times any close is at most the assumed value, and the notes say it is assumed."""
    pytest.importorskip("skfolio")
    bars = skfolio_sp500(assumed_adv_usd=50e6)
    adv = np.array([i.adv_lots for i in bars.instruments])
    assert (adv[bars.instrument] * bars.prices() <= 50e6).all()
    assert any("assumed" in note for note in bars.notes)
    assert skfolio_sp500(assumed_adv_usd=None).instruments[0].adv is None


def test_it_is_the_published_data_set(shared):
    """The same closes as the public file, tick for tick."""
    pytest.importorskip("skfolio")
    public = Bars.read(shared("data/equities_daily/skfolio_sp500_20_adjclose.csv.gz"))
    packaged = skfolio_sp500()
    assert np.array_equal(public.close_ticks * 10, packaged.close_ticks)
    assert np.array_equal(public.session_dates(), packaged.session_dates())


def test_five_factor_funds_come_with_skfolio():
    """Without sectors: a fund is not a company."""
    pytest.importorskip("skfolio")
    assert skfolio_factors().symbols == ("MTUM", "QUAL", "SIZE", "USMV", "VLUE")


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    """And what to install."""
    monkeypatch.setitem(sys.modules, "skfolio", None)
    with pytest.raises(ModelError, match=r"MODEL-004 .*hedgerow\[demo\]"):
        skfolio_sp500()
