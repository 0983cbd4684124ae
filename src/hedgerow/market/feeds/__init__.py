"""Feeds: what comes from vendors and venues, whole, once, and with the time at which we knew it.

`read_spec` reads a feed's specification; `run_once` and `run_until` ask the other side and deliver files, or recordings
of messages, into a landing folder with a record of every delivery; `feed_status` says what is late, missing, twice or
out of line. Turning delivered files into rows is the readers' work.
"""

from hedgerow.market.feeds.running import run_once, run_until
from hedgerow.market.feeds.spec import Spec, read_spec
from hedgerow.market.feeds.status import Status, feed_status, last_specs
from hedgerow.market.feeds.transport import World

__all__ = ["Spec", "Status", "World", "feed_status", "last_specs", "read_spec", "run_once", "run_until"]
