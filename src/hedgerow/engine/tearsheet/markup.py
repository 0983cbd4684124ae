"""HTML that cannot be broken by what it shows: every text is escaped unless it was made here.

Promises: a name like `<script>` comes out as its letters; the same values give the same bytes; what is not a number is
shown as a dash. Never: a style or script of its own.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

DASH = "–"
VOID = {"meta", "link", "br"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(content: object) -> Markup:
    """Text as HTML; what is HTML already stays as it is.

    >>> escaped("R&D <b>")
    'R&amp;D &lt;b&gt;'
    """
    return content if isinstance(content, Markup) else Markup(html.escape(str(content)))


def joined(parts: Iterable[object], separator: str = "") -> Markup:
    """Parts one after the other, each escaped."""
    return Markup(separator.join(escaped(part) for part in parts))


def tag(name: str, /, *content: object, **attributes: str | bool | None) -> Markup:
    """An element. An attribute that is `None` is left out, `True` stands alone; `class_` is `class`, `_` is `-`.

    >>> tag("td", "<1>", class_="bad", data_x=None)
    '<td class="bad">&lt;1&gt;</td>'
    """
    words = [name]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(attribute)
        elif value is not None and value is not False:
            words.append(f'{attribute}="{html.escape(str(value))}"')
    inside = joined(content)
    return Markup(f"<{' '.join(words)}>" if name in VOID else f"<{' '.join(words)}>{inside}</{name}>")


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]], *, words: Sequence[int] = (), class_: str = ""
) -> Markup:
    """A table whose first column names the row. `words`: columns of text, set from the left. Cells may be `<td>`s."""

    def cell(place: int, content: object) -> Markup:
        if place == 0:
            return tag("th", content, scope="row")
        if isinstance(content, Markup) and content.startswith("<td"):
            return content
        return tag("td", content, class_="words" if place in words else None)

    head = (tag("th", text, scope="col", class_="words" if n in words else None) for n, text in enumerate(heads))
    body = joined((tag("tr", *(cell(n, content) for n, content in enumerate(row))) for row in rows), "\n")
    parts = (tag("caption", caption), tag("thead", tag("tr", *head)), tag("tbody", body))
    return tag("div", tag("table", *parts, class_=class_ or None), class_="scroll")


def script_json(value: Any) -> Markup:
    """A value for a `<script type="application/json">`: no `<` can end the element, NaN is null.

    >>> script_json({"name": "</script>", "x": [1.5, float("nan")]})
    '{"name":"\\\\u003c/script>","x":[1.5,null]}'
    """
    return Markup(json.dumps(_plain(value), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def percent(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """A fraction as a percentage, its sign kept on the same line.

    >>> percent(0.1234), percent(0.05, 1, signed=True), percent(None)
    ('12.34\xa0%', '+5.0\xa0%', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    number = 100 * value if round(100 * value, digits) else 0.0
    return f"{number:{'+' if signed and number else ''},.{digits}f}\N{NO-BREAK SPACE}%"


def number(value: float | None, digits: int = 2) -> str:
    """A number with thousands separated.

    >>> number(1234.5), number(float("nan"))
    ('1,234.50', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value if round(value, digits) else 0.0:,.{digits}f}"


def amount(value: float | None) -> str:
    """Money to the cent, or to more places where a cent would show nothing.

    >>> amount(-1234.567), amount(0.00012), amount(0.0)
    ('-1,234.57', '0.000120', '0.00')
    """
    if value is None or not math.isfinite(value):
        return DASH
    return (
        number(value) if value == 0 or abs(value) >= 0.01 else f"{value:.3g}" if abs(value) < 1e-6 else f"{value:,.6f}"
    )


def quantity(value: float) -> str:
    """Units held or traded, with as many decimals as there are.

    >>> quantity(1200.0), quantity(0.25)
    ('1,200', '0.25')
    """
    text = f"{value:,.9f}"
    return text.rstrip("0").rstrip(".")


def counted(count: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "order"), counted(2000, "order")
    ('1 order', '2,000 orders')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def price(value: float) -> str:
    """A price: seven digits or its two decimals, and no zeros behind them.

    >>> price(181.312011), price(1.23456), price(120.0), price(0.00001234)
    ('181.312', '1.23456', '120.00', '0.00001234')
    """
    places = max(2, 7 - len(f"{abs(value):.0f}")) if abs(value) >= 1 else 9
    text = f"{value:,.{places}f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def coloured(text: str, value: float | None) -> Markup:
    """A table cell, marked where the value is a loss."""
    return tag("td", text, class_="bad" if value is not None and value < 0 else None)
