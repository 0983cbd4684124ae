"""Option chains of vendors and venues, as their references print them: a row a contract, known when it was known."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedgerow.market import Catalog
from hedgerow.market.formats.contracts import contract_of
from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

READING = Reading()


def options_in(folder: Path, name: str, text: str) -> list[dict[str, Any]]:
    """The rows of options in a file without a fault."""
    path = folder / name
    path.write_text(text)
    found = probe(path, READING)
    assert found.error is None, found.error
    return [row for part in head(path, READING, 99) if part.kind == "options" for row in part.table.to_pylist()]


@pytest.mark.parametrize(
    ("name", "underlying", "expiry", "strike", "right"),
    [
        ("BTC-28AUG26-110000-P", "BTC", "2026-08-28T08:00", "110000", "put"),
        ("XRP_USDC-1JAN25-0d55-C", "XRP_USDC", "2025-01-01T08:00", "0.55", "call"),
        ("BTC-29DEC22-17000-P-USDT", "BTC", "2022-12-29T08:00", "17000", "put"),
        ("BTC-200730-9000-C", "BTC", "2020-07-30T08:00", "9000", "call"),
        ("BTC-USD-220309-33000-C", "BTC-USD", "2022-03-09T08:00", "33000", "call"),
        ("AAPL240119C00182500", "AAPL", "2024-01-19T00:00", "182.500", "call"),
        ("O:SPY251219P00000500", "SPY", "2025-12-19T00:00", "0.500", "put"),
    ],
)
def test_a_contract_is_told_by_its_name(name: str, underlying: str, expiry: str, strike: str, right: str) -> None:
    """However venues and the OCC write it."""
    found = contract_of(name)
    assert found is not None
    assert (found.underlying, found.strike, found.right) == (underlying, strike, right)
    assert str(np.datetime64(found.expiry, "ns"))[:16] == expiry


@pytest.mark.parametrize("name", ["BTC-PERPETUAL", "BTC-28AUG26", "AAPL", "AAPL241332C00182500", "BTC-31FEB25-5-C"])
def test_what_only_resembles_a_contract_is_none(name: str) -> None:
    """Futures, perpetuals, days that no month has."""
    assert contract_of(name) is None


DX_NAMES = ("QUOTE_UNIXTIME", "QUOTE_DATE", "UNDERLYING_LAST", "EXPIRE_UNIX", "C_DELTA", "C_IV", "C_VOLUME", "C_LAST",
            "C_SIZE", "C_BID", "C_ASK", "STRIKE", "P_BID", "P_ASK", "P_SIZE", "P_LAST", "P_DELTA", "P_IV",
            "P_VOLUME")  # fmt: skip
DX_ROW = "1641243600, 2022-01-03, 477.76, 1642798800, 0.95, 3.14, , 0.0, 1 x 2, 117.53, 118.07, 360.0, "
DX_ROW += "0.0, 0.01, 0 x 42, 0.01, -0.1, 2.0, 9"
OPTIONSDX = f"""{", ".join(f"[{name}]" for name in DX_NAMES)}
{DX_ROW}
"""


def test_calls_and_puts_side_by_side_are_a_row_each(tmp_path: Path) -> None:
    """OptionsDX: names in brackets, sizes as `bid x ask`, blanks where nothing traded."""
    call, put = options_in(tmp_path, "spy_eod_202201.txt", OPTIONSDX)
    assert (call["right"], call["bid"], call["ask"], call["bid_size"], call["ask_size"], call["volume"]) == (
        "call", Decimal("117.53"), Decimal("118.07"), 1, 2, None)  # fmt: skip
    assert (put["right"], put["ask"], put["ask_size"], put["volume"], put["delta"]) == (
        "put", Decimal("0.01"), 42, 9, -0.1)  # fmt: skip
    assert {str(row["ts_event"]) for row in (call, put)} == {"2022-01-03 21:00:00+00:00"}
    assert call["underlying_price"] == Decimal("477.76")


def test_orats_has_one_set_of_greeks_which_is_the_calls(tmp_path: Path) -> None:
    """The put's are absent, and not the call's."""
    text = (
        "ticker,tradeDate,expirDate,strike,stockPrice,callVolume,callOpenInterest,callBidSize,callAskSize,putVolume,"
        "putOpenInterest,putBidSize,putAskSize,callBidPrice,callValue,callAskPrice,putBidPrice,putValue,putAskPrice,"
        "callMidIv,putMidIv,delta,quoteDate\n"
        "AAPL,2022-01-03,2022-01-21,180,182.01,12,30,1,2,8,22,3,4,5.1,5.2,5.3,3.0,3.1,3.2,0.28,0.29,0.58,2022-01-03T20:59:00Z\n"
    )
    call, put = options_in(tmp_path, "orats.csv", text)
    assert (call["instrument"], call["mark"], call["delta"], call["open_interest"]) == (
        "AAPL220121C00180000", Decimal("5.2"), 0.58, 30)  # fmt: skip
    assert (put["instrument"], put["mark"], put["delta"], put["iv"]) == (
        "AAPL220121P00180000", Decimal("3.1"), None, 0.29)  # fmt: skip


CBOE = """
"S&P 500 INDEX","Last: 4357.7300","Change:  -85.3799"
"Date: September 20, 2021 at 5:20 PM EDT","Bid: 4356.97","Ask: 4360.13","Size: 1x1","Volume: 0"
Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,\
Volume,IV,Delta,Gamma,Open Interest
Fri Oct 15 2021,SPX211015C04000000,390.5,-66.8,358.8,361.2,12,0.2891,0.9012,0.0005,1500,4000.00,\
SPX211015P04000000,31.2,11.4,31.1,31.8,420,0.2912,-0.1412,0.0007,9001
Fri Oct 15 2021,SPXW211015C04005000,0,0,354.1,356.9,0,0.288,0.9,0.0005,0,4005.00,,,,,,,,,,
""".replace("\\\n", "")


def test_a_download_of_delayed_quotes_tells_its_moment_before_its_header(tmp_path: Path) -> None:
    """CBOE's: names of columns come twice, the clock is New York's, a side that is not traded is no row."""
    call, put, alone = options_in(tmp_path, "spx_quotedata.csv", CBOE)
    assert {str(row["ts_event"]) for row in (call, put, alone)} == {"2021-09-20 21:20:00+00:00"}
    assert (call["instrument"], call["bid"], call["ask"], call["delta"], call["open_interest"]) == (
        "SPX211015C04000000", Decimal("358.8"), Decimal("361.2"), 0.9012, 1500)  # fmt: skip
    assert (put["right"], put["strike"], put["last"], put["iv"], put["volume"], put["underlying_price"]) == (
        "put", Decimal(4000), Decimal("31.2"), 0.2912, 420, Decimal("4357.73"))  # fmt: skip
    assert (alone["instrument"], str(alone["expiry"])[:10]) == ("SPXW211015C04005000", "2021-10-15")


@pytest.mark.parametrize(
    ("was", "becomes", "code", "told"),
    [
        (" EDT", "", "DATA-013", "no `Date: ... at ... ET`"),
        ("September 20", "September 31", "DATA-013", "September 31, 2021"),
        ("SPX211015P04000000", "SPX211315P04000000", "DATA-015", "line 5: 'SPX211315P04000000'"),
        (",9001", "", "DATA-022", "line 5: 21 cells for 22 columns"),
        ("390.5", "dear", "DATA-015", "dear"),
        ("390.5", "9" * 200_000, "DATA-022", "line 5: field larger"),
    ],
)
def test_what_is_wrong_in_such_a_download_is_told(tmp_path: Path, was: str, becomes: str, code: str, told: str) -> None:
    """With its line, or what is missing."""
    (tmp_path / "spx_quotedata.csv").write_text(CBOE.replace(was, becomes))
    error = probe(tmp_path / "spx_quotedata.csv", READING).error
    assert error is not None
    assert error.code == code
    assert told in str(error)


def test_a_row_that_bears_a_date_is_known_when_its_session_ends(tmp_path: Path) -> None:
    """CBOE's end of day: asked for as of the morning nothing is told; the contract is named as the OCC does."""
    text = (
        "underlying_symbol,quote_date,root,expiration,strike,option_type,trade_volume,bid_size_eod,bid_eod,ask_size_eod,"
        "ask_eod,open_interest\n^SPX,2022-01-03,SPX,2022-01-21,4000.000,C,7,10,790.1,11,795.2,1500\n"
    )
    (row,) = options_in(tmp_path, "cboe.csv", text)
    assert (row["instrument"], row["bid"], row["ask_size"], row["volume"]) == (
        "SPX220121C04000000", Decimal("790.1"), 11, 7)  # fmt: skip
    assert str(row["ts_init"]) == "2022-01-04 00:00:00+00:00"
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(tmp_path / "cboe.csv", ingested_at="2022-01-05")
    assert catalog.rows("options", as_of="2022-01-03T12:00:00").num_rows == 0
    assert catalog.rows("options").column("open_interest").to_pylist() == [1500]


def test_contracts_that_only_their_names_tell_are_read(tmp_path: Path) -> None:
    """A download of a chain has neither expiry nor right in columns of their own."""
    text = "contractSymbol,strike,bid,ask,lastPrice,openInterest\nAAPL220121P00180000,180.0,5.1,5.3,5.2,30\n"
    (row,) = options_in(tmp_path, "chain.csv", text)
    assert (row["underlying"], str(row["expiry"])[:10], row["strike"], row["right"]) == (
        "AAPL", "2022-01-21", 180, "put")  # fmt: skip
    path = tmp_path / "wrong.csv"
    path.write_text(text.replace("AAPL220121P00180000", "AAPL5"))
    found = probe(path, READING)
    assert found.error is not None
    assert "'AAPL5' is no name of an option" in found.error.detail


def test_hours_of_binances_options_are_known_at_their_end(tmp_path: Path) -> None:
    """The archive's summaries: the row of hour 0 at one o'clock."""
    text = (
        "date,hour,symbol,underlying,type,strike,close,volume_contracts,best_bid_price,best_ask_price,best_bid_qty,"
        "best_ask_qty,best_buy_iv,best_sell_iv,mark_price,mark_iv,delta,gamma,vega,theta,openinterest_contracts\n"
        "2023-06-01,0,BTC-231229-42000-C,BTCUSDT,C,x,,0.0,5.0,10,1,2,0.5,0.6,7.5,0.55,0.1,0.0001,10,-1,12.5\n"
    )
    (row,) = options_in(tmp_path, "BTCUSDT-EOHSummary-2023-06-01.csv", text)
    assert (str(row["ts_event"])[:19], row["strike"], row["mark"], row["open_interest"], row["bid_iv"]) == (
        "2023-06-01 01:00:00", 42000, Decimal("7.5"), Decimal("12.5"), 0.5)  # fmt: skip


DERIBIT = {"instrument_name": "BTC-26JUN20-9000-C", "mark_price": 0.25, "mark_iv": 66.5, "bid_price": 0.1488,
           "ask_price": None, "last": None, "volume": 0.55, "open_interest": 0.5,
           "underlying_price": 9617.9}  # fmt: skip
ANSWERS: list[tuple[str, Any, dict[str, Any]]] = [
    ("cboe's delayed quotes", {"timestamp": "2024-01-03 21:14:59", "symbol": "AAPL", "data": {
        "symbol": "AAPL", "current_price": 184.25, "bid": 184.2, "ask": 184.3, "options": [
            {"option": "AAPL240119C00180000", "bid": 6.1, "bid_size": 10.0, "ask": 6.2, "ask_size": 20.0, "iv": 0.22,
             "open_interest": 30000.0, "volume": 1200.0, "delta": 0.66, "gamma": 0.03, "theta": -0.12, "rho": 0.05,
             "vega": 0.14, "theo": 6.15, "last_trade_price": 6.05}]}},
     {"instrument": "AAPL240119C00180000", "strike": 180, "bid": Decimal("6.1"), "mark": Decimal("6.15"), "rho": 0.05,
      "last": Decimal("6.05"), "open_interest": 30000, "underlying_price": Decimal("184.25")}),
    ("deribit's summary, a future among it", {"usOut": 1590000000000223, "result": [
        DERIBIT, {"instrument_name": "BTC-PERPETUAL", "mark_price": 9000, "bid_price": 1}]},
     {"instrument": "BTC-26JUN20-9000-C", "right": "call", "bid": Decimal("0.1488"), "ask": None, "iv": 66.5,
      "mark": Decimal("0.25")}),
    ("binance's marks", [{"symbol": "BTC-200730-9000-C", "markPrice": "1343.2883", "bidIV": "1.4", "askIV": "1.5",
                          "markIV": "1.45", "delta": "0.55", "theta": "3739.8", "gamma": "0.0001", "vega": "978.5"}],
     {"instrument": "BTC-200730-9000-C", "mark": Decimal("1343.2883"), "ask_iv": 1.5, "vega": 978.5}),
    ("okx's summaries", {"code": "0", "data": [
        {"instId": "BTC-USD-220309-33000-C", "askVol": "3.7", "bidVol": "0", "markVol": "1.5", "delta": "0.83",
         "gamma": "-1.19", "theta": "-0.001", "vega": "0.00001", "fwdPx": "39016.8", "ts": "1646733631242"}]},
     {"underlying": "BTC-USD", "iv": 1.5, "delta": 0.83, "underlying_price": Decimal("39016.8")}),
    ("bybit's tickers", {"retCode": 0, "time": 1672376681214, "result": {"category": "option", "list": [
        {"symbol": "BTC-30DEC22-18000-C", "bid1Price": "0", "bid1Size": "0", "bid1Iv": "0", "ask1Price": "435",
         "ask1Size": "0.66", "ask1Iv": "5", "lastPrice": "435", "markPrice": "0.00000001", "indexPrice": "16600.5",
         "markIv": "0.7567", "underlyingPrice": "16590.42", "openInterest": "6.3", "volume24h": "24.73",
         "delta": "0.00000001", "gamma": "0", "vega": "0", "theta": "-0.00000152"}]}},
     {"mark": Decimal("0.00000001"), "iv": 0.7567, "open_interest": Decimal("6.3"), "theta": -0.00000152}),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "wanted"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_a_chain_of_a_venue_is_a_row_a_contract(tmp_path: Path, answer: Any, wanted: dict[str, Any]) -> None:
    """Prices exact, volatilities and Greeks as the venue gives them."""
    row = options_in(tmp_path, "chain.json", json.dumps(answer))[0]
    assert {word: row[word] for word in wanted} == wanted


def test_a_ticker_of_deribit_tells_its_quote_and_its_option(tmp_path: Path) -> None:
    """Beside the best prices, what the venue computes; a perpetual has none of it."""
    data = {"timestamp": 1741000000123, "instrument_name": "BTC-28AUG26-110000-P", "mark_price": 0.2345,
            "mark_iv": 55.6, "bid_iv": 54.1, "ask_iv": 0.0, "best_bid_price": 0.23, "best_bid_amount": 10,
            "best_ask_price": 0.0,
            "best_ask_amount": 0.0, "open_interest": 123.4, "underlying_price": 95000.1,
            "greeks": {"vega": 100.1, "theta": -20.2, "rho": -50.3, "gamma": 0.00001, "delta": -0.55}}  # fmt: skip
    future = {name: value for name, value in data.items() if name != "mark_iv"} | {"instrument_name": "BTC-PERPETUAL"}
    messages = [{"params": {"channel": "ticker.X.100ms", "data": each}} for each in (data, future)]
    (row,) = options_in(tmp_path, "lines.jsonl", "".join(json.dumps(message) + "\n" for message in messages))
    assert (row["bid"], row["ask"], row["mark"], row["delta"]) == (Decimal("0.23"), None, Decimal("0.2345"), -0.55)
    assert probe(tmp_path / "lines.jsonl", READING).kinds["quotes"] == 2
