"""Real prices that come with an installed library, so that anyone can run on them without a network.

`skfolio` (extra `demo`) carries daily closes of twenty S&P 500 stocks from 1990 to 2022 and of five factor funds,
adjusted for splits and dividends. They are survivors, chosen with hindsight: a return on them is not a return that was
there to be had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.market.bars import Bars
from hedgerow.market.instruments import Instrument

if TYPE_CHECKING:
    import pandas as pd

TICK = "0.0001"
"""The data hold three decimals; adjusted prices of 1990 are cents, so a finer tick keeps costs from rounding up."""
ASSUMED_ADV_USD = 100_000_000.0
"""Traded value a day assumed for each stock, as the library has no volume; low for their size: limits bind early."""

SECTORS = {
    "AAPL": "Information Technology",
    "AMD": "Information Technology",
    "BAC": "Financials",
    "BBY": "Consumer Discretionary",
    "CVX": "Energy",
    "GE": "Industrials",
    "HD": "Consumer Discretionary",
    "JNJ": "Health Care",
    "JPM": "Financials",
    "KO": "Consumer Staples",
    "LLY": "Health Care",
    "MRK": "Health Care",
    "MSFT": "Information Technology",
    "PEP": "Consumer Staples",
    "PFE": "Health Care",
    "PG": "Consumer Staples",
    "RRC": "Energy",
    "UNH": "Health Care",
    "WMT": "Consumer Staples",
    "XOM": "Energy",
}
"""GICS sectors of the twenty stocks, as at the end of the data."""


def skfolio_sp500(*, assumed_adv_usd: float | None = ASSUMED_ADV_USD) -> Bars:
    """Twenty S&P 500 stocks, daily adjusted closes, 1990-01-02 to 2022-12-28; open, high and low are the close.

    Stamped at 16:00 New York. Volume is unknown. assumed_adv_usd: average traded value a day, USD, turned into units
    at each stock's highest close, which understates it at every other time; None = unknown. sigma is left unknown.
    Raises MODEL-004 where the library is not installed. Source: skfolio.datasets.load_sp500_dataset.
    """
    return _bars(_dataset("load_sp500_dataset"), "skfolio S&P 500", SECTORS, assumed_adv_usd)


def skfolio_factors(*, assumed_adv_usd: float | None = ASSUMED_ADV_USD) -> Bars:
    """Five factor funds (MTUM, QUAL, SIZE, USMV, VLUE), daily adjusted closes, 2014-01-02 to 2022-12-28.

    As `skfolio_sp500`, without sectors. Source: skfolio.datasets.load_factors_dataset.
    """
    return _bars(_dataset("load_factors_dataset"), "skfolio factors", {}, assumed_adv_usd)


def _dataset(loader: str) -> pd.DataFrame:
    try:
        from skfolio import datasets
    except ImportError:
        raise problem(
            "MODEL_MISSING_EXTRA", "skfolio, which carries these prices; pip install 'hedgerow[demo]'"
        ) from None
    frame: pd.DataFrame = getattr(datasets, loader)()
    return frame


def _bars(closes: pd.DataFrame, source: str, sectors: dict[str, str], assumed_adv_usd: float | None) -> Bars:
    instruments = []
    for symbol in closes.columns:
        highest = float(np.nanmax(closes[symbol].to_numpy()))
        adv = None if assumed_adv_usd is None else int(assumed_adv_usd / highest)
        instruments.append(Instrument(str(symbol), tick=TICK, sector=sectors.get(str(symbol)), adv=adv))
    bars = Bars.from_frame(closes, instruments=instruments, session_close="16:00", tz="America/New_York")
    adv_note = (
        f"average daily volume is assumed: {assumed_adv_usd:,.0f} USD at the highest close" if assumed_adv_usd else ""
    )
    notes = ("adjusted closes of survivors; open, high and low are the close", adv_note)
    return Bars(
        **bars.columns(), instruments=bars.instruments, source=source, notes=tuple(note for note in notes if note)
    )
