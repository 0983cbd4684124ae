"""Who must sign, in text that people write and in the JSON that they sign.

`risk 2` is two humans of the role risk; `risk 2 of 3` says that the roster must hold at least three of them;
`person "Ada"` is one human; `all(...)`, `any(...)` and `2 of (...)` are groups of these and of further groups. One
human fills one seat of the whole.

Promises: what is printed reads back as the same expression. Never: decides whether it is met; the core does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hedgerow.core.errors import HedgerowError, problem

Expression = Mapping[str, Any]
"""`{"role","count"[,"of"]}`, `{"person"}`, `{"all":[...]}`, `{"any":[...]}` or `{"k","of":[...]}`."""

_TOKENS = re.compile(r'\s*([a-z][a-z0-9_]*|[0-9]+|"(?:[^"\\]|\\.)*"|[(),])')


def expression(given: Expression | str) -> dict[str, Any]:
    """Read an expression from its text; JSON is taken as it is. Raises GOV_BAD_BODY with the place.

    >>> expression("all(risk 2 of 3, fund_manager 1)")
    {'all': [{'role': 'risk', 'count': 2, 'of': 3}, {'role': 'fund_manager', 'count': 1}]}
    >>> expression('any(person "Ada Lovelace", 2 of (risk 1, compliance 1, fund_manager 1))')["any"][0]
    {'person': 'Ada Lovelace'}
    """
    if not isinstance(given, str):
        return dict(given)
    reader = _Reader(given)
    whole = reader.group()
    if reader.word() is not None:
        raise reader.wrong("the end")
    return whole


def expression_text(given: Expression) -> str:
    """Print an expression as people write it.

    >>> expression_text({"k": 2, "of": [{"role": "risk", "count": 1}, {"person": "Ada"}]})
    '2 of (risk 1, person "Ada")'
    """
    if "role" in given:
        demanded = f" of {given['of']}" if "of" in given else ""
        return f"{given['role']} {given['count']}{demanded}"
    if "person" in given:
        return f"person {json.dumps(given['person'], ensure_ascii=False)}"
    word, groups = next((w, given[w]) for w in ("all", "any", "of") if w in given)
    inner = ", ".join(expression_text(group) for group in groups)
    return f"{given['k']} of ({inner})" if word == "of" else f"{word}({inner})"


class _Reader:
    """Reads the text from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def word(self) -> str | None:
        """The word that comes, without taking it; None at the end."""
        if not self.text[self.at :].strip():
            return None
        found = _TOKENS.match(self.text, self.at)
        if found is None:
            raise self.wrong("a role, a number, a name in quotes or a bracket")
        return found[1]

    def take(self, wanted: str | None = None) -> str:
        """Take the word that comes; it must be the wanted one, if one is."""
        word = self.word()
        if word is None or (wanted is not None and word != wanted):
            raise self.wrong(repr(wanted) if wanted else "more")
        self.at = _TOKENS.match(self.text, self.at).end()  # type: ignore[union-attr]
        return word

    def number(self) -> int:
        """Take a number."""
        word = self.word()
        if word is None or not word.isdigit():
            raise self.wrong("a number")
        return int(self.take())

    def group(self) -> dict[str, Any]:
        """One expression."""
        word = self.take()
        if word.isdigit():
            self.take("of")
            return {"k": int(word), "of": self.groups()}
        if word in ("all", "any") and self.word() == "(":
            return {word: self.groups()}
        if word == "person" and (self.word() or "").startswith('"'):
            return {"person": json.loads(self.take())}
        if not word[0].isalpha():
            raise self.wrong("a role such as risk")
        leaf: dict[str, Any] = {"role": word, "count": self.number()}
        if self.word() == "of":
            self.take()
            leaf["of"] = self.number()
        return leaf

    def groups(self) -> list[dict[str, Any]]:
        """Expressions in brackets."""
        self.take("(")
        groups = [self.group()]
        while self.word() == ",":
            self.take()
            groups.append(self.group())
        self.take(")")
        return groups

    def wrong(self, wanted: str) -> HedgerowError:
        """The error at the place reached."""
        seen = self.text[self.at :].strip()[:20] or "the end"
        return problem("GOV_BAD_BODY", f"expression {self.text!r}: {seen!r} stands where {wanted} belongs")
