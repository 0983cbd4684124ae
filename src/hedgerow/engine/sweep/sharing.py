"""Bars that many processes read at once: written to files once, mapped for reading by each, so that memory holds them
once however many processes there are.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.market.bars import Bars

_REST = "bars.pickle"


def share(bars: Bars, folder: Path) -> None:
    """Write bars into an empty folder of our own."""
    files: dict[int, str] = {}  # columns that are one array stay one array
    places: dict[str, tuple[str, int]] = {}
    for name, column in bars.columns().items():
        if id(column) not in files:
            files[id(column)] = f"{name}.npy"
            # A column that repeats one value lies in memory once, and in its file too.
            repeats = column.strides == (0,) and len(column) > 1
            np.save(folder / files[id(column)], column[:1] if repeats else column, allow_pickle=False)
        places[name] = (files[id(column)], len(column))
    rest = {"columns": places, "instruments": bars.instruments, "source": bars.source, "notes": bars.notes}
    (folder / _REST).write_bytes(pickle.dumps(rest))


def attach(folder: Path) -> Bars:
    """The bars that `share` wrote, over the memory of its files."""
    rest: dict[str, Any] = pickle.loads((folder / _REST).read_bytes())
    mapped: dict[str, Any] = {}
    for file, length in rest["columns"].values():
        if file not in mapped:
            column = np.load(folder / file, mmap_mode="r", allow_pickle=False)
            mapped[file] = column if len(column) == length else np.broadcast_to(column, length)
    columns = {name: mapped[file] for name, (file, _) in rest["columns"].items()}
    return Bars(**columns, instruments=rest["instruments"], source=rest["source"], notes=rest["notes"])
