"""Options of the form NAME=VALUE, as `--limit capital=1000000`; anything else is a usage error that says the form."""

from __future__ import annotations

from collections.abc import Iterable

from hedgerow.core.errors import problem


def pairs(option: str, words: Iterable[str]) -> dict[str, str]:
    """The words as a mapping.

    >>> pairs("--limit", ["capital=1000000", "collar_bps=300"])
    {'capital': '1000000', 'collar_bps': '300'}
    """
    parsed: dict[str, str] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not name or not value:
            raise problem("CLI_USAGE", f"{option} {word!r} is not of the form NAME=VALUE")
        if name in parsed:
            raise problem("CLI_USAGE", f"{option} names {name!r} twice")
        parsed[name] = value
    return parsed


def listed(words: Iterable[str]) -> list[str]:
    """Values given one by one or separated by commas, in order.

    >>> listed(["AAPL,MSFT", "KO"])
    ['AAPL', 'MSFT', 'KO']
    """
    return [part.strip() for word in words for part in word.split(",") if part.strip()]
