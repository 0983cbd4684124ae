"""Books as FIX venues tell them: whole, and by what changes; by price, and by entries with names of their own."""

from __future__ import annotations

from typing import Any

import pytest

from hedgerow.execution.gateways.fix_books import FixBooks, trades


def entries(*told: str) -> list[tuple[int, bytes, int]]:
    """Fields of a group's entries: `269=0 270=10`, each entry a text."""
    pairs = (pair.partition("=") for one in told for pair in one.split())
    return [(int(tag), value.encode(), 1) for tag, _, value in pairs]


@pytest.fixture
def books() -> Any:
    """Of one symbol that is watched; what was lost stands in `said`."""
    said: list[str] = []
    found = FixBooks(said.append)
    found.watched = frozenset({"ABC"})
    found.said = said  # type: ignore[attr-defined]
    return found


def test_changes_by_price_make_the_book_that_the_venue_has(books: Any) -> None:
    """New, changed, deleted, and a size of nothing; the symbol is said once for those that follow."""
    whole = entries("269=0 270=10 271=5", "269=0 270=9.5 271=7", "269=1 270=11.0 271=2", "269=2 270=10 271=1")
    assert books.image("ABC", whole) == ([("10", "5"), ("9.5", "7")], [("11.0", "2")])
    changes = entries(
        "279=0 269=0 55=ABC 270=10.5 271=1",
        "279=1 269=0 270=10.0 271=4",
        "279=2 269=1 270=11",
        "279=0 269=1 270=12 271=3",
        "279=1 269=0 270=9.5 271=0",
        "279=0 269=2 270=10.5 271=1",
    )
    assert books.moved(changes) == [("ABC", [("10.5", "1"), ("10.0", "4")], [("12", "3")])]
    assert trades(changes) == [("ABC", "10.5", "1")]
    assert books.moved(entries("279=2 269=0 55=ABC 270=7")) == []  # there was none
    books.depth = 1
    assert books.moved(entries("279=0 269=0 55=ABC 270=8 271=1")) == [("ABC", [("10.5", "1")], [("12", "3")])]
    assert books.said == []


def test_entries_with_names_are_changed_by_them_and_added_up_by_price(books: Any) -> None:
    """One name on both sides is two entries; an entry may move to another price, and go without saying its side."""
    whole = entries("269=0 278=1 270=10 271=5", "269=0 278=2 270=10.0 271=7", "269=1 278=1 270=11 271=2")
    assert books.image("ABC", whole) == ([("10", "12")], [("11", "2")])
    moved = books.moved(entries("279=1 269=0 278=2 55=ABC 270=9", "279=1 269=1 278=1 271=3"))
    assert moved == [("ABC", [("10", "5"), ("9", "7")], [("11", "3")])]
    assert books.moved(entries("279=2 278=2 55=ABC")) == [("ABC", [("10", "5")], [("11", "3")])]
    assert books.moved(entries("279=2 278=9 55=ABC", "279=2 269=0 278=9 55=ABC")) == []  # beyond what was shown
    assert books.said == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("279=3 269=0 270=10 271=1", "MDUpdateAction (279) is '3'"),
        ("279=0 269=0 270=ten 271=1", "'ten' is no price or size"),
        ("279=0 269=0 270=10 271=NaN", "'NaN' is no price or size"),
        ("279=0 269=0 270=1e999 271=1", "no price or size"),
    ],
)
def test_what_cannot_be_followed_empties_the_book_until_it_is_told_whole(books: Any, change: str, says: str) -> None:
    """Nobody trades on a book that may be wrong; it is said once."""
    whole = entries("269=0 270=10 271=5")
    books.image("ABC", whole)
    fine = "279=0 269=0 55=ABC 270=9 271=1"
    assert books.moved(entries(fine, change, fine)) == [("ABC", [], [])]
    assert books.moved(entries(fine)) == []
    (said,) = books.said
    assert says in said
    assert books.image("ABC", whole) == ([("10", "5")], [])
    assert books.moved(entries(fine)) == [("ABC", [("10", "5"), ("9", "1")], [])]


def test_what_nobody_watches_is_not_kept_and_no_book_grows_for_ever(books: Any) -> None:
    """A venue that tells of every symbol there is fills no memory; a session's end forgets all."""
    assert books.moved(entries("279=0 269=0 55=XYZ 270=9 271=1")) == [("XYZ", [], [])]
    assert books.image("XYZ", entries("269=0 270=10 271=5")) == ([("10", "5")], [])
    many = entries("279=0 269=0 55=ABC 270=1 271=1", *(f"279=0 269=0 278={at} 270=9 271=1" for at in range(100_000)))
    assert books.moved(many) == [("ABC", [], [])]
    assert "more than 100,000 entries" in books.said[0]
    books.image("ABC", entries("269=0 270=10 271=5"))
    books.forget()
    assert books.moved(entries("279=0 269=1 55=ABC 270=12 271=1")) == [("ABC", [], [("12", "1")])]
