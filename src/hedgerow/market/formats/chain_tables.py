"""Tables of option chains: a contract a row, or a call and a put side by side, as OptionsDX and ORATS write them.

Promises a row a contract with its name, expiry, strike and right, from columns of their own or from its OCC symbol;
volatilities and Greeks as the source gives them; and that a row which is dated is known when its session ends, and not
when its day begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.columns import plain
from hedgerow.market.formats.contracts import contract_of, occ_symbol
from hedgerow.market.formats.rows import blank, texts

SIDED = {
    "bid": ("c_bid", "callbidprice"),
    "ask": ("c_ask", "callaskprice"),
    "bid_size": ("callbidsize",),
    "ask_size": ("callasksize",),
    "last": ("c_last",),
    "volume": ("c_volume", "callvolume"),
    "open_interest": ("c_oi", "callopeninterest"),
    "iv": ("c_iv", "callmidiv"),
    "bid_iv": ("callbidiv",),
    "ask_iv": ("callaskiv",),
    **{greek: (f"c_{greek}",) for greek in ("delta", "gamma", "vega", "theta", "rho")},
    "mark": ("callvalue",),
}
"""Names of a call's columns by our word; those of the put beside it begin with `p_` or `put`."""
_RIGHT = {"c": "call", "call": "call", "p": "put", "put": "put"}
_SIZES = re.compile(r"(\d+) x (\d+)")


def is_sided(by_plain: Mapping[str, Any]) -> bool:
    """Whether a table has a call and a put in each row."""
    return any({names[0], put_of(names[0])} <= by_plain.keys() for names in (("c_bid",), ("callbidprice",)))


def put_of(name: str) -> str:
    """The put's column beside a call's.

    >>> put_of("c_bid"), put_of("callbidprice")
    ('p_bid', 'putbidprice')
    """
    return f"p_{name[2:]}" if name.startswith("c_") else f"put{name.removeprefix('call')}"


def sides_of(arrays: Mapping[Any, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(right, columns by our word) of the calls and of the puts of a table that has them side by side."""
    by_plain = {plain(name): column for name, column in arrays.items()}
    found = []
    for right, theirs in (("call", str), ("put", put_of)):
        columns = {
            word: by_plain[theirs(name)] for word, names in SIDED.items() for name in names if theirs(name) in by_plain
        }
        sizes = by_plain.get(theirs("c_size"))
        if sizes is not None:  # `10 x 20`, bid before ask
            pairs = [_SIZES.fullmatch((text or "").strip()) for text in texts(sizes).to_pylist()]
            for word, group in (("bid_size", 1), ("ask_size", 2)):
                columns[word] = pa.array([None if pair is None else pair[group] for pair in pairs], pa.string())
        if "delta" in by_plain and "callbidprice" in by_plain:  # ORATS gives the call's alone
            columns |= {greek: by_plain[greek] for greek in ("delta", "gamma", "vega", "theta", "rho")
                        if right == "call" and greek in by_plain}  # fmt: skip
        found.append((right, columns))
    return found


def rights_of(column: Any, records: Any) -> list[str]:
    """Calls and puts; DATA-015 with the first cell that is neither."""
    cells = texts(column).to_pylist()
    found = [_RIGHT.get(str(cell).strip().lower()) for cell in cells]
    if None in found:
        row = found.index(None)
        raise problem("DATA_TYPE", f"record {records[row]}: {cells[row]!r} is neither call nor put")
    return [str(right) for right in found]


def named_of(column: Any, records: Any) -> dict[str, list[Any]]:
    """Underlying, expiry, strike and right of contracts that only their names tell."""
    names = texts(column).to_pylist()
    found = [contract_of(str(name)) for name in names]
    if None in found:
        row = found.index(None)
        raise problem("DATA_TYPE", f"record {records[row]}: {names[row]!r} is no name of an option")
    known = [contract for contract in found if contract is not None]
    return {
        word: [getattr(contract, word) for contract in known] for word in ("underlying", "expiry", "strike", "right")
    }


def name_contracts(given: dict[str, Any], contract: Any, symbol: str | None, otherwise: str) -> None:
    """Give contracts their own names, or the OCC's of what is told of them; `otherwise` is the root of last resort.

    A name without a digit is that of the underlying.
    """
    if contract is not None and not re.search(r"\d", str(texts(contract)[0])):
        given["underlying"], contract = contract if given["underlying"] is None else given["underlying"], None
    given["underlying"] = symbol if given["underlying"] is None else given["underlying"]
    given["instrument"] = _symbols(given, otherwise) if contract is None else texts(contract)


def _symbols(given: Mapping[str, Any], otherwise: str) -> list[str]:
    """The OCC's symbols of contracts without names; `otherwise` is the root where none is told."""
    rights, roots = given["right"], given["underlying"]
    told = texts(roots).to_pylist() if not isinstance(roots, str | None) else [roots] * len(rights)
    expiries, prices = np.asarray(given["expiry"]).tolist(), blank(texts(given["strike"])).to_pylist()
    return [
        occ_symbol(root or otherwise, int(day), right, strike) if strike is not None else str(root or otherwise)
        for root, day, right, strike in zip(told, expiries, rights, prices, strict=True)
    ]
