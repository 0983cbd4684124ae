"""What orders say beside side, size and limit, as columns beside their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.engine.table_columns import text

if TYPE_CHECKING:
    from hedgerow.engine.run_data import RunData

PEGS = ("", "primary", "midpoint", "market")
"""What the price of a pegged order follows, by number."""


def terms_columns(data: RunData, orders: Any, terms: Any) -> dict[str, Any]:
    """Stop price, what is shown, and what is followed, of each order; its terms are the record right before it."""
    import pandas as pd

    said = pd.DataFrame(
        {name: terms[name] for name in ("stop_ticks", "display_lots", "peg", "offset_ticks")}, index=terms["id"] + 1
    )
    stops, shown, pegs, offsets = said.reindex(orders["id"], fill_value=0).to_numpy().T
    instrument = orders["instrument"]
    return {
        "stop": np.where(stops > 0, data.prices(instrument, stops), np.nan),
        "display": np.where(shown > 0, data.quantities(instrument, shown), np.nan),
        "peg": text(np.array([followed(peg, offset) for peg, offset in zip(pegs, offsets, strict=True)], dtype=object)),
    }


def followed(peg: int, offset_ticks: int) -> str:
    """What a price follows, in words.

    >>> followed(1, 0), followed(2, -1), followed(0, 0)
    ('primary', 'midpoint -1', '')
    """
    return PEGS[peg] + (f" {offset_ticks:+d}" if offset_ticks else "")


def shown_and_followed(terms: Any, shown: float) -> str:
    """How much an order shows of itself (0: all), and what it follows, in words; nothing where it does neither."""
    part = f" showing {shown:,g} at a time" if shown else ""
    return part + (f" pegged to {followed(int(terms['peg']), int(terms['offset_ticks']))}" if terms["peg"] else "")
