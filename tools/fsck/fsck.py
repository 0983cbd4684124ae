"""Proves a Hedgerow log from its files alone, sharing no code with what wrote it; one file, standard library only.

    python3 fsck.py DIR [--key LINE]... [--policy FILE] [--checkpoint FILE]... [--json]

DIR is a log's folder, a folder that holds `journal/` or `governance/`, or a replica of one without its `wal`. Exit
status: 0 proved; 1 not proved, with the first bad entry and file; 2 the command line.

Promises: whatever bytes lie there, it ends, in memory that grows only with the number of files, with one of the three
statuses. What it cannot prove without more than the files is told: cosignatures without a policy, sealed entries
without their key, time-stamp tokens (only what they stamp). Never: writes, repairs, uses a network, follows a link.
Sources: RFC 6962 (tree), RFC 8032 (Ed25519), C2SP tlog-tiles, signed-note, tlog-cosignature, tlog-policy, DSSE v1.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

SMALL_BYTES_MAX = 1 << 20
CHUNK_BYTES = 1 << 20
ENTRY_BYTES_MAX = 65_535
TILE = 256
SIGNED_EVENT, GENESIS, SEGMENT, SEALED = 32, 33, 34, 35
SEALED_BYTES_MIN, SEALED_BYTES_MAX = 92, 16_384
PAYLOAD_TYPE = "application/vnd.hedgerow.event+json"


class Fault(Exception):
    """The first thing that is wrong: which entry, if it can be told, which file, and what."""

    def __init__(self, index: int | None, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}" if index is None else f"entry {index}, {file}: {why}")
        self.index, self.file, self.why = index, file, why


class Usage(Exception):
    """The command line cannot be understood."""


# Ed25519, RFC 8032, section 5.1: points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    """The sum of two points."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p: Point) -> Point:
    """A point added to itself."""
    a, b, c = p[0] * p[0] % P, p[1] * p[1] % P, 2 * p[2] * p[2] % P
    h = a + b
    e, g = h - (p[0] + p[1]) ** 2, a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def point(data: bytes) -> Point | None:
    """The point that 32 bytes encode, if they do so canonically and it has no small order."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    found = (x, y, 1, x * y % P)
    return None if is_neutral(double(double(double(found)))) else found


def is_neutral(p: Point) -> bool:
    """Whether a point is the group's zero."""
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds, as strictly as RFC 8032 allows: canonical, no points of small order."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], 1, P - key[3])
    both, total = add(BASE, minus), NEUTRAL
    for bit in range(252, -1, -1):
        total = double(total)
        choice = (s >> bit & 1) | (k >> bit & 1) << 1
        if choice:
            total = add(total, (BASE, minus, both)[choice - 1])
    return is_neutral(add(total, (P - r[0], r[1], 1, P - r[3])))


# CRC-32C, four bytes at a time; tables so small that they stay near the processor.

BYTE = list(range(256))
for _ in range(8):
    BYTE = [n >> 1 ^ (0x82F63B78 if n & 1 else 0) for n in BYTE]
TWO = [BYTE[n & 255] ^ n >> 8 for n in BYTE]
THREE = [BYTE[n & 255] ^ n >> 8 for n in TWO]
FOUR = [BYTE[n & 255] ^ n >> 8 for n in THREE]


def crc32c(data: bytes, state: int = 0xFFFFFFFF) -> int:
    """The checksum's state after bytes whose number is a multiple of four; the checksum is its complement."""
    four, three, two, one = FOUR, THREE, TWO, BYTE
    words = memoryview(data).cast("I") if sys.byteorder == "little" else struct.unpack(f"<{len(data) // 4}I", data)
    for word in words:
        word ^= state
        state = four[word & 255] ^ three[word >> 8 & 255] ^ two[word >> 16 & 255] ^ one[word >> 24]
    return state


# Signed notes, keys, policies.


def unbase64(text: str) -> bytes | None:
    """Bytes of canonical base64."""
    with suppress(binascii.Error, ValueError):
        data = base64.b64decode(text, validate=True)
        return data if base64.b64encode(data).decode() == text else None
    return None


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: type 1 signs checkpoints, type 4 cosigns them."""

    line: str
    name: str
    public: bytes
    key_id: bytes

    @staticmethod
    def parse(line: str, kind: int) -> VerifierKey | None:
        """Read `name+id+base64(type || key)`."""
        parts = line.split("+", 2)
        data = unbase64(parts[2]) if len(parts) == 3 else None
        if data is None or len(data) != 33 or data[0] != kind or not re.fullmatch(r"[^\s\x00-\x1f\x7f+]+", parts[0]):
            return None
        key_id = hashlib.sha256(parts[0].encode() + b"\n" + data).digest()[:4]
        return VerifierKey(line, parts[0], data[1:], key_id) if key_id.hex() == parts[1] else None


@dataclass(frozen=True)
class Note:
    """A signed checkpoint taken apart: what it says, and the signatures by (name, key id)."""

    body: str
    size: int
    root: bytes
    lines: tuple[tuple[str, bytes, bytes], ...]

    @property
    def origin(self) -> str:
        """Which log it is of."""
        return self.body.partition("\n")[0]

    def signatures(self, key: VerifierKey) -> list[bytes]:
        """Those that claim to be by a key."""
        return [data for name, key_id, data in self.lines if (name, key_id) == (key.name, key.key_id)]


def body_of(text: str) -> tuple[int, bytes] | None:
    """Size and root that a checkpoint's body says."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1], re.ASCII):
        return None
    root = unbase64(lines[2])
    return (int(lines[1]), root) if root is not None and len(root) == 32 else None


def note_of(data: bytes, file: str) -> Note:
    """Take a signed checkpoint apart."""
    with suppress(UnicodeDecodeError):
        text = data.decode()
        body, _, tail = text.rpartition("\n\n")
        said = body_of(body + "\n")
        clean = all(c >= " " or c == "\n" for c in text)
        if said and clean and tail.endswith("\n"):
            lines = [re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line) for line in tail[:-1].split("\n")]
            taken = [(m[1], unbase64(m[2])) for m in lines if m]
            whole = tuple((name, d[:4], d[4:]) for name, d in taken if d is not None and len(d) > 4)
            if len(whole) == len(lines):
                return Note(body + "\n", *said, whole)
    raise Fault(None, file, "is not a signed checkpoint")


def check_signed(note: Note, key: VerifierKey, file: str) -> None:
    """The log's own signature over a checkpoint."""
    signatures = note.signatures(key)
    if not signatures or not verified(key.public, note.body.encode(), signatures[0]):
        raise Fault(None, file, f"is not signed by {key.line}")
    if note.origin != key.name:
        raise Fault(None, file, f"is of {note.origin}, the key is of {key.name}")


class Policy:
    """Which witnesses must have cosigned (C2SP tlog-policy)."""

    def __init__(self, data: bytes) -> None:
        self.logs: list[bytes] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()
        text = data.decode("utf-8", "surrogateescape")
        if not text.endswith("\n"):
            raise Usage("the policy does not end in a newline")
        for number, line in enumerate(text[:-1].split("\n"), start=1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if words and not words[0].startswith("#") and not self._take(words):
                raise Usage(f"line {number} of the policy: {line.strip()!r}")
        if self.quorum is None:
            raise Usage("the policy has no quorum line")

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _take(self, words: list[str]) -> bool:
        first, rest = words[0], words[1:]
        if first == "log" and len(rest) in (1, 2):
            key = VerifierKey.parse(rest[0], 1)
            if key is None or key.public in self.logs:
                return False
            self.logs.append(key.public)
            return True
        if first == "witness" and len(rest) in (2, 3):
            key, name = VerifierKey.parse(rest[1], 4), rest[0]
            if key is None or name == "none" or self._known(name):
                return False
            twice = any(key.public == other.public for other in self.witnesses.values())
            self.witnesses[name] = key
            return not twice
        if first == "group" and len(rest) >= 3:
            name, least, members = rest[0], rest[1], rest[2:]
            count = {"any": 1, "all": len(members)}.get(least)
            if count is None and re.fullmatch("[1-9][0-9]{0,8}", least, re.ASCII):
                count = int(least)
            once = len(set(members)) == len(members) and not self._members & set(members)
            known = all(map(self._known, members)) and name != "none" and not self._known(name)
            if count is None or count > len(members) or not once or not known:
                return False
            self._members |= set(members)
            self.groups[name] = (count, members)
            return True
        if first == "quorum" and len(rest) == 1 and self.quorum is None:
            self.quorum = rest[0]
            return rest[0] == "none" or self._known(rest[0])
        return False

    def judge(self, notes: list[tuple[str, Note]], key: VerifierKey) -> str:
        """Demand the cosignatures of one of these; gives the newest that has them, in words. None may be wrong."""
        if self.logs and key.public not in self.logs:
            raise Fault(None, notes[0][0], f"the policy names other logs than {key.line}")
        accepted, whys = [], []
        for file, note in notes:
            holds = {name: cosigned(note, witness, file) for name, witness in self.witnesses.items()}
            said = f"{sum(holds.values())} of {len(self.witnesses)}"
            for name, (least, members) in self.groups.items():
                holds[name] = sum(holds[member] for member in members) >= least
            if self.quorum == "none" or holds[str(self.quorum)]:
                accepted.append(said if note is notes[0][1] else f"{said} up to entry {note.size:,}")
            missing = [name for name in self.witnesses if not holds[name]]
            whys.append(f"cosigned by {said}, which the policy does not accept; missing {missing}")
        if not accepted:
            raise Fault(None, notes[0][0], whys[0])
        return accepted[0]


def cosigned(note: Note, witness: VerifierKey, file: str) -> bool:
    """Whether a witness cosigned; a cosignature that does not hold is a fault."""
    signatures = note.signatures(witness)
    for data in signatures:
        time_s = int.from_bytes(data[:8], "big")
        message = f"cosignature/v1\ntime {time_s}\n{note.body}".encode()
        if len(data) != 72 or time_s >= 2**63 or not verified(witness.public, message, data[8:]):
            raise Fault(None, file, f"a cosignature of {witness.name} does not hold")
    return bool(signatures)


# Files.


def opened(path: Path, file: str, buffering: int = CHUNK_BYTES) -> BinaryIO:
    """A regular file, opened to read; never a link, a pipe or a device."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Fault(None, file, "is not a plain file")
        return os.fdopen(handle, "rb", buffering)
    except OSError as error:
        raise Fault(None, file, f"cannot be read: {error.strerror}") from None


def small(path: Path, file: str, bytes_max: int = SMALL_BYTES_MAX) -> bytes:
    """A small file's bytes."""
    with opened(path, file, 0) as stream:
        data = stream.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise Fault(None, file, f"is longer than {bytes_max:,} bytes")
    return data


def names_below(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Every file below a folder, by name; a link or a special file is a fault, unfinished writes are let be."""
    try:
        items = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError as error:
        raise Fault(None, prefix or str(folder), f"cannot be listed: {error.strerror}") from None
    for item in items:
        name = prefix + item.name
        if item.is_symlink() or depth > 16:
            raise Fault(None, name, "is a link" if item.is_symlink() else "lies too deep")
        if item.is_dir(follow_symlinks=False):
            if name != ".new":
                yield from names_below(Path(item.path), name + "/", depth + 1)
        elif item.is_file(follow_symlinks=False):
            yield name
        else:
            raise Fault(None, name, "is not a plain file")


def tile_name(row: str, index: int, width: int) -> str:
    """`tile/0/x001/x234/067.p/9`, as C2SP tlog-tiles spells it."""
    groups = f"{index % 1000:03}"
    while index := index // 1000:
        groups = f"x{index % 1000:03}/{groups}"
    return f"tile/{row}/{groups}" + (f".p/{width}" if width < TILE else "")


def tile_of(name: str) -> tuple[str, int, int] | None:
    """Row, index and width that a tile's name says, if it is the one spelling of them."""
    match = re.fullmatch(r"tile/(entries|[0-7])/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?", name, re.ASCII)
    if not match or len(match[2]) > 40:
        return None
    row, index = match[1], int(re.sub("[x/]", "", match[2]))
    width = int(match[3]) if match[3] else TILE
    return (row, index, width) if 0 < width <= TILE and tile_name(row, index, width) == name else None


# The tree.


def parent(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The right edge of a growing tree, in rows of tiles: row L holds nodes of level 8 L, less than 256 of them."""

    def __init__(self, rows: list[list[bytes]] | None = None) -> None:
        self.rows = rows or [[]]

    def copy(self) -> Tree:
        """Another tree with the same right edge."""
        return Tree([list(row) for row in self.rows])

    def carry(self) -> Iterator[tuple[int, list[bytes]]]:
        """Give each row that is full now, from below, and put its root into the row above."""
        level = 0
        while len(self.rows[level]) == TILE:
            full = self.rows[level]
            yield level, full
            nodes = full
            while len(nodes) > 1:
                nodes = [parent(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)]
            self.rows[level] = []
            if level + 1 == len(self.rows):
                self.rows.append([])
            self.rows[level + 1].append(nodes[0])
            level += 1

    def root(self) -> bytes:
        """Root over all leaves so far."""
        right: bytes | None = None
        for row in self.rows:
            end = len(row)
            while end:
                width = end & -end
                nodes = row[end - width : end]
                while len(nodes) > 1:
                    nodes = [parent(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)]
                right = nodes[0] if right is None else parent(nodes[0], right)
                end -= width
        return hashlib.sha256().digest() if right is None else right


# Entries, out of the write-ahead file or out of bundles.


def entries_of_wal(stream: BinaryIO, bytes_total: int) -> Iterator[tuple[bytes, int, bytes]]:
    """Each entry with the length and SHA-256 of its blob, in order; checksums, places, marks and end are checked."""
    header = b"HEDGELOG" + struct.pack("<I", 1)
    head = stream.read(16)
    if head != header + struct.pack("<I", crc32c(header) ^ 0xFFFFFFFF):
        raise Fault(None, "wal", "does not begin with HEDGELOG, version 1")
    at, start, entries, index = 16, 16, 0, 0
    while True:
        head = stream.read(16)
        if not any(head):
            while data := stream.read(CHUNK_BYTES):
                if any(data):
                    raise Fault(index, "wal", f"zeros at byte {at} are followed by other bytes")
            if entries:
                raise Fault(index, "wal", f"the commit from byte {start} has no end")
            return
        if len(head) < 16:
            raise Fault(index, "wal", f"ends within a frame's head at byte {at}")
        first, second, third, check = struct.unpack("<4I", head)
        turned = (second << 16 | second >> 16) & 0xFFFFFFFF
        if check != first ^ turned ^ third ^ (at & 0xFFFFFFFF) ^ at >> 32:
            raise Fault(index, "wal", f"a frame's head with a wrong check at byte {at}")
        if head[:4] == b"CMIT":
            if (second, third) != (at - start, entries) or not entries:
                raise Fault(index, "wal", f"a commit mark that does not fit at byte {at}")
            at, entries = at + 16, 0
            start = at
            continue
        body = first + second + 7 & ~7
        if not 16 <= first <= ENTRY_BYTES_MAX or at + 16 + body > bytes_total:
            raise Fault(index, "wal", f"a frame that does not fit at byte {at}")
        if second:
            yield frame_body(stream, (first, second, third), index, at)
        else:
            data = stream.read(body)
            if len(data) < body or crc32c(data) ^ 0xFFFFFFFF != third or any(data[first:]):
                raise Fault(index, "wal", f"a frame with a wrong checksum, or bytes behind its end, at byte {at}")
            yield data[:first], 0, NO_BYTES
        at, entries, index = at + 16 + body, entries + 1, index + 1


NO_BYTES = hashlib.sha256().digest()


def frame_body(stream: BinaryIO, words: tuple[int, int, int], index: int, at: int) -> tuple[bytes, int, bytes]:
    """The entry, the length and the digest of what follows it; large blobs are read in pieces."""
    entry_len, blob_len, crc = words
    end, state, hashed, entry = entry_len + blob_len, 0xFFFFFFFF, hashlib.sha256(), b""
    for start in range(0, end, CHUNK_BYTES):
        piece = stream.read(min(CHUNK_BYTES, (end + 7 & ~7) - start))
        if len(piece) % 4:
            break
        state = crc32c(piece, state)
        entry = entry or piece[:entry_len]
        hashed.update(piece[max(0, entry_len - start) : end - start])
        if any(piece[end - start :]):
            raise Fault(index, "wal", f"a frame with bytes behind its end at byte {at}")
    if state ^ 0xFFFFFFFF != crc:
        raise Fault(index, "wal", f"a frame with a wrong checksum at byte {at}")
    return entry, blob_len, hashed.digest()


def check_shape(index: int, entry: bytes, next_id: int, file: str) -> tuple[int, int, bytes | None, int]:
    """Kind, records, and the digest and length of the blob that it commits to (`None` and 0 if it does to none)."""
    if len(entry) < 16:
        raise Fault(index, file, "an entry shorter than its head")
    kind, flags, count, first_id = struct.unpack_from("<HHIQ", entry)
    if first_id != next_id:
        raise Fault(index, file, f"record {first_id} where {next_id} follows")
    if kind not in (SEGMENT, SEALED):
        if flags or count != 1:
            raise Fault(index, file, f"flags {flags} and count {count} of kind {kind}")
        return kind, 1, None, 0
    first, length = struct.unpack_from("<II", entry, 16) if len(entry) >= 24 else (0, 0)
    # Rows are so many of `length` bytes; a seal is so many behind the entry, and only where it does not fit in it.
    kept = 24 + length > SEALED_BYTES_MAX if kind == SEALED else length > 0 and first >> 16 == 0
    inside = kind == SEALED and not length and SEALED_BYTES_MIN <= len(entry) <= SEALED_BYTES_MAX
    if flags or not count or not (inside or (kept and len(entry) == 56)):
        raise Fault(index, file, "a segment or sealed entry of another shape")
    return kind, count, None if inside else entry[24:56], length if kind == SEALED else count * length


def split_bundle(data: bytes, first: int, width: int, file: str) -> list[bytes]:
    """The entries of a bundle: each a big-endian length and its bytes."""
    entries, at = [], 0
    for n in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Fault(first + n, file, "ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise Fault(first + width - 1, file, f"has {len(data) - at} bytes behind its last entry")
    return entries


# Signed events of people.


class Events:
    """DSSE envelopes of a fund and the keys that its genesis and rosters name."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.genesis: bytes | None = None
        self.checked = self.unchecked = 0

    def learn(self, value: Any) -> None:
        """Take every public key that a genesis or a roster names."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                lists = [item.get(name) for name in ("keys", "root_keys")]
                for text in [item.get("key"), *(text for keys in lists if isinstance(keys, list) for text in keys)]:
                    if isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text):
                        public = bytes.fromhex(text)
                        self.keys[hashlib.sha256(public).hexdigest()] = public
                waiting.extend(item.values())
            elif isinstance(item, list):
                waiting.extend(item)

    def begin(self, data: bytes, index: int | None, file: str) -> None:
        """Take the fund's first record."""
        genesis = parsed(data, index, file)
        if self.genesis not in (None, data):
            raise Fault(index, file, "is another genesis than the log's")
        self.genesis = data
        self.learn(genesis)

    def check(self, data: bytes, index: int | None, file: str, strict: bool = False) -> tuple[str, dict[str, Any]]:
        """An envelope: at least one known key signed it, and none badly; gives its id and event.

        `strict`: every signer must be known, and the envelope must be spelt as Hedgerow spells it.
        """
        envelope = parsed(data, index, file)
        rows = envelope.get("signatures")
        payload = unbase64(plain_alphabet(envelope.get("payload")))
        typed = envelope.get("payloadType") == PAYLOAD_TYPE
        if not typed or payload is None or not isinstance(rows, list) or len(rows) > 256:
            raise Fault(index, file, "is not an envelope")
        event = parsed(payload, index, file)
        message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
        if strict and json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() != data:
            raise Fault(index, file, "is not spelt canonically")
        good = 0
        for row in rows:
            name, sig = (row.get("keyid"), row.get("sig")) if isinstance(row, dict) else (None, None)
            public = self.keys.get(name) if isinstance(name, str) else None
            if public is not None and verified(public, message, unbase64(plain_alphabet(sig)) or b""):
                good += 1
            elif public is not None or strict:
                raise Fault(index, file, "a signature does not hold" if public else "is signed by an unknown key")
        if not good and self.keys:
            raise Fault(index, file, "no known key signed this event")
        self.checked, self.unchecked = self.checked + bool(good), self.unchecked + (not good)
        if event.get("type") == "roster" and good:
            self.learn(event)
        return hashlib.sha256(payload).hexdigest(), event


def plain_alphabet(text: Any) -> str:
    """Base64 in the standard alphabet; DSSE allows the other too."""
    return text.replace("-", "+").replace("_", "/") if isinstance(text, str) else "?"


def parsed(data: bytes, index: int | None, file: str) -> dict[str, Any]:
    """A JSON object."""
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        if isinstance(value, dict):
            return value
    raise Fault(index, file, "is not a JSON object")


def check_event_files(folder: Path, names: list[str], events: Events) -> None:
    """Signed events that lie as files beside the log: named by their id, signed by known keys only."""
    if "genesis.json" in names:
        events.begin(small(folder / "genesis.json", "genesis.json"), None, "genesis.json")
    waiting = [name for name in names if name != "genesis.json"]
    parents: set[str] = set()
    for last in [False] * 16 + [True]:
        left = []
        for name in waiting:
            try:
                event_id, event = events.check(small(folder / name, name), None, name, strict=True)
            except Fault:
                if last:
                    raise
                left.append(name)
                continue
            if event_id != Path(name).stem:
                raise Fault(None, name, f"holds the event {event_id}")
            parents |= {str(parent) for parent in event.get("parents") or ()}
        waiting = left
    if names and "genesis.json" not in names and events.genesis is None:
        raise Fault(None, "genesis.json", "is missing")
    loose = [name for name in names if "/" not in name and name != "genesis.json"]
    if loose and hashlib.sha256(events.genesis or b"").hexdigest() not in parents:
        raise Fault(None, "genesis.json", "no event rests on it")


# A log.


@dataclass
class Wanted:
    """What must hold at some size: the root that a file signs, or the body that a time-stamp stamps."""

    file: str
    root: bytes | None
    token: bytes = b""


@dataclass
class Settings:
    """What the command line says."""

    keys: dict[str, VerifierKey] = field(default_factory=dict)
    policy: Policy | None = None
    notes: list[tuple[str, Note]] = field(default_factory=list)
    quiet: bool = False


class Log:
    """One log, proved once."""

    def __init__(self, folder: Path, settings: Settings, events: Events) -> None:
        self.folder, self.settings, self.events = folder, settings, events
        self.tree = Tree()
        self.twin: Tree | None = None
        self.entries: list[bytes] = []
        self.seen: set[str] = set()
        self.size = self.records = self.sealed = 0
        self.suspect: Fault | None = None
        self.differs: int | None = None
        self.wanted: dict[int, list[Wanted]] = {}
        self.notes: list[str] = []
        self.told = time.monotonic()

    def prove(self) -> dict[str, Any]:
        """Prove everything, or raise the first fault."""
        self.list_files()
        self.take_checkpoint()
        try:
            self.walk()
            self.close_rows()
        except Fault as fault:
            with suppress(Fault):
                self.close_chunk()
            first = self.suspect
            if first and fault.index is not None and first.index is not None and first.index < fault.index:
                raise first from None
            raise
        self.finish()
        return {
            "origin": self.checkpoint.origin,
            "entries": self.size,
            "signed": self.checkpoint.size,
            "records": self.records,
            "root": self.checkpoint.root.hex(),
            "witnessed": self.witnessed,
            "notes": self.notes,
        }

    def list_files(self) -> None:
        """Every file finds its place; one in a wrong place is a fault or, beside the log's own, a note."""
        self.tiles: dict[tuple[str, int], list[int]] = {}
        self.blobs: set[str] = set()
        self.stamps: list[str] = []
        self.event_files: list[str] = []
        self.strangers: list[str] = []
        self.small: set[str] = set()
        for name in names_below(self.folder):
            tile = tile_of(name)
            if tile:
                self.tiles.setdefault(tile[:2], []).append(tile[2])
            elif match := re.fullmatch("blob/([0-9a-f]{2})/([0-9a-f]{64})", name):
                if not match[2].startswith(match[1]):
                    raise Fault(None, name, "lies in another blob's folder")
                self.blobs.add(match[2])
            elif name.startswith(("tile/", "blob/")):
                raise Fault(None, name, "is no name of a tile or blob")
            elif name in ("wal", "key.pub", "signed", "checkpoint", "witnessed"):
                self.small.add(name)
            elif name == ".turn":
                continue  # the sequencer's lock
            elif re.fullmatch(r"timestamps/(0|[1-9][0-9]{0,18})\.tsr", name):
                self.stamps.append(name)
            elif re.fullmatch(r"genesis\.json|(pending/)?[0-9a-f]{64}\.json", name):
                self.event_files.append(name)
            else:
                self.strangers.append(name)
        self.check_families()
        self.has_wal = "wal" in self.small
        self.is_published = bool(self.tiles or self.blobs or "signed" in self.small or not self.has_wal)

    def check_families(self) -> None:
        """A checkpoint leaves partial tiles in all rows: one at the bottom has its like in every row above."""
        for row, number in [place for place in self.tiles if place[0] in ("entries", "0")]:
            for width in self.tiles[row, number]:
                family = [("0" if row == "entries" else "entries", number, width)]
                for level in range(1, 8):
                    above = number >> 8 * (level - 1)
                    if width < TILE and above % TILE:
                        family.append((str(level), above // TILE, above % TILE))
                for other, index, least in family:
                    if least not in self.tiles.get((other, index), ()):
                        missing = tile_name(other, index, least)
                        raise Fault(number * TILE, missing, f"is missing, {tile_name(row, number, width)} is there")

    def take_checkpoint(self) -> None:
        """The log's key, its checkpoint, the last-signed record, and every other signed state that lies there."""
        if "checkpoint" not in self.small:
            raise Fault(None, "checkpoint", "is missing")
        self.checkpoint = note_of(small(self.folder / "checkpoint", "checkpoint"), "checkpoint")
        self.key = self.take_key()
        check_signed(self.checkpoint, self.key, "checkpoint")
        own = [(name, note_of(small(self.folder / name, name), name)) for name in ("witnessed",) if name in self.small]
        own = [("checkpoint", self.checkpoint), *own]
        self.witnessed = self.settings.policy.judge(own, self.key) if self.settings.policy else None
        if not self.settings.policy and (lines := sum(len(note.lines) - 1 for _, note in own)):
            self.notes.append(f"{lines} signature lines not checked; give their policy")
        if "signed" in self.small:
            self.take_signed(small(self.folder / "signed", "signed", 4096))
        elif self.has_wal and self.is_published:
            raise Fault(None, "signed", "is missing")
        for name, note in own + [(name, note) for name, note in self.settings.notes if note.origin == self.key.name]:
            check_signed(note, self.key, name)
            self.want(note.size, Wanted(name, note.root))
        for name in self.strangers:
            self.take_stranger(name)
        for name in self.stamps:
            token = small(self.folder / name, name)
            self.want(int(Path(name).stem), Wanted(name, None, token))

    def take_key(self) -> VerifierKey:
        """The key given for this log, or the one that lies beside it."""
        own = None
        if "key.pub" in self.small:
            line = small(self.folder / "key.pub", "key.pub", 4096).decode("utf-8", "replace")
            own = VerifierKey.parse(line[:-1], 1) if line.endswith("\n") else None
            if own is None:
                raise Fault(None, "key.pub", "is not a verifier key line")
        given = self.settings.keys.get(self.checkpoint.origin)
        if self.settings.keys and given is None:
            raise Fault(None, "checkpoint", f"no key was given for {self.checkpoint.origin}")
        if given and own and given.line != own.line:
            raise Fault(None, "key.pub", f"says {own.line}, not {given.line}")
        key = given or own
        if key is None:
            raise Fault(None, "key.pub", "is missing, and no key was given")
        return key

    def take_signed(self, data: bytes) -> None:
        """The last-signed record."""
        text = data.decode("utf-8", "replace")
        said = body_of(text)
        if said is None or text.count("\n") != 3 or text.partition("\n")[0] != self.key.name:
            raise Fault(None, "signed", "does not say this log's origin, size and root")
        if said[0] < self.checkpoint.size:
            raise Fault(None, "signed", f"says {said[0]} entries, the checkpoint {self.checkpoint.size}")
        if self.has_wal or said[0] == self.checkpoint.size:
            self.want(said[0], Wanted("signed", said[1]))

    def take_stranger(self, name: str) -> None:
        """A file that is not the log's; if it is another checkpoint by this key, it must agree."""
        self.notes.append(f"not the log's: {name}")
        try:
            note = note_of(small(self.folder / name, name), name)
            check_signed(note, self.key, name)
        except Fault:
            return
        self.want(note.size, Wanted(name, note.root))

    def want(self, size: int, wanted: Wanted) -> None:
        """Note what must hold at a size."""
        self.wanted.setdefault(size, []).append(wanted)
        if size == 0:
            self.check_wanted(0, self.tree, None)

    def walk(self) -> None:
        """Every entry in order."""
        if self.has_wal:
            with opened(self.folder / "wal", "wal") as stream:
                for entry, blob_len, blob_digest in entries_of_wal(stream, os.fstat(stream.fileno()).st_size):
                    self.take(entry, "wal", (blob_len, blob_digest))
            return
        for n in range(-(-self.checkpoint.size // TILE)):
            need = min(TILE, self.checkpoint.size - n * TILE)
            width = max(self.tiles.get(("entries", n), [0]))
            file = tile_name("entries", n, max(need, width))
            if width < need:
                raise Fault(n * TILE, file, "is missing")
            data = small(self.folder / file, file, TILE * (ENTRY_BYTES_MAX + 2))
            for entry in split_bundle(data, n * TILE, width, file)[:need]:
                self.take(entry, file, None)

    def take(self, entry: bytes, file: str, blob: tuple[int, bytes] | None) -> None:
        """One entry: its shape, its blob, its event, its leaf."""
        index = self.size
        kind, count, digest, blob_len = check_shape(index, entry, self.records + 1, file)
        if blob is not None:
            if blob[0] != blob_len:
                raise Fault(index, file, f"{blob[0]} bytes behind an entry that does not say so")
            if digest and digest != blob[1]:
                raise Fault(index, file, "the bytes behind the entry are not those of its digest")
        if digest:
            self.check_blob(index, digest.hex(), blob_len)
        if kind == GENESIS:
            self.events.begin(entry[16:], index, file)
        elif kind == SIGNED_EVENT:
            self.events.check(entry[16:], index, file)
        self.sealed += kind == SEALED
        self.records += count
        self.entries.append(entry)
        self.tree.rows[0].append(hashlib.sha256(b"\0" + entry).digest())
        self.size += 1
        if len(self.entries) == TILE:
            self.close_chunk()
            for level, row in self.tree.carry():
                if level:
                    self.compare_hashes(level, (self.size >> 8 * (level + 1)) - 1, row)
            if self.twin:
                list(self.twin.carry())
            self.entries = []
            self.tell()

    def check_blob(self, index: int, name: str, blob_len: int) -> None:
        """The blob file of an entry, the first time that an entry names it."""
        file = f"blob/{name[:2]}/{name}"
        if name not in self.blobs:
            if self.is_published and index < self.checkpoint.size and name not in self.seen:
                raise Fault(index, file, "is missing")
            return
        self.blobs.discard(name)
        self.seen.add(name)
        hashed, total = hashlib.sha256(), 0
        try:
            with opened(self.folder / file, file) as stream:
                while data := stream.read(CHUNK_BYTES):
                    hashed.update(data)
                    total += len(data)
        except Fault as fault:
            raise Fault(index, file, fault.why) from None
        if hashed.hexdigest() != name or blob_len != total:
            raise Fault(index, file, "its bytes are not those of its name, or not as many as the entry says")

    def close_chunk(self) -> None:
        """The last 256 entries or less: compared with their bundle and tile, then with every root that is wanted."""
        number, leaves = (self.size - 1) // TILE, self.tree.rows[0]
        if not leaves:
            return
        self.compare_bundles(number)
        shown = self.compare_hashes(0, number, leaves)
        if self.twin is None and shown != leaves:
            self.twin = self.tree.copy()
        if self.twin:
            self.twin.rows[0] = list(shown)
        start = number * TILE
        for size in [size for size in self.wanted if start < size <= self.size]:
            self.check_wanted(size, cut(self.tree, size - start), self.twin and cut(self.twin, size - start))

    def close_rows(self) -> None:
        """The right edge: the last chunk, and the rows above that are not full."""
        self.close_chunk()
        for level, row in enumerate(self.tree.rows):
            if level and row:
                self.compare_hashes(level, self.size >> 8 * (level + 1), row)

    def check_wanted(self, size: int, tree: Tree, twin: Tree | None) -> None:
        """Whatever must hold at this size."""
        root = tree.root()
        for wanted in self.wanted.pop(size):
            if wanted.root is None:
                body = f"{self.key.name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
                imprints = [hashlib.new(name, body).digest() for name in ("sha256", "sha384", "sha512")]
                if not any(imprint in wanted.token for imprint in imprints):
                    raise Fault(None, wanted.file, f"stamps something else than the checkpoint of {size} entries")
                self.notes.append(f"{wanted.file}: only what it stamps was checked, not who stamped it")
            elif wanted.root != root:
                if twin and twin.root() == wanted.root and self.differs is not None:
                    raise Fault(self.differs, self.source(self.differs), "is not the entry that was signed")
                if self.suspect:
                    raise self.suspect
                raise Fault(None, wanted.file, f"signs {size} entries with another root than {root.hex()}")

    def source(self, index: int) -> str:
        """The file that entries are read from."""
        if self.has_wal:
            return "wal"
        return tile_name("entries", index // TILE, min(TILE, self.checkpoint.size - index // TILE * TILE))

    def compare_bundles(self, number: int) -> None:
        """Bundles say the same entries."""
        for width in sorted(self.tiles.pop(("entries", number), ())):
            file = tile_name("entries", number, width)
            if width > len(self.entries):
                raise Fault(number * TILE + len(self.entries), file, "holds more entries than the log")
            data, at = small(self.folder / file, file, TILE * (ENTRY_BYTES_MAX + 2)), 0
            for n, entry in enumerate(self.entries[:width]):
                piece = len(entry).to_bytes(2, "big") + entry
                if data[at : at + len(piece)] != piece:
                    self.doubt(number * TILE + n, file)
                    break
                at += len(piece)
            else:
                if at != len(data):
                    self.doubt(number * TILE + width - 1, file)
        self.demand("entries", number, 0)

    def compare_hashes(self, level: int, number: int, row: list[bytes]) -> list[bytes]:
        """Tiles say the same hashes; gives the row as the widest of them says it."""
        shown = row
        for width in sorted(self.tiles.pop((str(level), number), ())):
            file, shift = tile_name(str(level), number, width), 8 * level
            first = number * TILE
            if width > len(row):
                raise Fault((first + len(row)) << shift, file, "holds more hashes than the log")
            data, expected = small(self.folder / file, file, TILE * 32 + 1), b"".join(row[:width])
            if data != expected:
                at = next((n for n in range(width) if data[32 * n : 32 * n + 32] != row[n]), width - 1)
                self.doubt((first + at) << shift, file)
                if not level and self.differs is None:
                    self.differs = first + at
                if len(data) == len(expected):
                    shown = [data[32 * n : 32 * n + 32] for n in range(width)] + row[width:]
        self.demand(str(level), number, 8 * level)
        return shown

    def demand(self, row: str, number: int, shift: int) -> None:
        """A tile or bundle that the checkpoint needs must have been there."""
        need = min(TILE, (self.checkpoint.size >> shift) - number * TILE)
        if need > 0 and self.is_published and not self.was_there(row, number, need):
            raise Fault(number * TILE << shift, tile_name(row, number, need), "is missing")

    def was_there(self, row: str, number: int, need: int) -> bool:
        """Whether a tile at least so wide is there."""
        names = (tile_name(row, number, width) for width in range(need, TILE + 1))
        return any(os.path.lexists(self.folder / name) for name in names)

    def doubt(self, index: int, file: str) -> None:
        """Remember the first entry at which files disagree; who is wrong shows at the signed root."""
        if self.suspect is None or self.suspect.index is None or index < self.suspect.index:
            self.suspect = Fault(index, file, "does not agree with the log's entries")

    def finish(self) -> None:
        """Nothing that was signed is missing, nothing is there that does not belong."""
        if self.suspect:
            raise self.suspect
        for size in sorted(self.wanted):
            what = f"holds {self.size} entries, {self.wanted[size][0].file} is of {size}"
            raise Fault(self.size, self.source(self.size) if self.has_wal else self.wanted[size][0].file, what)
        for (row, number), widths in sorted(self.tiles.items(), key=lambda item: item[0][1]):
            level = 0 if row == "entries" else int(row)
            raise Fault(number * TILE << 8 * level, tile_name(row, number, widths[0]), "is not of this log")
        for name in sorted(self.blobs):
            raise Fault(None, f"blob/{name[:2]}/{name}", "no entry names it")
        check_event_files(self.folder, self.event_files, self.events)
        if self.sealed:
            self.notes.append(f"{self.sealed} sealed entries: their ciphertext is proved, not read")
        if not self.is_published:
            self.notes.append("no tiles and no last-signed record: only the write-ahead file is proved")
        if self.size > self.checkpoint.size:
            self.notes.append(f"{self.size - self.checkpoint.size} entries behind the checkpoint are not signed")

    def tell(self) -> None:
        """Tell a person who waits how far it is."""
        now = time.monotonic()
        if not self.settings.quiet and now - self.told > 5:
            self.told = now
            print(f"{self.folder.name}: {self.size:,} entries of {self.checkpoint.size:,}", file=sys.stderr, flush=True)


def cut(tree: Tree, width: int) -> Tree:
    """The tree as it was when its lowest row had fewer leaves."""
    return Tree([tree.rows[0][:width], *tree.rows[1:]])


# The command line.


def logs_in(folder: Path) -> list[tuple[str, Path]]:
    """The logs that a folder is or holds, governance first: it names the people's keys."""
    own = ("wal", "checkpoint", "key.pub", "tile", "signed", "genesis.json")
    if any(os.path.lexists(folder / name) for name in own):
        return [("", folder)]
    return [(name + "/", folder / name) for name in ("governance", "journal") if (folder / name).is_dir()]


def prove_all(folder: Path, settings: Settings) -> list[dict[str, Any]]:
    """Prove every log of a folder; a fault's file is told from there."""
    events, reports, origins = Events(), [], set()
    found = logs_in(folder)
    if not found:
        raise Fault(None, str(folder), "holds no log")
    for prefix, path in found:
        try:
            if path.is_symlink():
                raise Fault(None, "", "is a link")
            names = list(names_below(path))
            if names and all(re.fullmatch(r"genesis\.json|(pending/)?[0-9a-f]{64}\.json", name) for name in names):
                check_event_files(path, names, events)
                reports.append({"log": prefix.rstrip("/"), "events": events.checked, "notes": ["events only, no log"]})
                continue
            report = Log(path, settings, events).prove()
        except Fault as fault:
            raise Fault(fault.index, prefix + fault.file, fault.why) from None
        if report["origin"] in origins:
            raise Fault(None, prefix + "checkpoint", f"two logs are called {report['origin']}")
        origins.add(report["origin"])
        reports.append({"log": prefix.rstrip("/"), **report, "events": events.checked})
    for name, note in settings.notes:
        if note.origin not in origins:
            raise Fault(None, name, f"is of {note.origin}, which is not here")
    return reports


def settings_of(words: argparse.Namespace) -> Settings:
    """The command line's files and keys, read."""
    settings = Settings(quiet=words.json)
    for line in words.key:
        key = VerifierKey.parse(line.strip(), 1)
        if key is None or key.name in settings.keys:
            raise Usage(f"--key {line!r} is not a verifier key line, or the second of one log")
        settings.keys[key.name] = key
    try:
        if words.policy:
            settings.policy = Policy(small(Path(words.policy), words.policy))
        for name in words.checkpoint:
            settings.notes.append((name, note_of(small(Path(name), name), name)))
    except Fault as fault:
        raise Usage(str(fault)) from None
    if not Path(words.dir).is_dir():
        raise Usage(f"{words.dir} is not a folder")
    return settings


def main(arguments: list[str]) -> int:
    """Prove, tell, and give the exit status."""
    parser = argparse.ArgumentParser(prog="fsck.py", description="Proves a Hedgerow log from its files alone.")
    parser.add_argument("dir", help="a log's folder, or one that holds journal/ or governance/")
    parser.add_argument("--key", action="append", default=[], help="verifier key line to trust; once for each log")
    parser.add_argument("--policy", help="witness policy that must be met (C2SP tlog-policy)")
    parser.add_argument("--checkpoint", action="append", default=[], help="a signed checkpoint kept elsewhere")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    words = parser.parse_args(arguments)
    answer: dict[str, Any]
    try:
        answer = {"proved": True, "logs": prove_all(Path(words.dir), settings_of(words))}
        text = "\n".join(map(told, answer["logs"])) + "\nproved"
    except Usage as usage:
        print(f"fsck.py: {usage}", file=sys.stderr)
        return 2
    except Fault as fault:
        answer = {"proved": False, "index": fault.index, "file": fault.file, "why": fault.why}
        text = f"NOT PROVED: {fault}"
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        # No bytes are known that lead here; if some do, the log is not proved and the reader is not shown a traceback.
        answer = {"proved": False, "index": None, "file": words.dir, "why": f"{type(error).__name__}: {error}"}
        text = f"NOT PROVED: {words.dir}: {answer['why']}"
    print(json.dumps(answer) if words.json else text.encode("ascii", "backslashreplace").decode())
    return 0 if answer["proved"] else 1


def told(report: dict[str, Any]) -> str:
    """One log in words."""
    lines = []
    if "origin" in report:
        lines.append(f"{report['origin']}: {report['entries']:,} entries, {report['records']:,} records")
        lines.append(f"  root       {report['root']} of {report['signed']:,} entries, signed")
        if report["witnessed"]:
            lines.append(f"  witnessed  by {report['witnessed']}")
    lines.append(f"  events     {report['events']:,} signed by known keys")
    return "\n".join([*lines, *(f"  note       {note}" for note in report["notes"])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
