"""The option that names a device's age identity, wherever a command opens what is sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        envvar="HEDGEROW_IDENTITY",
        help="Age identity file that opens what is sealed; also tried: identity.age, keys/*.age in the folder.",
    ),
]
