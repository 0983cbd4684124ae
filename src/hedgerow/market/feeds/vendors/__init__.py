"""Vendors that a specification can name: what each has, which extra it needs, and the transport that asks it.

`vendor = "binance"` with `symbols` and `kinds` is a whole specification: addresses, paging and rate limits are known
here, or to ccxt. Promises: every answer is delivered with the vendor's own bytes beside the rows that they hold, when
it was asked for and when it came. Never: sends a secret that the specification did not name.
"""

from hedgerow.market.feeds.vendors.known import Vendor, read_vendor, vendors

__all__ = ["Vendor", "read_vendor", "vendors"]
