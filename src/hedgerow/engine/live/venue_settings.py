"""What a run at a venue elsewhere is told, from one TOML file.

Promises: every key is known, or named with the nearest one; paths are relative to the file; what is dangerous is said
in so many words: `live` needs the governance folder whose people signed for the strategy. Never: a default venue.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.market.instruments import Instrument

Mode = Literal["paper", "live"]
_RUN = ("strategy", "name", "folder", "cash", "currency", "seed", "mandate", "on_restart", "depth")
_VENUE = ("host", "port", "sender", "target", "heartbeat_s")
_INSTRUMENT = ("symbol", "currency", "tick", "lot", "multiplier", "lots_min", "lots_step", "sector")


@dataclass(frozen=True)
class LiveSettings:
    """A run: which strategy, under whose authority, with how much, at which venue.

    on_restart: what becomes of orders that an earlier life of the run left working, once the venue has said what they
    are: `cancel` or `keep`.
    """

    strategy: str
    name: str | None
    config: Mapping[str, Any]
    log: Path
    host: str
    port: int
    sender: str
    target: str
    instruments: tuple[Instrument, ...]
    cash: Decimal = Decimal(1_000_000)
    currency: str = "USD"
    seed: int = 7
    mandate: Path | None = None
    on_restart: Literal["cancel", "keep"] = "cancel"
    depth: int = 10
    heartbeat_s: int = 30
    mode: Mode = field(default="paper")

    @classmethod
    def read(cls, path: Path, mode: Mode) -> LiveSettings:
        """From a file. RUN_CONFIG names what cannot be meant."""
        found = _read(path, mode)
        if mode == "live" and found.mandate is None:
            raise problem("RUN_CONFIG", f"{path}: live trades only what people signed: mandate = GOVERNANCE FOLDER")
        return found

    @classmethod
    def of(cls, told: dict[str, Any], here: Path, mode: Mode) -> LiveSettings:
        """From the tables of a file in a folder."""
        _known("the file", told, ("run", "config", "venue", "instrument"))
        run, venue = told["run"], told["venue"]
        _known("[run]", run, _RUN)
        _known("[venue]", venue, _VENUE)
        if run.get("on_restart", "cancel") not in ("cancel", "keep"):
            raise ValueError(f"on_restart {run['on_restart']!r} is neither 'cancel' nor 'keep'")
        file, colon, kind = str(run["strategy"]).partition(":")
        for row in told["instrument"]:
            _known("[[instrument]]", row, _INSTRUMENT)
        return cls(
            strategy=f"{here / file}{colon}{kind}",
            name=run.get("name"),
            config=told.get("config", {}),
            log=here / str(run["folder"]),
            host=str(venue["host"]),
            port=int(venue["port"]),
            sender=str(venue["sender"]),
            target=str(venue["target"]),
            instruments=tuple(Instrument(**row) for row in told["instrument"]),
            cash=Decimal(str(run.get("cash", 1_000_000))),
            currency=str(run.get("currency", "USD")),
            seed=int(run.get("seed", 7)),
            mandate=here / str(run["mandate"]) if "mandate" in run else None,
            on_restart=run.get("on_restart", "cancel"),
            depth=int(run.get("depth", 10)),
            heartbeat_s=int(venue.get("heartbeat_s", 30)),
            mode=mode,
        )


def _known(where: str, told: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in told:
        if name not in names:
            raise ValueError(f"{where} has no key {name!r}{did_you_mean(name, names)}")


def _read(path: Path, mode: Mode) -> LiveSettings:
    try:
        return LiveSettings.of(tomllib.loads(path.read_text(encoding="utf-8")), path.resolve().parent, mode)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise problem("RUN_CONFIG", f"{path}: {error}") from None
    except KeyError as error:
        raise problem("RUN_CONFIG", f"{path}: {error.args[0]} is missing") from None
    except (TypeError, ValueError, InvalidOperation, AttributeError) as error:
        if isinstance(error, HedgerowError):
            raise
        raise problem("RUN_CONFIG", f"{path}: {error}") from None


def names_venue(path: Path) -> bool:
    """Whether a file of settings names a venue elsewhere."""
    try:
        return "venue" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
