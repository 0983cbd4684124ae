"""The simulated exchange: who trades there, what they send in which protocol, and the log of what it did.

The matching itself is in Rust (`crates/hedgerow-sim/src/exchange`) and knows neither sockets nor clocks nor files.
"""

from hedgerow.execution.venues.control import ask_control
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.serving import Server
from hedgerow.execution.venues.settings import Listing, Participant, VenueSettings, read_settings
from hedgerow.execution.venues.venue_log import read_log

__all__ = ["Listing", "Participant", "Server", "Venue", "VenueSettings", "ask_control", "read_log", "read_settings"]
