"""What became of the orders of a run: the states they ended in, and the rules that denied some.

Promises: every denial stands under the rule that spoke first, with its remedy and the record that holds it. Never: a
denial left out because another rule denied more.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import error_table
from hedgerow.core.verdicts import DENIED
from hedgerow.engine.result import verdict_message
from hedgerow.engine.tearsheet.markup import Markup, counted, percent, table, tag

if TYPE_CHECKING:
    from hedgerow.engine.result import Result


def orders_table(result: Result) -> Markup:
    """Orders by the state they ended in."""
    orders = result.orders
    if not len(orders):
        return tag("p", "No order was made.")
    states, firsts, counts = np.unique(orders["state"], return_index=True, return_counts=True)
    rows = [
        [states[n], f"{counts[n]:,}", percent(counts[n] / len(orders), 1), int(orders["id"].iloc[firsts[n]])]
        for n in np.argsort(-counts, kind="stable").tolist()
    ]
    caption = f"{counted(len(orders), 'order')} by the state they ended in"
    return table(caption, ["", "Orders", "Share", "First record"], rows)


def denied_table(result: Result) -> Markup:
    """Denials by the rule that spoke first: how many, the first of them, what to do."""
    verdicts = result.records("Verdict")
    denied = verdicts[verdicts["decision"] == DENIED]
    if not len(denied):
        return tag("p", "The gate denied no order.")
    rows = []
    by_number = {row.number: row for row in error_table()}
    codes, firsts, counts = np.unique(denied["code"], return_index=True, return_counts=True)
    for place in np.argsort(-counts, kind="stable").tolist():
        code, example = by_number[int(codes[place])], denied[firsts[place]]
        sentence = verdict_message(example).removeprefix(f"{code.code} ").removesuffix(f"; {code.remedy}")
        order = int(example["order_id"])
        record = f"order {order}" if result.info.log is None else why_command(result, int(example["id"]))
        rows.append([code.code, f"{counts[place]:,}", sentence, code.remedy, record])
    heads = ["Rule", "Denied", "The first of them", "What to do", "Record"]
    caption = f"{counted(len(denied), 'order')} denied before they left, of {counted(len(verdicts), 'verdict')}"
    return table(caption, heads, rows, words=[2, 3, 4], class_="prose")


def why_command(result: Result, record: int) -> Markup:
    """The command that walks from a record to its causes."""
    return tag("code", f"hedgerow why {record} --log {shlex.quote(str(result.info.log))}")
