"""Real vendors' files: each loads, or is refused with the right name."""

from __future__ import annotations

import contextlib

import pandas as pd
import pytest

from hedgerow.core.errors import DataError, HedgerowError
from hedgerow.market import Bars, quality_report

KLINES = ["time", "volume", "open", "high", "low", "close"]
DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize(
    ("name", "options", "rows", "symbols", "tick", "span_ns"),
    [
        ("equities_daily/long/aapl.parquet", {}, 8_336, 1, "0.01", DAY_NS),
        ("equities_daily/wiki_prices_sample.csv.gz", {}, 4_607, 6, "0.0001", DAY_NS),
        ("equities_daily/skfolio_sp500_20_adjclose.csv.gz", {}, 166_260, 20, "0.001", DAY_NS),
        ("equities_daily/repair/CALM-1d-no-bad-divs.csv.gz", {}, 662, 1, "0.01", DAY_NS),
        ("equities_daily/repair/EA-15m-no-bad-divs.csv.gz", {"off_tick": "round"}, 319, 1, None, 900 * 10**9),
        ("equities_daily/sp500_5y_ohlcv.parquet", {"faulty": "drop"}, 511_518, 417, None, DAY_NS),
        ("crypto_bars/bitstamp_btcusd_30min.csv.gz", {"lot": "0.000001"}, 1_968, 1, "0.01", 1_800 * 10**9),
        ("crypto_bars/btcusdt_daily_2017_2021.csv.gz", {"lot": "0.000001"}, 1_246, 1, "0.01", DAY_NS),
        ("crypto_bars/ftx_btc_perp_1min_202201.parquet", {}, 45_031, 1, "0.001", 60 * 10**9),
        ("crypto_bars/gpl3/alts_btc_5min_201801.parquet", {"stamped": "open"}, 34_512, 6, None, 300 * 10**9),
        ("fx_bars/eurusd_h4.parquet", {"stamped": "open"}, 14_400, 1, "0.00001", 14_400 * 10**9),
        ("fx_bars/usdjpy_d1.parquet", {}, 2_400, 1, "0.001", DAY_NS),
        ("intraday_bars/msft_1min_202007.parquet", {"stamped": "open"}, 4_612, 1, "0.0001", 60 * 10**9),
        ("intraday_bars/cme_6eh4_1min_202401.csv.gz", {}, 29_996, 1, "0.00001", 60 * 10**9),
        ("intraday_bars/spy_1min_202012.csv.gz", {"tz": "America/New_York"}, 1_564, 1, "0.0001", 60 * 10**9),
        ("factors/etf_factor_proxies_adjclose.csv.gz", {}, 11_320, 5, "0.001", DAY_NS),
        ("news/fx_daily_prices.csv.gz", {}, 765, 3, None, DAY_NS),
    ],
)
def test_a_real_file_loads(shared, name, options, rows, symbols, tick, span_ns):
    """Rows, instruments, tick and span as its makers describe it; its quality report has a line an instrument."""
    bars = Bars.read(shared(f"data/{name}"), **options)
    assert (len(bars), len(bars.symbols)) == (rows, symbols)
    assert tick is None or f"{bars.instruments[0].tick:f}" == tick
    assert bars.span_ns[0] == span_ns
    assert len(quality_report(bars)) == symbols


@pytest.mark.parametrize(
    ("name", "options", "code", "says"),
    [
        ("equities_daily/sp500_5y_ohlcv.parquet", {}, "DATA-001", "(BHF 2017-07-26): open is nan (9 such rows)"),
        ("equities_daily/sp500_5y_ohlcv.parquet", {"missing": "drop"}, "DATA-003", "10 such rows"),
        ("equities_daily/etf_returns_18.csv.gz", {}, "DATA-002", "close is -0.00051"),
        ("equities_daily/repair/4063-T-1d-bad-stock-split.csv.gz", {}, "DATA-004", "sort=True"),
        ("equities_daily/repair/TEP-PA-1d-bad-div.csv.gz", {}, "DATA-003", "high 104.50, low 102.90, close 104.55"),
        ("crypto_bars/binance_btcusdt_daily_2019.csv.gz", {}, "DATA-008", "no header"),
        ("crypto_bars/binance_btcusdt_daily_2019.csv.gz", {"columns": KLINES}, "DATA-003", "line 3"),
        ("crypto_bars/coins_daily_2021.parquet", {}, "DATA-007", "off_tick='round'"),
        ("fx_bars/README.md", {}, "DATA-014", "README.md"),
    ],
)
def test_a_real_fault_is_named(shared, name, options, code, says):
    """The vendors' own faults, with the row and the setting that would allow them."""
    folder, file = name.rsplit("/", 1)
    with pytest.raises(HedgerowError) as caught:
        Bars.read(shared(f"data/{folder}") / file, **options)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_every_file_of_a_vendor_with_faults_loads_or_is_named(shared):
    """Sixty files with wrong dividends, splits and units: no other exception, and most of them load when told how."""
    files = sorted(shared("data/equities_daily/repair").glob("*.csv.gz"))
    assert len(files) > 50
    for path in files:
        with contextlib.suppress(DataError):
            Bars.read(path, symbol="X")
        told = Bars.read(path, symbol="X", sort=True, off_tick="round", missing="drop", faulty="drop")
        assert len(told) > 1, path.name


def test_adjusting_ourselves_agrees_with_the_vendors_adjusted_columns(shared):
    """AAPL's raw prices scaled to its adjusted close give its adjusted open, high and low."""
    path = shared("data/equities_daily/long/aapl.parquet")
    frame = pd.read_parquet(path)
    theirs = Bars.read(path, adjusted=True, tick="0.0001")
    raw = frame[["date", "open", "high", "low", "close", "volume", "adj_close"]]
    ours = Bars.from_frame(raw, adjusted=True, tick="0.0001")
    for name in ("open", "high", "low", "close"):
        assert abs(theirs.prices(name) - ours.prices(name)).max() < 0.01


def test_a_folder_of_real_files_is_one_set(shared):
    """Twenty-four instruments of two spans, ordered by time."""
    bars = Bars.read(shared("data/fx_bars"))
    assert len(bars.symbols) > 10
    assert (bars.ts_init[1:] >= bars.ts_init[:-1]).all()
