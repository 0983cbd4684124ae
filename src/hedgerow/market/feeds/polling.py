"""One pass over an interface that is polled: pages from where the last pass stopped, until there are no more.

Promises: the cursor of a page is recorded with the page, so that a crash repeats at most the page that it interrupted,
whose bytes are then known already. Never: believes that the other side stops: `pages_max` does.
"""

from __future__ import annotations

import hashlib
from functools import partial

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.feeds.fetching import Ran, Tell, retried
from hedgerow.market.feeds.landing import Came, Landing
from hedgerow.market.feeds.record import Delivery
from hedgerow.market.feeds.transport import Answer, Page, Pages, World


def pass_over_pages(landing: Landing, pages: Pages, world: World, tell: Tell) -> Ran:
    """Ask for pages and deliver them as they came."""
    ran = Ran()
    cursor = pages.resumed(landing.cursors())
    while True:
        asked_ns = world.now_ns()
        try:
            if ran.asked >= pages.pages_max:
                raise problem("FEED_QUOTA", f"{ran.asked:,} pages and still more, limit pages_max {pages.pages_max:,}")
            known = landing.record.latest.version if landing.record.latest else None
            page = retried(
                landing,
                world,
                f"page {cursor}",
                partial(pages.page, cursor, number=ran.asked, asked_ns=asked_ns, known=known),
            )
            ran.asked += 1
            if isinstance(page, Answer) or page.empty:
                return ran
            row = _delivered(landing, page, world, asked_ns)
            if row is not None:
                ran.rows.append(row)
                ran.came += 1
            tell(page.name, len(page.body), len(page.body))
        except HedgerowError as error:
            ran.errors.append(error)
            came = Came(f"page {ran.asked}", asked_ns, cursor=cursor)
            ran.rows.append(landing.failed(came, error, known_ns=world.now_ns()))
            return ran
        if page.cursor is None:
            return ran
        cursor = page.cursor


def _delivered(landing: Landing, page: Page, world: World, asked_ns: int) -> Delivery | None:
    """The delivery of a page; `None` where it is the one that came last, and says nothing new of what follows."""
    sha256 = hashlib.sha256(page.body).hexdigest()
    before = landing.record.last(page.name) or landing.record.holding(sha256)
    if before is not None and (before.cursor, before.version) == (page.resume, page.version):
        versioned = page.version is not None and before.name == page.name
        if versioned or before.sha256 == sha256:
            return None
    part = landing.part(page.name)
    with part.writing(offset=0, version=None, whole=len(page.body)) as writer:
        writer.write(page.body)
    came = Came(page.name, asked_ns, page.version, page.resume, page.gaps, skew_ns=page.skew_ns)
    return landing.deliver(part, came, known_ns=world.now_ns())
