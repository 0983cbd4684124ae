"""Bars or books that many processes read at once: written to files once, mapped for reading by each, so that memory
holds them once however many processes there are.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.market.bars import Bars
from hedgerow.market.replay import Books, Piece

_REST, _BOOKS = "bars.pickle", "books.pickle"
_WORDS = 4


def share(data: Bars | Books, folder: Path) -> None:
    """Write bars or books into an empty folder of our own."""
    if isinstance(data, Books):
        _share_books(data, folder)
    else:
        _share_bars(data, folder)


def _share_books(books: Books, folder: Path) -> None:
    """One pass over the pieces, whatever made them; their ends are kept, so that a piece stays a piece."""
    ends, rows = [], 0
    with (folder / "kinds").open("wb") as kinds, (folder / "words").open("wb") as words:
        for kind, piece in books.pieces():
            np.ascontiguousarray(kind, dtype=np.uint8).tofile(kinds)
            np.ascontiguousarray(piece, dtype="<u8").tofile(words)
            rows += len(kind)
            ends.append(rows)
    told = (books.instruments, books.shown, books.start_ns, books.end_ns, books.notes)
    (folder / _BOOKS).write_bytes(pickle.dumps((told, ends)))


def _attach_books(folder: Path) -> Books:
    (instruments, shown, start_ns, end_ns, notes), ends = pickle.loads((folder / _BOOKS).read_bytes())
    kinds = np.memmap(folder / "kinds", dtype=np.uint8, mode="r")
    words = np.memmap(folder / "words", dtype="<u8", mode="r").reshape(-1, _WORDS)

    def pieces() -> list[Piece]:
        return [(kinds[start:end], words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]

    return Books(instruments, shown, pieces, start_ns, end_ns, ends[-1], notes)


def _share_bars(bars: Bars, folder: Path) -> None:
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


def attach(folder: Path) -> Bars | Books:
    """What `share` wrote, over the memory of its files."""
    if (folder / _BOOKS).exists():
        return _attach_books(folder)
    rest: dict[str, Any] = pickle.loads((folder / _REST).read_bytes())
    mapped: dict[str, Any] = {}
    for file, length in rest["columns"].values():
        if file not in mapped:
            column = np.load(folder / file, mmap_mode="r", allow_pickle=False)
            mapped[file] = column if len(column) == length else np.broadcast_to(column, length)
    columns = {name: mapped[file] for name, (file, _) in rest["columns"].items()}
    return Bars(**columns, instruments=rest["instruments"], source=rest["source"], notes=rest["notes"])
