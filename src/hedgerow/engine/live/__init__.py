"""Runs on a wall clock: what is set, what comes when, and what became of it."""

from hedgerow.engine.live.paper import Paper, paper
from hedgerow.engine.live.settings import PaperSettings, read_settings

__all__ = ["Paper", "PaperSettings", "paper", "read_settings"]
