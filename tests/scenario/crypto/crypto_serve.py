"""A crypto venue on loopback, in a process of its own: `crypto_serve.py KIND FOLDER PORT FAULTS_JSON`; one line when it
is ready. KIND is binance or poloniex (spot), or binanceusdm."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web
from crypto_account import FEE, Account, Faults
from crypto_binance import Binance
from crypto_futures import BinanceFutures
from crypto_poloniex import Poloniex


async def serve(kind: str, folder: Path, port: int, told: Mapping[str, Any]) -> None:
    """Serve until killed."""
    fee = {"fee": Decimal(told.get("fee", FEE)), "in_coin": told.get("in_coin", False)}
    account = Account(folder, skew_ms=told.get("skew_ms", 0), **fee)
    place = {"binance": Binance, "binanceusdm": BinanceFutures, "poloniex": Poloniex}[kind](
        account, Faults(folder, told.get("faults", {}), told.get("seed", 7))
    )
    app = web.Application()
    app.add_routes([*place.routes(), *place.by_hand()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await account.live()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])))
