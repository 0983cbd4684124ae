"""Participants trade at the exchange over FIX: real sockets, our own initiator, an exchange in a process of its own."""

from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from hedgerow.core.errors import WireError
from hedgerow.execution.fix import Dictionaries
from hedgerow.execution.venues import Venue, ask_control, read_log, read_settings

SHARED = runpy.run_path(str(Path(__file__).with_name("venue_traders.py")))
ServedVenue, Trader, settings_file = SHARED["ServedVenue"], SHARED["Trader"], SHARED["settings_file"]
trading = SHARED["trading"]

MEMBERS = {"A": "FIX.4.4", "B": "FIX.4.2", "C": "FIX.5.0SP2"}


@pytest.fixture(scope="module")
def folder(shared) -> Path:
    """The published dictionaries."""
    return shared("data/fix/dictionaries")


@pytest.fixture
def floor(folder, tmp_path):
    """An exchange with a participant of each version, each logged on."""
    with trading(tmp_path, folder, MEMBERS) as found:
        yield found


def test_an_order_trades_in_each_version_and_each_says_it_in_its_own_words(floor, tmp_path):
    """ExecType, OrdStatus, quantities, average price and liquidity of both sides; the log says the same."""
    _, members = floor
    buyer, old, new = members["A"], members["B"], members["C"]
    buyer.order("a1", 1, 100, "10.00")
    assert buyer.until(t11="a1")[150] == "0"
    old.order("b1", 2, 60, "10.00")
    assert old.hears((20, 150, 39, 151), t11="b1") == ["0", "0", "0", "60"]
    filled = old.until(t11="b1")
    assert [filled[tag] for tag in (20, 150, 39, 14, 151, 32, 31, 6)] == ["0", "2", "2", "60", "0", "60", "10", "10"]
    assert 851 not in filled
    first = buyer.until(t150="F")
    assert [first[tag] for tag in (39, 14, 151, 851)] == ["1", "60", "40", "1"]
    new.order("c1", 2, 40, "9.00")
    taken = new.until(t150="F")
    assert [taken[tag] for tag in (39, 31, 851)] == ["2", "10", "2"]
    assert buyer.hears((39, 14, 151), t150="F") == ["2", "100", "0"]
    told = [line["event"] for line in read_log(tmp_path / "venue" / "venue.jsonl") if "event" in line]
    traded = {str(event["exec"]) for event in told if event["event"] == "order" and event["what"] == "traded"}
    heard = {one[17] for trader in members.values() for one in trader.heard if one[150] in ("F", "1", "2")}
    assert heard == traded
    assert len(traded) == 4


def test_orders_change_end_and_are_asked_after(floor):
    """Cancel, change, status, mass status, mass cancel; what is not there is refused by the protocol's own words."""
    _, members = floor
    one, old = members["A"], members["B"]
    one.order("a1", 2, 100, "11.00")
    one.until(t150="0")
    one.send("G", (11, "a2"), (41, "a1"), (55, "ABC"), (54, 2), (38, 80), (40, 2), (44, "11.00"))
    changed = one.until(t150="5")
    assert [changed[tag] for tag in (11, 41, 39, 38, 151)] == ["a2", "a1", "0", "80", "80"]
    one.send("H", (11, "a2"), (55, "ABC"), (54, 2))
    asked = one.until(t150="I")
    assert [asked[tag] for tag in (17, 39, 151)] == ["0", "0", "80"]
    one.order("a3", 2, 5, "12.00")
    one.until(t11="a3")
    one.send("AF", (584, "q"), (585, 7))
    assert one.hears((11, 911, 912), t584="q") == ["a2", "2", "N"]
    assert one.hears((11, 911, 912), t584="q") == ["a3", "2", "Y"]
    one.send("F", (11, "a4"), (41, "a2"), (55, "ABC"), (54, 2))
    ended = one.until(t150="4")
    assert [ended[tag] for tag in (11, 41, 39, 151, 14)] == ["a4", "a2", "4", "0", "0"]
    one.send("F", (11, "a5"), (41, "a2"), (55, "ABC"), (54, 2))
    assert one.hears((434, 102, 39), t35="9") == ["1", "0", "4"]
    one.send("G", (11, "a6"), (41, "none"), (55, "ABC"), (54, 2), (38, 80), (40, 2), (44, "11.00"))
    assert one.hears((434, 102, 37), t35="9") == ["2", "1", "NONE"]
    one.send("q", (11, "a7"), (530, 7))
    assert one.until(t150="4")[11] == "a3"
    assert one.hears((530, 531, 533), t35="r") == ["7", "7", "1"]
    one.send("H", (11, "never"), (55, "ABC"), (54, 2))
    assert one.hears((39, 37, 103), t150="I") == ["8", "NONE", "5"]
    old.order("b1", 1, 10, "9.00")
    old.until(t150="0")
    old.send("G", (11, "b2"), (41, "b1"), (55, "ABC"), (54, 1), (38, 20), (40, 2), (44, "9.00"), (21, 1))
    assert old.hears((39, 151), t150="5") == ["5", "20"]


@pytest.mark.parametrize(("name", "tag"), [("A", 111), ("B", 111), ("C", 1138)])
def test_an_iceberg_shows_a_slice_and_the_next_one_behind_what_stands_there(floor, name, tag):
    """In each version's own word; a change says it again, or another one, and never more than there is."""
    _, members = floor
    hides, other = members[name], members["C" if name == "A" else "A"]
    hides.order("i1", 2, 30, "10.00", (tag, 10))
    assert hides.until(t11="i1")[tag] == "10"
    other.order("o1", 2, 5, "10.00")
    other.until(t11="o1")
    for number, (lots, of_ours) in enumerate([(10, ["10"]), (5, []), (12, ["10", "2"])]):
        other.order(f"t{number}", 1, lots, "10.00", (59, "3"))
        for shown in of_ours:
            assert hides.until(t11="i1", t32=shown)[tag] == "10"
    assert [one[32] for one in hides.heard if 32 in one and one[11] == "i1"] == ["10", "10", "2"]
    change = ((11, "i2"), (41, "i1"), (55, "ABC"), (54, 2), (38, 29), (40, 2), (44, "10.00"))
    head = ((21, 1),) if name == "B" else ()
    hides.send("G", *change, (tag, 30), *head)
    assert "displayed" in hides.until(t35="9")[58]
    for name, said, shown in (("i3", ((tag, 5),), "5"), ("i4", (), "5"), ("i5", ((tag, 7),), "7")):
        hides.send("G", (11, name), *change[1:], *said, *head)
        assert hides.until(t11=name)[tag] == shown
    other.order("t9", 1, 7, "10.00", (59, "3"))
    assert hides.until(t11="i5", t32="7")[151] == "0"


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_a_pegged_order_follows_the_best_price_and_is_told_in_each_versions_words(floor, name):
    """OrdType P, ExecInst R and PegOffsetValue (PegDifference in 4.2); a change may bring another offset."""
    _, members = floor
    pegs, other = members[name], members["C" if name == "A" else "A"]
    other.order("o1", 1, 5, "9.90")
    other.until(t11="o1")
    pegs.order("p1", 1, 10, "10.00", (40, "P"), (18, "R"), (211, "-0.01"))
    told = pegs.until(t11="p1")
    assert [told[tag] for tag in (40, 18, 211, 44)] == ["P", "R", "-0.01", "10"]
    other.order("o2", 1, 5, "9.95")
    other.until(t11="o2")
    other.order("o3", 2, 12, "9.94", (59, "3"))
    assert pegs.until(t32="7")[31] == "9.94"
    change = ((41, "p1"), (55, "ABC"), (54, 1), (38, 9), (40, "P"), (44, "10.00"))
    head = ((21, 1),) if name == "B" else ()
    pegs.send("G", (11, "p2"), *change, (18, "M"), *head)
    assert pegs.until(t35="9")[58]
    pegs.send("G", (11, "p3"), *change, (18, "R"), (211, "-0.01"), *head)
    assert pegs.until(t11="p3")[151] == "2"
    pegs.send("G", (11, "p4"), *change, (211, "-0.02"), *head)
    assert pegs.until(t35="9", t11="p4")[58]
    pegs.send("G", (11, "p5"), *change, (18, "R"), (211, "-0.02"), *head)
    assert pegs.until(t11="p5")[211] == "-0.02"
    other.order("o4", 2, 7, "9.88", (59, "3"))
    assert pegs.until(t11="p5", t32="2")[31] == "9.88"


def test_what_cannot_be_an_order_is_refused_by_name_and_harms_nobody(floor):
    """Off the tick, negative, huge, unknown, used before: a rejected report each, and the book goes on."""
    _, members = floor
    one, other = members["A"], members["C"]
    cases = {
        "tick": ((44, "9.991"),),
        "minus": ((38, -5),),
        "none": ((38, 0),),
        "huge": ((38, 10**17),),
        "part": ((38, "1.5"),),
        "price": ((44, "-1"),),
        "high": ((44, "99999999999.00"),),
        "symbol": ((55, "XYZ"),),
        "side": ((54, "5"),),
        "type": ((40, "P"),),
        "time": ((59, "6"),),
        "stop": ((40, "3"),),
        "shown": ((111, 1000),),
    }
    for name, changed in cases.items():
        one.order(name, 1, 10, "9.00", *changed)
        refused = one.until(t11=name)
        assert [refused[tag] for tag in (150, 39, 37, 151, 14)] == ["8", "8", "NONE", "0", "0"], name
        assert refused[58]
    one.order("tick", 1, 10, "9.00")
    assert one.hears((150, 103), t11="tick") == ["8", "6"]
    one.send("D", (11, "x"), (55, "ABC"), (54, 1), (38, "ten"), (40, 2), (44, "9.00"))
    one.send("E", (66, "list"), (394, 3), (68, 0))
    one.order("good", 1, 10, "9.00")
    assert one.until(t11="good")[150] == "0"
    other.order("c", 2, 10)
    assert other.until(t150="F")[31] == "9"
    one.until(t150="F")
    assert [message[35] for message in one.heard].count("8") == len(cases) + 3


def test_an_auction_a_halt_and_a_bust_are_heard_by_those_they_concern(floor):
    """Orders at the open trade at one price; a halt refuses; a bust names the execution that it takes back."""
    venue, members = floor
    one, old, new = members["A"], members["B"], members["C"]
    port = venue.ports["control"]

    def phase(to: str) -> None:
        ask_control(port, {"do": "phase", "symbol": "ABC", "phase": to})

    phase("halted")
    one.order("early", 1, 10, "9.00")
    assert one.hears((150, 103), t11="early") == ["8", "2"]
    phase("opening_call")
    one.order("loo", 1, 100, "10.50", (59, 2))
    old.order("moo", 2, 60, None, (59, 2))
    assert [one.until(t11="loo")[150], old.until(t11="moo")[150]] == ["0", "0"]
    phase("continuous")
    assert one.hears((150, 14, 31), t11="loo") == ["F", "60", "10"]
    traded = old.until(t11="moo", t150="2")
    assert one.hears((39, 14, 58), t11="loo", t150="4") == ["4", "60", "its auction is over"]
    ask_control(port, {"do": "bust", "trade": 1})
    assert old.hears((20, 19, 14, 32, 31), t20="1") == ["1", traded[17], "0", "60", "10"]
    assert one.hears((14, 151, 32), t150="H") == ["0", "0", "60"]
    new.order("moc", 2, 5, None, (59, 7))
    new.until(t11="moc", t150="0")
    old.order("gtc", 1, 5, "9.90", (59, 1))
    old.until(t11="gtc", t150="0")
    phase("closing_call")
    phase("closed")
    assert new.hears((39, 31), t11="moc", t150="F") == ["2", "9.9"]
    for wrong in (
        {"do": "bust", "trade": 1},
        {"do": "bust", "trade": -1},
        {"do": "phase", "symbol": "ABC", "phase": "halted"},
        {"do": "phase", "symbol": "ABX", "phase": "halted"},
        {"do": "phase", "symbol": "ABC", "phase": "halt"},
        {"do": "fase"},
    ):
        with pytest.raises(WireError):
            ask_control(port, wrong)


def test_a_drop_copy_session_hears_of_others_and_orders_nothing(folder, tmp_path):
    """Copies of all reports of those it watches, with their ExecIDs; an order of its own is refused."""
    settings = settings_file(tmp_path, folder, {"A": "FIX.4.4", "B": "FIX.4.4", "COPY": "FIX.4.4"})
    settings.write_text(settings.read_text() + 'drop_copy_of = ["A"]\n')
    venue, books = ServedVenue(settings), Dictionaries(folder)
    one, other, copy = (Trader(venue.ports["fix"], name, "FIX.4.4", books) for name in ("A", "B", "COPY"))
    other.order("b", 2, 10, "10.00")
    other.until(t150="0")
    one.order("a", 1, 10, "10.00")
    mine = [one.until(t11="a")[17], one.until(t11="a")[17]]
    assert [copy.until()[17], copy.until()[17]] == mine
    copy.order("c", 1, 10, "10.00")
    assert copy.until()[35] == "j"
    for trader in (one, other, copy):
        trader.close()
    assert venue.stop() == 0


def test_orders_are_cancelled_when_the_line_is_cut(folder, tmp_path):
    """Only of who asked for it, and also after a crash of the exchange."""
    settings = settings_file(tmp_path, folder, {"A": "FIX.4.4", "B": "FIX.4.4"})
    settings.write_text(settings.read_text() + "cancel_on_disconnect = true\n")
    books, store = Dictionaries(folder), tmp_path / "b.fix"
    for crashes in (False, True):
        venue = ServedVenue(settings)
        traders = [Trader(venue.ports["fix"], "A", "FIX.4.4", books, store=tmp_path / "a.fix")]
        traders.append(Trader(venue.ports["fix"], "B", "FIX.4.4", books, store=store))
        for trader in traders:
            trader.order(f"o{crashes}", 1, 1, "9.00")
            trader.until(t11=f"o{crashes}")
        if crashes:
            venue.kill()
        for trader in traders:
            trader.close()
        if not crashes:
            assert venue.stop() == 0
    venue = ServedVenue(settings)
    back = Trader(venue.ports["fix"], "B", "FIX.4.4", books, store=store)
    assert back.hears((11, 39), t150="4") == ["oTrue", "4"]
    book = ask_control(venue.ports["control"], {"do": "book", "symbol": "ABC"})
    assert (book["bids"], book["asks"]) == ([["9.00", "2"]], [])
    back.close()
    assert venue.stop() == 0


def test_a_killed_exchange_comes_back_with_its_books_and_nothing_told_twice(folder, tmp_path):
    """kill -9 while orders come: what was acknowledged is there, what was not is answered, no report is lost."""
    settings, books = settings_file(tmp_path, folder, MEMBERS), Dictionaries(folder)
    store, orders, reports = tmp_path / "a.fix", 60, []
    for asked in range(0, orders, 15):
        venue = ServedVenue(settings)
        trader = Trader(venue.ports["fix"], "A", "FIX.4.4", books, store=store)
        for number in range(asked, asked + 15):
            trader.order(f"o{number}", 1, 1, "9.00")
        if asked + 15 < orders:
            trader.until(t35="8")
            venue.kill()
        else:
            trader.until(t11=f"o{orders - 1}")
        trader.close()
        assert not trader.failures
        reports += [message for message in trader.heard if message[35] == "8"]
    assert venue.stop() == 0
    told = [line["event"] for line in read_log(tmp_path / "venue" / "venue.jsonl") if "event" in line]
    assert [event["client_id"] for event in told] == [f"o{number}" for number in range(orders)]
    by_exec = {message[17]: message for message in reports}
    assert sorted(by_exec, key=int) == [str(event["exec"]) for event in told]
    assert all(message == by_exec[message[17]] or message[97] == "Y" for message in reports if message.get(43) != "Y")
    again = Venue(read_settings(settings))
    assert len(again.working("A")) == orders
    assert again.core.depth(0, True, 5) == [(900, orders)]
    again.close()


def test_prices_and_quantities_are_exact_however_fine_the_tick(folder, tmp_path):
    """A tick of a hundred-millionth, a lot of a thousandth: no digit is lost on the way in and out."""
    settings = settings_file(tmp_path, folder, {"A": "FIX.4.4"})
    text = settings.read_text().replace('reference = "10.00"\n', 'reference = "0.00012345"\ntick = "0.00000001"\n')
    settings.write_text(text.replace('tick = "0.0', 'lot = "0.001"\ntick = "0.0'))
    venue, books = ServedVenue(settings), Dictionaries(folder)
    trader = Trader(venue.ports["fix"], "A", "FIX.4.4", books)
    trader.order("a", 1, "0.003", "0.00012345")
    trader.until(t150="0")
    trader.order("b", 1, "0.001", "0.00012344")
    trader.until(t11="b")
    trader.order("c", 2, "0.004")
    trader.until(t11="c", t150="0")
    trader.until(t11="c", t39="1")
    filled = trader.until(t11="c", t39="2")
    assert Decimal(filled[6]) == (3 * Decimal("0.00012345") + Decimal("0.00012344")) / 4
    assert filled[14] == "0.004"
    trader.close()
    assert venue.stop() == 0
