"""The smallest exchange, one instrument and one participant: what unit tests of the exchange share."""

from __future__ import annotations

from pathlib import Path

from hedgerow.execution.venues import Venue, read_settings

SETTINGS = """[venue]
name = "V"
folder = "v"
[[instrument]]
symbol = "ABC"
reference = "10.00"
[[participant]]
name = "A"
"""


def venue(folder: Path, more: str = "") -> Venue:
    """An exchange in a folder; `more` are further tables of its settings."""
    path = folder / "venue.toml"
    path.write_text(SETTINGS + more)
    return Venue(read_settings(path))
