"""A book kept by a venue's messages: images, numbered updates, checksums.

Promises: what is told of the book was true by the venue's own rule; after a gap or a wrong checksum nothing is told
until an image has made the book whole. Never: asks the venue; whoever drives it does, when `feed.needs_image`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from hedgerow.core.errors import BookError, problem
from hedgerow.market.books import BookFeed

if TYPE_CHECKING:
    from hedgerow.market.venues.messages import Message, Stepped


@dataclass(frozen=True)
class Checksum:
    """How a venue's checksum is made: whose rule, what ticks and lots are, and how many decimals the venue writes.

    price_decimals, size_decimals: None = as many as the tick and the lot have.
    """

    rule: Literal["kraken", "okx"]
    steps: Stepped
    price_decimals: int | None = None
    size_decimals: int | None = None

    def check(self, feed: BookFeed, wanted: int) -> None:
        """Refuse a book that is not the venue's: BOOK-010, and the feed needs an image."""
        price = _written(self.steps.tick, self.price_decimals)
        seen = feed.book().checksum(self.rule, price, _written(self.steps.lot, self.size_decimals))
        if seen != wanted:
            feed.lose()
            raise problem("BOOK_CHECKSUM", f"{seen}, the venue says {wanted}")


def _written(step: Decimal, decimals: int | None) -> tuple[int, int]:
    """Units of the last decimal in a step, and decimals."""
    if decimals is None:
        decimals = max(-int(step.normalize().as_tuple().exponent), 0)
    return int(step.scaleb(decimals)), decimals


def follow(
    messages: Iterable[Message], feed: BookFeed, *, checksum: Checksum | None = None
) -> Iterator[tuple[Message, str]]:
    """Each image and update with what became of it: `applied`, `skipped`, `held` or `gap`; other kinds are passed over.

    checksum: the book is checked by it after each message that carries one. Raises BOOK-010 where the book is not the
    venue's, and what the book refuses; the feed then needs an image.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps, binance
    >>> image = {"lastUpdateId": 4, "bids": [["1.00", "1"]], "asks": [["1.01", "2"]]}
    >>> message = binance.read(image, Steps("BTCUSDT", tick=Decimal("0.01")), ts_init=1)
    >>> feed = BookFeed("binance_spot")
    >>> [became for _, became in follow([message], feed)], feed.best_bid
    (['applied'], (100, 1))
    """
    for message in messages:
        if message.kind == "image":
            feed.image(message.events, last=message.last)
            became = "applied"
        elif message.kind == "update":
            became = _update(message, feed)
        else:
            continue
        if became == "applied" and checksum is not None and message.checksum is not None:
            checksum.check(feed, message.checksum)
        yield message, became


def _update(message: Message, feed: BookFeed) -> str:
    try:
        return feed.update(message.events, first=message.first, last=message.last, previous=message.previous)
    except BookError as error:
        if error.code != "BOOK-008":
            raise
        return "gap"
