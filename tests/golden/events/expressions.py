"""Expressions with votes, and an obvious judge: it gives every human every seat they could take, and counts.

Promises: the judge knows nothing of matchings. Never: fast.
"""

from __future__ import annotations

from itertools import product
from typing import Any

TEXTS = (
    "risk 1",
    "risk 2 of 3",
    'person "Ada Lovelace"',
    "all(risk 2 of 3, fund_manager 1)",
    'any(all(risk 1, fund_manager 1), person "Zoë \\"Z\\" O’Hara")',
    "2 of (risk 1, fund_manager 1, compliance 1)",
    'all(2 of (risk 1, compliance 1, legal 1), any(fund_manager 2, all(fund_manager 1, person "bob")))',
)
VOTES: tuple[list[tuple[str, str]], ...] = (
    [],
    [("ada", "risk"), ("ada", "fund_manager")],
    [("ada", "risk"), ("bob", "risk"), ("ada", "fund_manager"), ("bob", "fund_manager")],
    [("ada", "risk"), ("bob", "fund_manager"), ("cyd", "compliance"), ("dan", "legal")],
    [("cyd", "compliance"), ("cyd", "risk"), ("dan", "risk"), ("bob", "fund_manager"), ("eve", "fund_manager")],
    [("Ada Lovelace", "anything"), ('Zoë "Z" O’Hara', "risk"), ("bob", "fund_manager"), ("bob", "legal")],
)


def leaves(expression: dict[str, Any]) -> list[dict[str, Any]]:
    """The roles and people of an expression, in order of reading."""
    groups = expression.get("all") or expression.get("any") or (expression.get("of") if "k" in expression else None)
    return [expression] if groups is None else [leaf for group in groups for leaf in leaves(group)]


def holds(expression: dict[str, Any], given: list[int]) -> bool:
    """Whether so many humans at each leaf satisfy it; takes them from the list as it reads."""
    if "role" in expression or "person" in expression:
        return given.pop(0) >= int(expression.get("count", 1))
    groups = expression.get("all") or expression.get("any") or expression["of"]
    met = [holds(group, given) for group in groups]
    return sum(met) >= (len(met) if "all" in expression else 1 if "any" in expression else expression["k"])


def is_satisfied(expression: dict[str, Any], votes: list[tuple[str, str]]) -> bool:
    """Whether some way to seat every human once satisfies it."""
    seats = leaves(expression)
    humans = sorted({human for human, _ in votes})

    def may(human: str, leaf: dict[str, Any]) -> bool:
        return leaf.get("person") == human or (human, leaf.get("role")) in votes

    choices = [[None, *(i for i, leaf in enumerate(seats) if may(human, leaf))] for human in humans]
    return any(holds(expression, [taken.count(i) for i in range(len(seats))]) for taken in product(*choices))
