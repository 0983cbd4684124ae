"""Round trips: tapes and the trips they must give, written as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.ledger.trades import round_trips


def tape(text: str) -> pd.DataFrame:
    """Fills from lines of `symbol side quantity price fee`."""
    rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(
        {
            "ts": pd.date_range("2024-01-02", periods=len(rows), tz="UTC"),
            "symbol": [row[0] for row in rows],
            "side": [row[1] for row in rows],
            "quantity": [float(row[2]) for row in rows],
            "price": [float(row[3]) for row in rows],
            "fee": [float(row[4]) for row in rows],
            "id": np.arange(len(rows)) + 101,
            "order_id": np.arange(len(rows)) + 1,
        }
    )


def told(trips: pd.DataFrame) -> list[str]:
    """Trips as lines of `symbol side quantity entry>exit pnl fees entry_id>exit_id`."""
    lines = []
    for trip in trips.itertuples():
        out = "open" if trip.open else f"{trip.exit_price:g}"
        end = "" if trip.open else f">{trip.exit_id}"
        gain = "-" if trip.open else f"{trip.pnl:g}"
        lines.append(
            f"{trip.symbol} {trip.side} {trip.quantity:g} {trip.entry_price:g}>{out} {gain} {trip.fees:g} "
            f"{trip.entry_id}{end}"
        )
    return lines


@pytest.mark.parametrize(
    ("fills", "trips"),
    [
        ("A buy 10 100 1\nA sell 10 110 2", ["A long 10 100>110 100 3 101>102"]),
        ("A sell 10 100 0\nA buy 10 110 0", ["A short 10 100>110 -100 0 101>102"]),
        (
            "A buy 10 100 1\nA buy 10 110 1\nA sell 5 120 1\nA sell 15 90 0",
            ["A long 5 105>120 75 1.5 101>103", "A long 15 105>90 -225 1.5 101>104"],
        ),
        (
            "A buy 10 100 0\nA sell 25 110 5\nA buy 15 100 0",
            ["A long 10 100>110 100 2 101>102", "A short 15 110>100 150 3 102>103"],
        ),
        (
            "A buy 3 10 0.3\nB sell 2 50 -0.2\nA sell 1 12 0\nB buy 2 40 0",
            ["A long 1 10>12 2 0.1 101>103", "B short 2 50>40 20 -0.2 102>104", "A long 2 10>open - 0.2 101"],
        ),
        ("A buy 0.1 10 0\nA buy 0.2 10 0\nA sell 0.3 20 0", ["A long 0.3 10>20 3 0 101>103"]),
    ],
)
def test_a_tape_gives_its_round_trips(fills: str, trips: list[str]) -> None:
    """Long, short, partial, through zero, several symbols, and quantities that no binary fraction holds."""
    assert told(round_trips(tape(fills))) == trips


def test_a_trip_returns_its_gain_less_fees_over_its_cost() -> None:
    """Long and short alike."""
    trips = round_trips(tape("A buy 10 100 5\nA sell 10 110 5\nB sell 10 100 5\nB buy 10 110 5"))
    assert trips["return"].tolist() == pytest.approx([0.09, -0.11])


def test_a_contract_counts_its_multiplier() -> None:
    """One future of 50 dollars a point, from 4,000 to 4,010."""
    trips = round_trips(tape("ES buy 1 4000 0\nES sell 1 4010 0"), {"ES": 50})
    assert trips["pnl"].tolist() == [500.0]
    assert trips["entry_price"].tolist() == [4000.0]
    assert trips["return"].tolist() == pytest.approx([0.0025])


def test_no_fills_give_no_trips_with_the_same_columns() -> None:
    """An empty table, not an error."""
    fills = tape("A buy 1 1 0\nA sell 1 1 0")
    empty = round_trips(fills.iloc[:0])
    assert len(empty) == 0
    assert list(empty.columns) == list(round_trips(fills).columns)


def test_times_and_ids_are_those_of_the_first_and_last_fill() -> None:
    """A position added to keeps the time and id of its opening; an open one has no exit."""
    trips = round_trips(tape("A buy 1 10 0\nA buy 1 11 0\nA sell 1 12 0"))
    closed, held = trips.iloc[0], trips.iloc[1]
    assert (closed["entry_ts"].day, closed["exit_ts"].day) == (2, 4)
    assert pd.isna(held["exit_ts"])
    assert pd.isna(held["exit_id"])
    assert np.isnan(held["pnl"])
    assert trips["open"].tolist() == [False, True]


def test_profit_and_fees_are_the_ledgers_own() -> None:
    """Against the accounts of a thousand random fills: cash, cost and fees leave exactly the profit of the trips."""
    generator = np.random.default_rng(11)
    count = 1000
    fills = pd.DataFrame(
        {
            "ts": pd.date_range("2024-01-01", periods=count, freq="h", tz="UTC"),
            "symbol": generator.choice(["A", "B"], count),
            "side": generator.choice(["buy", "sell"], count),
            "quantity": generator.integers(1, 60, count).astype(float),
            "price": generator.integers(900, 1100, count) / 100,
            "fee": generator.integers(-5, 90, count) / 100,
            "id": np.arange(count) + 1,
        }
    )
    trips = round_trips(fills)
    signed = np.where(fills["side"] == "buy", 1, -1) * fills["quantity"]
    cash = -(signed * fills["price"]).sum()
    held = trips[trips["open"]]
    cost = (held["quantity"] * held["entry_price"] * np.where(held["side"] == "long", 1, -1)).sum()
    assert trips["pnl"].sum() == pytest.approx(cash + cost, abs=1e-6)
    assert trips["fees"].sum() == pytest.approx(fills["fee"].sum(), abs=1e-9)


@pytest.mark.parametrize(
    ("column", "value", "code", "seen"),
    [
        ("side", "hold", "DATA-015", "side of row 1 is 'hold'"),
        ("quantity", 0.0, "RUN-008", "quantity of row 1 is 0.0"),
        ("price", -1.0, "RUN-008", "price of row 1 is -1.0"),
        ("fee", float("nan"), "RUN-008", "fee of row 1 is nan"),
        ("quantity", 1e11, "DATA-016", "quantity"),
    ],
)
def test_a_row_that_is_no_fill_is_named(column: str, value: object, code: str, seen: str) -> None:
    """The column, the row and the value."""
    fills = tape("A buy 1 1 0\nA sell 1 1 0")
    fills.loc[1, column] = value
    with pytest.raises(HedgerowError) as caught:
        round_trips(fills)
    assert caught.value.code == code
    assert seen in caught.value.detail


def test_a_missing_column_is_named_with_a_suggestion() -> None:
    """`qty` is not `quantity`, but `quantitty` is nearly."""
    with pytest.raises(HedgerowError) as caught:
        round_trips(tape("A buy 1 1 0").rename(columns={"quantity": "quantitty"}))
    assert caught.value.code == "DATA-008"
    assert "did you mean 'quantitty'" in caught.value.detail
