"""Messages of crypto venues as exact events: books of prices, best prices, trades.

`recorded(path)` gives the messages of a recording with the time each was received; `binance`, `bybit`, `kraken` and
`okx` read one message each, with prices and sizes as whole ticks and lots; `follow` keeps a book by the venue's rule.
Never: a float between the venue's text and a tick, or a book that goes on after a gap.
"""

from hedgerow.market.venues.following import Checksum, follow
from hedgerow.market.venues.messages import Message, Stepped, Steps, finest
from hedgerow.market.venues.recordings import Received, recorded

__all__ = ["Checksum", "Message", "Received", "Stepped", "Steps", "finest", "follow", "recorded"]
