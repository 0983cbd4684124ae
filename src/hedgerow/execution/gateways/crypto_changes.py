"""Changes of orders at a crypto venue: in one request where the venue can, otherwise cancelled first, if so wished.

Promises: an order and what replaces it never trade more than was asked for together: one that is replaced in one
request had no fill, or is left as it was; one that is cancelled first has ended, with all its executions counted,
before what is left of it is sent. What became of a change whose answer was lost is looked for under both names.
Never: a change that leaves before the one in front of it was answered.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from hedgerow.execution.gateways.crypto_client import swaps
from hedgerow.execution.gateways.crypto_orders import Change, CryptoOrders, Tracked
from hedgerow.execution.gateways.crypto_words import Missing, Refused, Stand, Unsure
from hedgerow.execution.gateways.fix import OrderWords

_LOOK_AGAIN_S = 0.2


async def change_order(orders: CryptoOrders, request: str, original: str, words: OrderWords) -> None:
    """Change an order to new terms, under the request's name from then on, and tell what came of it."""
    one = orders.find(original)
    if one is None:
        orders.decline(request, original, "8", "it has ended")
        return
    await one.settled.wait()
    async with one.changing:
        link, change = orders.client.link, Change(request, words, 0)
        if not orders.has(one):
            orders.decline(request, original, "8", "it has ended")
        elif one.change is not None:
            orders.decline(request, original, "0", "nobody knows yet what became of the change before")
        elif swaps(link, words.symbol) and one.told == one.before:
            await _swap(orders, one, change)
        elif link.change == "cancel_first":
            await _cancel_first(orders, one, change)
        else:
            way = 'partly filled, not changed: change = "cancel_first" in [venue] would cancel it and send what is left'
            orders.teller.remark(f"{one.name}: {way}")
            orders.decline(request, original, "0", "partly filled")
    if orders.has(one):
        await orders.look(one)


async def _swap(orders: CryptoOrders, one: Tracked, change: Change) -> None:
    orders.announce(one, change)
    try:
        stand = await orders.client.swap(one.name, change.name, _left(one, change))
    except Refused as why:
        one.change = None
        orders.decline(change.name, one.name, "0", str(why))
    except Unsure as why:
        _is_unsure(orders, one, change, why)
    else:
        await _made(orders, one, change, stand)


async def _cancel_first(orders: CryptoOrders, one: Tracked, change: Change) -> None:
    one.is_held, one.ended_as = True, ""
    try:
        is_gone = await _cancelled(orders, one, change)
    finally:
        one.is_held = False
    if not is_gone:
        return
    if one.ended_as != "4" or one.told >= Decimal(change.words.quantity):
        if one.ended_as != "2":
            orders.tell(one, one.ended_as, {39: one.ended_as})
        orders.forget(one)
        orders.decline(change.name, one.name, one.ended_as, "it has ended")
        return
    orders.announce(one, change)
    try:
        stand = await orders.client.place(change.name, _left(one, change))
    except Refused as why:
        orders.teller.remark(f"{one.name} was cancelled to be changed, and what was left of it is refused: {why}")
        orders.tell(one, "4", {39: "4"})
        orders.forget(one)
    except Unsure as why:
        _is_unsure(orders, one, change, why)
    else:
        await _made(orders, one, change, stand)


async def _cancelled(orders: CryptoOrders, one: Tracked, change: Change) -> bool:
    """Cancel an order, and wait until it has ended and every execution of it was told; if not so, that is told."""
    try:
        await orders.client.cancel(one.name, one.words.symbol, one.venue_id)
    except Missing as why:
        orders.decline(change.name, one.name, "8", str(why))
        return False
    except Refused as why:
        orders.decline(change.name, one.name, "0", str(why))
        return False
    except Unsure as why:
        one.asked = True
        orders.teller.unsure(one.name, str(why))
        return False
    until_ns = orders.now_ns() + orders.settle_ns
    while not one.ended_as and orders.now_ns() < until_ns:
        await orders.look(one)
        if not one.ended_as:
            await asyncio.sleep(_LOOK_AGAIN_S)
    if not one.ended_as:
        one.asked = True
        orders.teller.unsure(one.name, "it was cancelled to be changed, and its end does not come")
    return bool(one.ended_as)


async def _made(orders: CryptoOrders, one: Tracked, change: Change, stand: Stand) -> None:
    if one.change is change:  # or the account's own stream said so before the answer came
        orders.changed(one, change, stand.venue_id)
    await orders.follow(one, stand)


def _is_unsure(orders: CryptoOrders, one: Tracked, change: Change, why: Unsure) -> None:
    if one.change is change:
        change.sent_ns, one.asked = orders.now_ns(), True
        orders.teller.unsure(one.name, str(why))


def _left(one: Tracked, change: Change) -> OrderWords:
    return replace(change.words, quantity=f"{Decimal(change.words.quantity) - one.told:f}")
