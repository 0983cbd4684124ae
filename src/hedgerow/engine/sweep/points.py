"""Where a sweep goes: every combination of parameters, windows of time and universes, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from hedgerow.core.errors import problem
from hedgerow.market.bars import Bars
from hedgerow.market.replay import Books

Grid: TypeAlias = Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]
Window: TypeAlias = Sequence[Any]
Where: TypeAlias = Callable[..., bool]
POINTS_MAX = 10_000_000
"""More is a slip of a colon: nobody waits for ten million backtests."""


@dataclass(frozen=True)
class Slice:
    """What a variant runs on: a window of time (`None` = all of it) and a universe (`None` = all instruments)."""

    window: tuple[Any, Any] | None = None
    universe: str | None = None
    symbols: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The window as people write it: `2010-01-01..2011-12-31`, empty if it is all there is."""
        return "" if self.window is None else "..".join("" if end is None else str(end) for end in self.window)

    def of(self, bars: Bars | Books) -> Bars | Books:
        """These bars of all; DATA_EMPTY where there are none. Books are whole."""
        if isinstance(bars, Books):
            return bars
        chosen = bars if self.symbols is None else bars.select(self.symbols)
        return chosen if self.window is None else chosen.slice(*self.window)


@dataclass(frozen=True)
class Point:
    """One variant: its place in the sweep, its parameters, and what it runs on."""

    number: int
    parameters: dict[str, Any]
    slice: Slice


def points_of(
    grid: Grid,
    windows: Iterable[Window] | None = None,
    universes: Mapping[str, Iterable[str]] | None = None,
    where: Where | None = None,
) -> list[Point]:
    """Every variant in order: universes outermost, then windows, then parameters, the last name running fastest.

    grid: values by parameter name, or the parameters of each variant. where: called with the parameters; false leaves
    a variant out. Raises RUN_CONFIG for an empty grid, for values that repeat, and beyond ten million variants.

    >>> points = points_of({"fast": [1, 2], "slow": [2, 3]}, where=lambda fast, slow: fast < slow)
    >>> [point.parameters for point in points]
    [{'fast': 1, 'slow': 2}, {'fast': 1, 'slow': 3}, {'fast': 2, 'slow': 3}]
    """
    combinations = _by_name(grid) if isinstance(grid, Mapping) else [dict(parameters) for parameters in grid]
    chosen = [parameters for parameters in combinations if where is None or where(**parameters)]
    slices = [
        Slice(window, universe, symbols) for universe, symbols in _universes(universes) for window in _windows(windows)
    ]
    _check(len(chosen) * len(slices))
    repeated = {repr(sorted(parameters.items())) for parameters in chosen}
    if len(repeated) < len(chosen):
        raise problem("RUN_CONFIG", f"{len(chosen) - len(repeated)} combinations of the grid repeat; leave them out")
    return [Point(number, parameters, part) for number, (part, parameters) in enumerate(product(slices, chosen))]


def _by_name(grid: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    values = {name: [values] if isinstance(values, str) else list(values) for name, values in grid.items()}
    for name, given in values.items():
        if not given:
            raise problem("RUN_CONFIG", f"grid: {name} has no values")
    count = 1
    for given in values.values():
        count *= len(given)
    _check(count)
    return [dict(zip(values, combination, strict=True)) for combination in product(*values.values())]


def _check(count: int) -> None:
    if count == 0:
        raise problem("RUN_CONFIG", "the sweep has no variant; give values, and a `where` that leaves some")
    if count > POINTS_MAX:
        raise problem("RUN_CONFIG", f"the sweep has {count:,} variants, at most {POINTS_MAX:,}; use a coarser grid")


def _windows(windows: Iterable[Window] | None) -> list[tuple[Any, Any] | None]:
    if windows is None:
        return [None]
    told: list[tuple[Any, Any] | None] = []
    for window in windows:
        if isinstance(window, str) or len(window) != 2:
            raise problem("RUN_CONFIG", f"window {window!r}; give (from, to), either of them None for no bound")
        start, end = window
        told.append((start, end))
    if not told or len(set(map(str, told))) < len(told):
        raise problem("RUN_CONFIG", f"{len(told)} windows; give at least one, and each once")
    return told


def _universes(universes: Mapping[str, Iterable[str]] | None) -> list[tuple[str | None, tuple[str, ...] | None]]:
    if universes is None:
        return [(None, None)]
    told = [(name, (symbols,) if isinstance(symbols, str) else tuple(symbols)) for name, symbols in universes.items()]
    if not told or not all(symbols for _, symbols in told):
        raise problem("RUN_CONFIG", "a universe without symbols; give a name and its symbols")
    return [*told]
