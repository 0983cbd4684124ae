"""A feed as it runs: once, or whenever its schedule says so.

Promises: one writer a feed; each pass opens and closes its connection; what is due while a pass runs is not asked for
twice. Never: reads a clock or sleeps but through the world that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.feeds.fetching import Ran, Tell, network_errors, pass_over_files
from hedgerow.market.feeds.landing import Came, Landing
from hedgerow.market.feeds.polling import pass_over_pages
from hedgerow.market.feeds.spec import Spec
from hedgerow.market.feeds.streaming import record
from hedgerow.market.feeds.transport import Files, Pages, World

SLEEP_S_MAX = 1.0
"""How long the end of a run may be overslept."""


def quiet(name: str, so_far: int, whole: int | None) -> None:
    """Tell nobody."""


def run_once(spec: Spec, folder: Path, world: World, tell: Tell = quiet) -> Ran:
    """Ask once and deliver what is new; a failure that ends the pass is in the record and among `errors`.

    folder: the landing folder, below which the feed has one of its name.
    """
    if spec.transport.shape == "stream":
        raise problem("CLI_USAGE", f"{spec.name} is a stream, which cannot be asked once: say --for SECONDS")
    with Landing.opened(folder, spec) as landing:
        return _pass(landing, world, tell)


def run_until(
    spec: Spec, folder: Path, world: World, until_ns: int | None, tell: Tell = quiet, waiting: Waiting | None = None
) -> Iterator[Ran]:
    """Ask now and whenever the schedule says so, until a moment (`None`: for ever); each pass as it ends.

    A stream is recorded all the time, and each of its segments is a pass. waiting: told until when nothing is done.
    """
    with Landing.opened(folder, spec) as landing:
        if spec.transport.shape == "stream":
            yield from record(landing, world, until_ns, tell)
            return
        while True:
            yield _pass(landing, world, tell)
            due_ns = spec.schedule.next_ns(world.now_ns())
            if waiting is not None:
                waiting(due_ns)
            end_ns = due_ns if until_ns is None else min(due_ns, until_ns)
            while (left_ns := end_ns - world.now_ns()) > 0:
                world.sleep(min(SLEEP_S_MAX, left_ns / 1e9))
            if until_ns is not None and until_ns <= due_ns:
                return


Waiting = Callable[[int], None]


def _pass(landing: Landing, world: World, tell: Tell) -> Ran:
    asked_ns = world.now_ns()
    try:
        ran = _opened_pass(landing, world, tell)
    except HedgerowError as error:
        row = landing.failed(Came(landing.spec.name, asked_ns), error, known_ns=world.now_ns())
        ran = Ran(rows=[row], errors=[error])
    landing.asked(asked_ns, (row.name for row in ran.rows if row.kind == "failed"))
    return ran


def _opened_pass(landing: Landing, world: World, tell: Tell) -> Ran:
    spec = landing.spec
    with network_errors(spec.transport.origin):
        opened = spec.transport.open(world, lambda: spec.wanted(world.now_ns(), landing.record.names))
        try:
            if spec.transport.shape == "files":
                return pass_over_files(landing, cast(Files, opened), world, tell)
            return pass_over_pages(landing, cast(Pages, opened), world, tell)
        finally:
            opened.close()
