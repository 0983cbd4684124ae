"""A run over a crypto venue and an exchange of FIX at once."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

from hedgerow.engine.live.accounts import of_exchange, of_journal
from hedgerow.engine.live.routes import venues_of
from hedgerow.engine.why import Journal
from hedgerow.execution.reconciliation import Account, differences
from hedgerow.execution.venues import read_settings

SHARED = runpy.run_path(str(Path(__file__).parent.parent / "live_place.py"))
EXCHANGE = """
[venue]
name = "FIXED"
folder = "fixed"
fix_port = {port}
[[instrument]]
symbol = "BTC/USDT"
reference = "60200"
tick = "0.01"
lot = "0.00001"
[[participant]]
name = "DESK"
[[participant]]
name = "MAKER"
[maker]
participant = "MAKER"
every_ms = 200
lots = 1_000_000
"""
SESSION = """
[[venue]]
name = "FIXED"
host = "127.0.0.1"
port = {port}
sender = "DESK"
target = "FIXED"
[[instrument]]"""


def without_totals(account: Account) -> Account:
    """Executions of crypto venues come in whatever order, and are numbered as trades, not as the exchange's reports."""
    found = [replace(one, total=one.quantity, trade="", fee=None, currency="") for one in account.executions]
    return replace(account, executions=tuple(sorted(found, key=str)))


def test_what_is_cheap_at_the_crypto_venue_is_sold_at_the_exchange(crypto_place: Any) -> None:
    """Each order stands in the record of the venue that its route names, and in no other."""
    place, (free_port,) = crypto_place, SHARED["free_ports"](1)
    place.change("[venue]", '[[venue]]\nname = "CRYPTO"')
    place.change('[venue.options]\nfetchMarkets = {types = ["spot"]}', 'options = {fetchMarkets = {types = ["spot"]}}')
    place.change("[[instrument]]", SESSION.format(port=free_port))
    place.change('timeout = "1s"', 'timeout = "20s"')
    (place.folder / "fixed.toml").write_text(EXCHANGE.format(port=free_port))
    place.venue()
    fixed = place.start("venue", "serve", "fixed.toml")
    assert b"ready" in fixed.stdout.readline()
    told = place.paper(8.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    journal = Journal(place.folder / "run")
    homes, sides = venues_of(journal.of("Route")), {int(one["id"]): int(one["side"]) for one in journal.of("Order")}
    filled = {(homes[int(fill["cause"])], sides[int(fill["cause"])]) for fill in journal.of("Fill")}
    assert filled - {("FIXED", 1)} == {("CRYPTO", 1), ("FIXED", 2)}  # before the slower one is there, the other has all
    theirs = {"CRYPTO": place.exchange(), "FIXED": read_settings(place.folder / "fixed.toml")}
    for name, settings in theirs.items():
        both = (of_journal(place.folder / "run", name), of_exchange(settings, "DESK"))
        assert differences(*map(without_totals, both)) == []
