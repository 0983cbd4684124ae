"""Which venue a whole order goes to, and what own orders teach of venues."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.fees import FeeTier
from hedgerow.execution.route_choice import TAKE, WAIT, Compared, Place, Wanted, best, compared
from hedgerow.execution.route_cut import cut, cut_in_steps
from hedgerow.execution.route_estimates import FORGOTTEN_NS, ORDERS_MAX, PARTS, Estimates, Seen

BUY = Wanted(buys=True, lots=5, limit_ticks=10_000, takes=True, waits=False, whole=False, tick=Decimal("0.01"))
GTC = replace(BUY, waits=True)
POST_ONLY = replace(GTC, takes=False, limit_ticks=9_990)


def asks(*levels: tuple[int, int], venue: str = "A", taker: float = 0.0, seen: Seen | None = None) -> Place:
    """A venue that shows something to buy."""
    return Place(venue, asks=levels, rates=FeeTier(taker_per_unit=taker), seen=seen or Seen())


def chosen(wanted: Wanted, *places: Place) -> Compared:
    """Where an order goes."""
    return best(wanted, compared(wanted, places))


def test_an_order_is_taken_where_price_and_fee_together_are_lowest() -> None:
    """A cent of fee weighs as much as a cent of price; a rebate counts."""
    assert chosen(BUY, asks((9_999, 5)), asks((9_998, 5), venue="B")).venue == "B"
    assert chosen(BUY, asks((9_999, 5)), asks((9_998, 5), venue="B", taker=0.02)).venue == "A"
    assert chosen(BUY, asks((9_999, 5)), asks((9_999, 5), venue="B", taker=-0.001)).venue == "B"
    found = chosen(BUY, asks((9_998, 3), (9_999, 9), taker=0.01), asks(venue="B"))
    assert (found.way, found.price_ticks, found.lots, found.fee_nano) == (TAKE, 9_998, 12, 10_000_000)
    assert found.cost_nano == 99_994_000_000  # three at 99.98 and two at 99.99, and a cent


def test_what_a_venue_cannot_give_it_does_not_seem_to_give_cheaply() -> None:
    """Not even where it is the others' that would be taken late."""
    little = chosen(BUY, asks((9_990, 1)), asks((9_991, 5), venue="B"))
    assert little.venue == "B"
    nothing = chosen(replace(BUY, limit_ticks=9_990), asks((9_990, 5), taker=0.05), asks((9_995, 5), venue="B"))
    assert nothing.venue == "A"
    assert chosen(replace(BUY, whole=True), asks((9_990, 4)), asks((9_999, 5), venue="B")).venue == "B"


def test_where_nothing_can_be_taken_the_nearest_price_has_it() -> None:
    """Neither is within the limit; then the quicker one, then the one named first."""
    low = replace(BUY, limit_ticks=9_000)
    assert chosen(low, asks(), asks((9_100, 1)), asks((9_050, 1), venue="B")).venue == "B"
    slow, quick = Seen(latency_ns=9), Seen(latency_ns=5)
    assert chosen(low, asks((9_100, 1), seen=slow), asks((9_100, 1), venue="B", seen=quick)).venue == "B"
    assert chosen(low, asks((9_100, 1)), asks((9_100, 1), venue="B")).venue == "A"


def test_what_waits_waits_where_it_is_paid_and_reached() -> None:
    """By rebate, by the queue ahead of it, by how far queues came there."""
    rich, poor = (Place(name, asks=((10_000, 5),), bids=((9_990, 5),)) for name in ("A", "B"))
    paid = replace(rich, rates=FeeTier(maker_bps=-0.2))
    assert chosen(POST_ONLY, poor, paid).venue == "A"
    found = chosen(POST_ONLY, poor, replace(rich, bids=((9_990, 4),)))
    assert (found.venue, found.way, found.lots, found.price_ticks, found.chance_ppm) == (
        "A",
        WAIT,
        4,
        9_990,
        PARTS // 2,
    )
    reached = replace(poor, seen=Seen(flows=(10, 10, 12)))
    assert chosen(POST_ONLY, rich, reached).chance_ppm == 800_000
    never = replace(poor, seen=Seen(flows=(0, 0)))
    assert chosen(POST_ONLY, never, rich).venue == "A"


def test_an_order_that_may_wait_takes_where_it_can_and_waits_elsewhere() -> None:
    """All venues are compared by one measure, each by the way that it would go there."""
    shows, empty = asks((9_999, 5)), Place("B", bids=((10_000, 1),))
    assert [one.way for one in compared(GTC, [shows, empty])] == [TAKE, WAIT]
    assert chosen(GTC, empty, shows).venue == "A"
    assert [one.way for one in compared(GTC, [empty, empty])] == [WAIT, WAIT]


def test_size_that_vanishes_is_believed_less_and_hidden_size_more() -> None:
    """A venue that shows a better price, and seldom has it, loses to one that keeps its word."""
    fades, honest = Seen(kept_ppm=PARTS // 4), asks((9_999, 5), venue="B")
    assert chosen(BUY, asks((9_998, 5)), honest).venue == "A"
    assert chosen(BUY, asks((9_998, 5), seen=fades), honest).venue == "B"
    hides = asks((9_999, 2), venue="C", seen=Seen(hidden_ppm=900_000))
    assert chosen(BUY, asks((9_999, 4)), hides).venue == "C"


@given(st.lists(st.integers(9_900, 10_000), min_size=1, max_size=5), st.booleans(), st.integers(1, 5))
def test_with_equal_fees_and_no_history_the_best_price_has_the_order(prices: list[int], buys: bool, lots: int) -> None:
    """Of sellers and buyers alike."""
    wanted = replace(BUY, buys=buys, lots=lots, limit_ticks=10_000 if buys else 9_900)
    places = [
        Place(str(at), asks=((price, 5),) if buys else (), bids=() if buys else ((price, 5),))
        for at, price in enumerate(prices)
    ]
    goal = min(prices) if buys else max(prices)
    assert chosen(wanted, *places).venue == str(prices.index(goal))


def test_nothing_is_compared_where_no_venue_is() -> None:
    """Whoever asks must know what to do then."""
    assert compared(BUY, []) == []


def test_estimates_are_of_the_last_orders_of_the_last_hour() -> None:
    """Each belief is pulled towards the first one by one order, and comes back to it in time."""
    found = Estimates()
    assert found.seen(0) == Seen()
    for at in range(ORDERS_MAX + 1):
        found.took(at, lots=4, shown=4, taken=0 if at else 4)
    assert found.seen(at).kept_ppm == PARTS // (ORDERS_MAX + 1)
    found.took(at, lots=10, shown=4, taken=10)
    assert found.seen(at).hidden_ppm == PARTS // 2
    found.waited(at, ahead=7, filled=3)
    found.waited(at, ahead=7, filled=0)
    found.answered(at, 40)
    seen = found.seen(at)
    assert (seen.flows, seen.latency_ns) == ((10, 0), 40)
    assert found.seen(at + FORGOTTEN_NS + 1) == Seen()


def test_the_latency_that_counts_is_that_of_nine_orders_in_ten() -> None:
    """One slow answer of ten is passed over, and two are not."""
    found = Estimates()
    for latency in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100):
        found.answered(0, latency)
    assert found.seen(0).latency_ns == 9


def parts(wanted: Wanted, *places: Place) -> list[tuple[str, int, int, bool]]:
    """How an order is cut."""
    return [(part.venue, part.lots, part.limit_ticks, part.waits) for part in cut(wanted, places)]


def test_what_is_shown_is_swept_where_it_is_cheapest_and_the_rest_waits() -> None:
    """One part a venue for what is taken, at the worst price needed there; what waits, where it is paid."""
    a, b = asks((9_998, 3), (10_000, 4)), asks((9_999, 5), (10_001, 9), venue="B", taker=0.004)
    order = replace(GTC, lots=10)
    assert parts(order, a, b) == [("A", 5, 10_000, False), ("B", 5, 9_999, False)]
    paid = replace(b, rates=FeeTier(maker_per_unit=-0.01))
    assert parts(replace(order, lots=20), a, paid) == [
        ("A", 7, 10_000, False),
        ("B", 5, 9_999, False),
        ("B", 8, 10_000, True),
    ]
    assert parts(replace(order, buys=False), a, b)[0][3]  # nobody bids: all of it waits
    assert parts(order) == []


def test_of_a_venue_no_more_is_asked_than_it_usually_has_and_the_slower_one_first() -> None:
    """Half of what fades; the order of parts is that in which they leave."""
    fades = asks((9_998, 6), seen=Seen(kept_ppm=PARTS // 2, latency_ns=5))
    slow = asks((9_999, 9), venue="B", seen=Seen(latency_ns=9))
    assert parts(replace(GTC, lots=8), fades, slow) == [("B", 5, 9_999, False), ("A", 3, 9_998, False)]


def test_what_gains_nothing_by_waiting_waits_in_one_place() -> None:
    """A fee for who waits eats the gain everywhere: all of it has a place all the same."""
    dear = [Place(name, rates=FeeTier(maker_per_unit=1.0)) for name in ("A", "B")]
    assert parts(GTC, *dear) == [("A", 5, 10_000, True)]


def test_parts_are_whole_steps_and_none_is_too_small() -> None:
    """Where that cannot be, the order goes whole."""
    a, b = asks((9_998, 7)), asks((9_999, 9), venue="B")
    order = replace(GTC, lots=20)
    stepped = [(part.venue, part.lots) for part in cut_in_steps(order, [a, b], step=5, least=5)]
    assert stepped == [("A", 5), ("B", 5), ("A", 10)]
    assert cut_in_steps(order, [a, b], step=5, least=10) == []
    assert cut_in_steps(replace(order, lots=21), [a, b], step=5, least=5) == []
    assert cut_in_steps(order, [], step=1, least=1) == []


@given(
    st.lists(st.tuples(st.integers(9_990, 10_005), st.integers(1, 9), st.integers(0, PARTS)), min_size=1, max_size=4),
    st.booleans(),
    st.integers(1, 40),
)
def test_every_lot_has_a_place_within_the_limit(told: list[tuple[int, int, int]], buys: bool, lots: int) -> None:
    """However venues stand; of what is taken no more than is shown."""
    wanted = replace(GTC, buys=buys, lots=lots)
    places = [
        Place(str(at), () if buys else shown, shown if buys else (), seen=Seen(kept_ppm=kept))
        for at, (ticks, size, kept) in enumerate(told)
        for shown in [((ticks, size),)]
    ]
    found = cut(wanted, places)
    assert sum(part.lots for part in found) == lots
    assert all(part.lots > 0 and wanted.sign * (10_000 - part.limit_ticks) >= 0 for part in found)
    for at, (_, size, _) in enumerate(told):
        assert sum(part.lots for part in found if part.venue == str(at) and not part.waits) <= size
