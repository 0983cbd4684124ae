"""The words in which a command says what holding and trading cost: a catalog's corporate actions, a file of terms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Actions = Annotated[
    Path | None, typer.Option("--actions", help="Catalog whose splits, dividends, mergers, delistings positions meet.")
]
Terms = Annotated[
    Path | None, typer.Option("--terms", help="TOML of what trading and holding cost: tables costs, carry.")
]


def read_holding(actions: Path | None, terms: Path | None) -> dict[str, Any]:
    """The arguments of a run that the two options stand for; without them none."""
    from hedgerow.engine.terms import terms_of
    from hedgerow.market.catalog import Catalog

    told = {} if terms is None else terms_of(terms)
    return told if actions is None else told | {"actions": Catalog(actions).actions()}
