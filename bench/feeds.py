"""Feeds: a file delivered, messages recorded, and recordings read into rows, each beside the least that it must do.

Promises: the floor does the same input in the same run: a copy with its digest, the same lines written and synced, the
same messages parsed as JSON. A delivery or a row too few, and there is no speed.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure

FILE_BYTES, MESSAGES, BATCH = 128 << 20, 100_000, 100
START_NS = 1_795_867_200_000_000_000


def measure(*, runs: int) -> Iterator[Figure]:
    """Seconds of a file, nanoseconds of a message."""
    from hedgerow.market.feeds import World, run_once
    from hedgerow.market.feeds.landing import Landing
    from hedgerow.market.feeds.recording import Recording, Segments
    from hedgerow.market.feeds.spec import parse_spec
    from hedgerow.market.feeds.transport import Received
    from hedgerow.market.formats.registry import opened, parts, read_rows
    from hedgerow.market.reading import Reading

    runs, world = min(runs, 5), World(time.time_ns, time.sleep, {})
    with tempfile.TemporaryDirectory() as where:
        here = Path(where)
        (here / "drop").mkdir()
        big = here / "drop" / "big.bin"
        big.write_bytes(os.urandom(1 << 20) * (FILE_BYTES >> 20))
        text = f'name = "f"\nvendor = "v"\nformat = "x"\n[transport]\nkind = "folder"\npath = "{here / "drop"}"\n'
        spec = parse_spec(f'{text}[limits]\ndisk_free_bytes_min = "0"\n'.encode(), "bench")
        messages = [_trade(number) for number in range(MESSAGES)]
        batches = [messages[at : at + BATCH] for at in range(0, MESSAGES, BATCH)]
        recorded = here / "recorded.txt"
        recorded.write_text("".join(f"{START_NS + number} {text}\n" for number, text in enumerate(messages)))

        def deliver(number: int) -> bool:
            return run_once(spec, here / f"landing{number}", world).count("new") == 1

        def record(number: int) -> bool:
            with Landing.opened(here / f"recording{number}", spec) as landing:
                recording = Recording(landing, Segments("lines", 3600.0, 1 << 40, 1.0), world)
                for batch in batches:
                    recording.take(Received(START_NS, batch))
                return recording.end()[0].rows == MESSAGES

        def read(_: int) -> bool:
            ((file, form),) = parts(opened(recorded))
            return sum(int(rows.table.num_rows) for rows in read_rows(file, form, Reading())) == MESSAGES

        def parse(_: int) -> bool:
            with recorded.open("rb") as lines:
                return sum("e" in json.loads(line[20:]) for line in lines) == MESSAGES

        about = f"{FILE_BYTES >> 20} MiB"
        yield _figure("feeds.deliver", deliver, lambda number: _copy(big, here / f"copy{number}"), runs, 1, "s", about)
        plain = [f"{START_NS} {text}\n".encode() for text in messages]
        about = f"{MESSAGES:,} messages, {BATCH} together"
        floor = lambda number: _write(plain, here / f"plain{number}")  # noqa: E731
        yield _figure("feeds.record", record, floor, runs, MESSAGES, "ns/message", about)
        yield _figure("feeds.rows", read, parse, runs, MESSAGES, "ns/message", f"{MESSAGES:,} trades of Binance")


def _figure(
    name: str, ours: Callable[[int], bool], floor: Callable[[int], bool], runs: int, count: int, unit: str, about: str
) -> Figure:
    """Both in turn; their medians, for one of so many."""
    took: dict[str, list[float]] = {"ours": [], "floor": []}
    right = True
    for number in range(runs):
        for who, job in (("ours", ours), ("floor", floor)):
            start = time.perf_counter()
            right &= job(number)
            took[who].append(time.perf_counter() - start)
    scale = 1.0 if unit == "s" else 1e9 / count
    own, theirs = (statistics.median(times) * scale for times in took.values())
    return Figure(name, own if right else None, unit, "floor", theirs, note=f"{about}, runs {runs}", wrong=not right)


def _copy(source: Path, target: Path) -> bool:
    """The floor of a delivery: the bytes on disk, and their digest."""
    sums = hashlib.sha256()
    with source.open("rb") as come, target.open("wb") as go:
        while chunk := come.read(1 << 16):
            go.write(chunk)
            sums.update(chunk)
        go.flush()
        os.fsync(go.fileno())
    return bool(sums.digest())


def _write(lines: list[bytes], target: Path) -> bool:
    """The floor of a recording: the same lines on disk."""
    with target.open("wb") as file:
        for at in range(0, len(lines), BATCH):
            file.write(b"".join(lines[at : at + BATCH]))
        file.flush()
        os.fsync(file.fileno())
    return True


def _trade(number: int) -> str:
    told = {
        "e": "trade",
        "E": 1795867200010 + number,
        "s": "BTCUSDT",
        "t": number,
        "p": f"{91234.5 + number / 100:.2f}",
    }
    return json.dumps(told | {"q": "0.25", "T": 1795867200009 + number, "m": number % 2 == 0})
