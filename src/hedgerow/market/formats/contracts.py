"""Names of option contracts: whose, until when, at which price, to buy or to sell.

    BTC-28AUG26-110000-P             Deribit, Bybit (`d` in a strike is its point; `-USDT` may follow): 08:00 UTC
    BTC-200730-9000-C                Binance; OKX, with the pair before it: `BTC-USD-220309-33000-C`: 08:00 UTC
    AAPL240119C00180000              the OCC's symbol, with or without spaces behind the root: the date

Promises nothing of what only resembles them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

import numpy as np

_DERIBIT = re.compile(r"([A-Z0-9_]+)-(\d{1,2}[A-Z]{3}\d\d)-([\d.d]+)-([CP])(?:-USDT|-USDC)?")
_DATED = re.compile(r"([A-Z0-9]+(?:-USD[A-Z_]*)?)-(\d{6})-([\d.]+)-([CP])")
_OCC = re.compile(r"(?:O:)?([A-Z][A-Z0-9.]{0,5}) *(\d{6})([CP])(\d{8})")
_CLOSE = "T08:00:00"
"""When options of crypto venues expire, UTC."""


class Contract(NamedTuple):
    """An option: `expiry` in UTC nanoseconds, `right` is call or put."""

    underlying: str
    expiry: int
    strike: str
    right: str


def contract_of(name: str) -> Contract | None:
    """What an option's name says, None where it is no option's.

    >>> contract_of("BTC-28AUG26-110000-P")
    Contract(underlying='BTC', expiry=1787904000000000000, strike='110000', right='put')
    >>> contract_of("AAPL  240119C00182500").strike, contract_of("BTC-PERPETUAL")
    ('182.500', None)
    """
    try:
        if match := _DERIBIT.fullmatch(name):
            day = f"{datetime.strptime(match[2].title(), '%d%b%y'):%Y-%m-%d}"
            return Contract(match[1], _ns(day + _CLOSE), match[3].replace("d", "."), _right(match[4]))
        if match := _DATED.fullmatch(name):
            return Contract(match[1], _ns(_day(match[2]) + _CLOSE), match[3], _right(match[4]))
        if match := _OCC.fullmatch(name):
            return Contract(match[1], _ns(_day(match[2])), f"{match[4][:5].lstrip('0') or '0'}.{match[4][5:]}",
                            _right(match[3]))  # fmt: skip
    except ValueError:  # no such day
        return None
    return None


def occ_symbol(root: str, expiry_ns: int, right: str, strike: str) -> str:
    """The OCC's symbol of a contract, without spaces.

    >>> occ_symbol("SPX", 1642723200000000000, "call", "4000.000")
    'SPX220121C04000000'
    """
    day = str(np.datetime64(expiry_ns, "ns").astype("datetime64[D]")).replace("-", "")[2:]
    return f"{root.lstrip('^').upper()}{day}{right[0].upper()}{round(float(strike) * 1000):08d}"


def _right(letter: str) -> str:
    return "call" if letter == "C" else "put"


def _day(written: str) -> str:
    return f"20{written[:2]}-{written[2:4]}-{written[4:]}"


def _ns(moment: str) -> int:
    return int(np.datetime64(moment, "ns").astype(np.int64))
