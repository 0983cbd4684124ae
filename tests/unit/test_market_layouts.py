"""Tables and replies as many vendors lay them out: told by their words, whichever vendor it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

READING = Reading()
DAILY = '{"1. open":"161.0","2. high":"161.7","3. low":"160.0","4. close":"160.1","5. volume":"408"}'

# name, what the file holds, what it must be told to be, its first time
LAYOUTS = [
    ("polygon.csv", "ticker,volume,open,close,high,low,window_start\nA,9,1,2,3,1,1744792500000000000\n"
     "A,9,1,2,3,1,1744792560000000000\n", {"bars": 2}, "2025-04-16T08:35:00"),
    ("stooq.txt", "<TICKER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>\nA.US,20200102,000000,72,73,71,72\n",
     {"bars": 1}, "2020-01-02T00:00:00"),
    ("metatrader.csv", "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\n"
     "2020.01.02\t01:00:00\t1.1\t1.2\t1.0\t1.1\t5\n2020.01.02\t02:00:00\t1.1\t1.2\t1.0\t1.1\t5\n",
     {"bars": 2}, "2020-01-02T01:00:00"),
    ("preamble.csv", "https://www.data.example\nunix,date,symbol,open,high,low,close\n"
     "1577836800000,2020-01-01,BTC,1,2,1,2\n1577923200000,2020-01-02,BTC,1,2,1,2\n", {"bars": 2},
     "2020-01-01T00:00:00"),
    ("bitmex.csv", "timestamp,symbol,side,size,price\n2019-01-01D00:00:00.123456000,XBTUSD,Buy,100,3700.5\n",
     {"trades": 1}, "2019-01-01T00:00:00"),
    ("taq.csv", "DATE,TIME_M,SYM_ROOT,BID,BIDSIZ,ASK,ASKSIZ\n20200102,9:30:00.013,AAPL,296.20,1,296.30,2\n",
     {"quotes": 1}, "2020-01-02T09:30:00"),
    ("options.csv", "date,symbol,exdate,cp_flag,strike_price,best_bid,best_offer,impl_volatility\n"
     "2020-01-02,SPX,2020-01-17,C,3000,250.1,251.3,0.15\n", {"options": 1}, "2020-01-02T00:00:00"),
    ("alfred.csv", "observation_date,GDPC1_20200130,GDPC1_20200227\n2019-07-01,19121.1,19121.1\n2019-10-01,.,19222.0\n",
     {"series": 3}, "2019-07-01T00:00:00"),
    ("daily.json", f'{{"Meta Data":{{"2. Symbol":"IBM"}},"S":{{"2024-01-03":{DAILY},"2024-01-02":{DAILY}}}}}',
     {"bars": 2}, "2024-01-02T00:00:00"),
    ("coins.json", '{"prices":[[1609459200000,29022.4]],"caps":[[1609459200000,5.4e11]]}', {"series": 2},
     "2021-01-01T00:00:00"),
    ("candles.json", '{"error":[],"result":{"X":[[1616662740,"5","6","4","5","5","0.1",5],[1616662800,"5","7",'
     '"5","6","6","2",30]],"last":1}}', {"bars": 2}, "2021-03-25T08:59:00"),
    ("candles2.json", "[[1517443740,101,102.1,101.5,102.1,2.8],[1517443680,101.5,103,102.9,101.5,4]]",
     {"bars": 2}, "2018-02-01T00:08:00"),
    ("sectors.json", '{"Biotech": ["A", "BIO"], "Autos": ["F"], "Banks": ["JPM"]}', {"reference": 4}, None),
    ("news.jsonl", '{"published_utc":"2024-01-02T10:00:00Z","headline":"Ford beats","ticker":"F"}\n'
     '{"published_utc":"2024-01-02T11:00:00Z","headline":"GM beats","ticker":"GM"}\n', {"news": 2},
     "2024-01-02T10:00:00"),
    ("splits.json", '{"results":[{"execution_date":"2022-07-18","split_from":1,"split_to":20,"ticker":"GOOG"}]}',
     {"actions": 1}, "2022-07-18T00:00:00"),
    ("members.csv", "ticker,start_date,end_date\nA,2000-06-05,\nAABA,1999-12-08,2017-06-19\n", {"universe": 3},
     "1999-12-08T00:00:00"),
    ("ticks.json", '[{"time":"2022-01-07T05:58:09+00:00","price":443.6,"size":108.0,"tickType":0},'
     '{"time":"2022-01-07T05:58:10+00:00","price":443.7,"size":3.0,"tickType":5}]', {"quotes": 1, "trades": 1},
     "2022-01-07T05:58:09"),
    ("download.csv", "Price,Close,High,Low,Open,Volume\nTicker,KO,KO,KO,KO,KO\nDate,,,,,\n2024-01-02,2,3,1,2,9\n"
     "2024-01-03,2,3,1,2,9\n", {"bars": 2}, "2024-01-02T00:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "kinds", "first"), LAYOUTS, ids=[row[0] for row in LAYOUTS])
def test_a_layout_is_told_by_its_words(
    tmp_path: Path, name: str, text: str, kinds: dict[str, int], first: str | None
) -> None:
    """What it holds, and the first time that labels a row."""
    path = tmp_path / name
    path.write_text(text)
    told = probe(path, READING).record()
    assert (told["kinds"], (told["first"] or "")[:19] or None) == (kinds, first), told["detail"]
    assert told["status"] != "unreadable"


def test_vintages_in_the_names_of_columns_are_when_the_values_were_known(tmp_path: Path) -> None:
    """Two releases of one quarter are two rows of one series, each known when the day of its release ends."""
    path = tmp_path / "alfred.csv"
    path.write_text(next(row[1] for row in LAYOUTS if row[0] == "alfred.csv"))
    rows = [row for part in head(path, READING, 9) for row in part.table.to_pylist()]
    assert {row["instrument"] for row in rows} == {"GDPC1"}
    assert [(str(row["ts_init"])[:10], row["value"]) for row in rows] == [
        ("2020-01-30", 19121.1),
        ("2020-02-27", 19121.1),
        ("2020-02-27", 19222.0),
    ]
