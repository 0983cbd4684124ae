"""Instruments as a run's settings state them, before any price is known."""

from __future__ import annotations

from typing import Any

from hedgerow.engine.live.venue_settings import LiveSettings
from hedgerow.engine.run_data import instrument_fields


class Stated:
    """The instruments of a run before any price is known; what opening a fund asks of its data."""

    def __init__(self, settings: LiveSettings, start_ns: int) -> None:
        self.instruments, self.start_ns = settings.instruments, start_ns
        self.symbols = tuple(one.symbol for one in settings.instruments)

    def core_fields(self, index: int, sector: int, *, estimate: bool) -> tuple[Any, ...]:
        """As stated: nothing is estimated."""
        one = self.instruments[index]
        return instrument_fields(one, sector, one.sigma, one.adv_lots)
