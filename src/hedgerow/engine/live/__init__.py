"""Runs on a wall clock: over a recording, or at a venue elsewhere."""

from hedgerow.engine.live.outcome import Outcome
from hedgerow.engine.live.paper import Paper, paper
from hedgerow.engine.live.running import LiveRun
from hedgerow.engine.live.settings import PaperSettings, read_settings
from hedgerow.engine.live.venue_settings import LiveSettings, names_venue

__all__ = ["LiveRun", "LiveSettings", "Outcome", "Paper", "PaperSettings", "names_venue", "paper", "read_settings"]
