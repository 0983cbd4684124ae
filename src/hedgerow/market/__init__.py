"""Market data: what prices were, and when we knew them.

`Instrument` says what can be traded and in which ticks and lots; `Bars` holds checked observations in exact integers;
`Catalog` keeps them on disk with the time each became known; `quality_report` looks for gaps, spikes and stale prices.
Prices that cannot be believed are refused with the row that is wrong; nothing here repairs data silently.
"""

from hedgerow.market.bars import Bars
from hedgerow.market.catalog import Catalog
from hedgerow.market.instruments import Instrument
from hedgerow.market.quality import quality_report
from hedgerow.market.sources import skfolio_factors, skfolio_sp500

__all__ = ["Bars", "Catalog", "Instrument", "quality_report", "skfolio_factors", "skfolio_sp500"]
