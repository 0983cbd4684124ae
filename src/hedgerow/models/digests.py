"""What a digest covers: the canonical bytes of settings and arrays, so that equal things have equal names
everywhere.

Promises: the same values give the same bytes on every platform; floats are written exactly (hexadecimal), keys are
sorted. Never reads a clock, a file or the environment.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


def canonical_bytes(value: Any) -> bytes:
    """Bytes of a dataclass, mapping, sequence or scalar; two equal values give equal bytes.

    >>> canonical_bytes({"b": 1, "a": 0.5})
    b'{"a":"0x1.0000000000000p-1","b":1}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def digest(value: Any) -> bytes:
    """SHA-256 (32 bytes) of `canonical_bytes(value)`."""
    return hashlib.sha256(canonical_bytes(value)).digest()


def arrays_digest(arrays: Mapping[str, np.ndarray], words: Any) -> bytes:
    """SHA-256 (32 bytes) over named arrays (type, shape, values in little-endian C order) and the words beside them."""
    sha = hashlib.sha256(canonical_bytes(words))
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        sha.update(canonical_bytes([name, array.dtype.str, list(array.shape)]))
        sha.update(array.tobytes())
    return sha.digest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no canonical form for {type(value).__name__}")
