"""Finds a strategy in a file of the user's, and reads its settings from the command line."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.engine.strategy import Strategy


def is_opaque(place: str) -> bool:
    """Whether a place names an opaque strategy: a module, a native program, a package's folder or a sealed file."""
    from hedgerow.governance.artifacts.forms import is_artifact

    return is_artifact(Path(place))


def load_strategy(place: str, settings: dict[str, Any], identity: Path | None = None) -> Strategy:
    """Make the strategy named `FILE.py:Class`; without a class, the only one in the file; or an opaque one.

    identity: file of the age identity that opens a sealed one. Raises CLI_USAGE if there is no such file or class. What
    the file itself raises comes out as it is.
    """
    if is_opaque(place):
        from hedgerow.engine.jailed import JailedStrategy

        return JailedStrategy(place, identity=identity, **settings)
    return load_class(place)(**settings)


def load_class(place: str) -> type[Strategy]:
    """The strategy's class that `FILE.py:Class` names; without a class, the only one in the file.

    Raises CLI_USAGE if there is no such file or class. What the file itself raises comes out as it is.
    """
    file, _, name = place.partition(":")
    path = Path(file)
    if not path.is_file():
        raise problem("CLI_USAGE", f"no file {file!r}; give FILE.py:Class")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise problem("CLI_USAGE", f"{file!r} is no Python file; give FILE.py:Class")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    found = {
        word: value
        for word, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module.__name__
    }
    if not name and len(found) == 1:
        name = next(iter(found))
    if name not in found:
        known = ", ".join(found) or "none"
        raise problem(
            "CLI_USAGE", f"no strategy {name!r} in {file}; strategies there: {known}{did_you_mean(name, found)}"
        )
    return found[name]


def read_settings(words: list[str]) -> dict[str, Any]:
    """Read `name=value` words; values are Python literals, or text.

    >>> read_settings(["fast=20", "kind=ema"])
    {'fast': 20, 'kind': 'ema'}
    """
    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise problem("CLI_USAGE", f"--set {word!r}; write name=value")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings
