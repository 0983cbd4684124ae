"""What an exchange is told, and what its log holds: what cannot be meant is named, what is damaged is not believed."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from hedgerow.core.errors import RunError, WireError
from hedgerow.execution.venues import read_log, read_settings

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))
GOOD, venue = SHARED["SETTINGS"], SHARED["venue"]
TWO = 'name = "A"\n[[participant]]\nname = "B"\n'


def order(name: str, side: str = "Buy", lots: int = 5) -> dict[str, object]:
    """A limit order."""
    kind = {"order_type": "limit", "time_in": "gtc", "price_ticks": 1000}
    return {"do": "new", "participant": 0, "client_id": name, "instrument": 0, "side": side, "lots": lots, **kind}


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ('name = "V"', "", "[venue] name: is missing"),
        ('folder = "v"', 'folder = "v"\nfoldr = "v"', "[venue] foldr: no such key; did you mean 'folder'?"),
        ('"10.00"', '"-1"', "'-1' is no number above 0"),
        ('"10.00"', '"1e-19"', "'1e-19' has more than 18 decimals"),
        ('"10.00"', '"10.001"', "10.001 is off the tick 0.01"),
        ('"10.00"', "true", "True is no number above 0"),
        ('symbol = "ABC"', 'symbol = "ABC"\nvolume = 1', "[[instrument]] 1 volume: no such key"),
        ('symbol = "ABC"', 'symbol = ""', "[[instrument]] 1 symbol: '' is not a text"),
        ('name = "A"', 'name = "../A"', "'../A' cannot name a file"),
        ('name = "A"', 'name = "A"\nprotocol = "FIX.4.3"', "'FIX.4.3' is none of FIX.4.2"),
        ("[[participant]]", "[participants]", "participants: no such key; did you mean 'participant'?"),
        ('name = "V"', 'name = "V"\nself_trades = "often"', "'often' is none of allow"),
        ('name = "V"', 'name = "V"\nfix_port = 70000', "fix_port: 70000 is not a whole number from 0 to 65,535"),
        ('name = "V"', "name = ", "venue.toml: "),
        ('name = "A"', 'name = "A"\n[[participant]]\nname = "A"', "[[participant]] name: ['A'] stands twice"),
        ('name = "A"', 'name = "A"\ndrop_copy_of = ["B"]', "[[participant]] 1 drop_copy_of: 'B' is none of A"),
        ('name = "A"', 'name = "ABCDEFG"\nprotocol = "OUCH"', "OUCH has 6 letters for a name"),
        ('name = "A"', 'name = "A"\n[maker]\nparticipant = "B"', "[maker] participant: 'B' is none of A"),
        ('name = "A"', 'name = "A"\n[maker]\nparticipant = "A"\nlevels = 0', "levels: 0 is not a whole number from 1"),
        ('name = "A"', f'{TWO}[maker]\nparticipant = "A"\ntaker = "A"', "[maker] taker: 'A' is none of B"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(good: str, bad: str, says: str, tmp_path: Path) -> None:
    """The table, the key, the value, and what was meant perhaps."""
    path = tmp_path / "venue.toml"
    path.write_text(GOOD.replace(good, bad, 1))
    with pytest.raises(RunError, match=re.escape(says)):
        read_settings(path)


def test_a_log_cut_at_any_byte_gives_the_exchange_as_far_as_it_was_heard(tmp_path: Path) -> None:
    """Whole lines count; events that were not written follow again from their input; nothing is doubled."""
    first = venue(tmp_path)
    for number in range(4):
        first.submit(number, order(f"o{number}", "Buy" if number % 2 else "Sell", number + 1))
    whole = first.core.state_hash()
    first.close()
    log = tmp_path / "v" / "venue.jsonl"
    data = log.read_bytes()
    inputs = [json.loads(line) for line in data.splitlines() if b'"input"' in line]
    for cut in range(0, len(data), 7):
        log.write_bytes(data[:cut])
        again = venue(tmp_path)
        heard = sum(b'"input"' in line for line in data[: data[:cut].rfind(b"\n") + 1].splitlines())
        for line in inputs[heard:]:
            again.submit(line["ts"], line["input"])
        assert again.core.state_hash() == whole
        again.close()
        assert log.read_bytes() == data


def test_a_damaged_log_is_an_error_and_not_mended(tmp_path: Path) -> None:
    """A changed event, a line that is missing, other settings."""
    first = venue(tmp_path)
    first.submit(1, order("a"))
    first.submit(2, order("b", "Sell"))
    first.close()
    log = tmp_path / "v" / "venue.jsonl"
    data = log.read_bytes()
    lines = data.splitlines(keepends=True)
    damaged = [data.replace(b'"leaves_lots":5', b'"leaves_lots":6', 1), b"".join(lines[:2] + lines[3:])]
    damaged += [b"x" + data, data.replace(b'"input"', b'"imput"', 1)]
    for bad in damaged:
        log.write_bytes(bad)
        with pytest.raises(WireError, match="WIRE-016"):
            venue(tmp_path)
        assert log.read_bytes() == bad
    log.write_bytes(data.replace(b'"allow"', b'"cancel_resting"', 1))
    with pytest.raises(RunError, match="other settings"):
        venue(tmp_path)
    log.write_bytes(data)
    assert len(list(read_log(log))) == len(lines)
