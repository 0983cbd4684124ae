"""Our published log under verifiers that others wrote: Go's checksum database, sigstore in Node, sigstore in Python.

Each verifies the files as they lie, and each catches one changed byte. What they need is installed into `target/peers`
by their own package managers, from pinned versions; a test is skipped by name where tool or registry is not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hedgerow import _core
from hedgerow.core.nouns import noun
from hedgerow.engine import proof_file

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / "target" / "peers"
ORIGIN, SEED = "peer.example/journal", bytes(range(32))
KEY = _core.log_key(ORIGIN, SEED)
OLD, SIZE = 300, 700
NO_REGISTRY = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "no such host",
    "dial tcp",
    "Connection",
    "No matching distribution",
)

SIGSTORE_PROGRAM = r"""
import base64
import json
import sys
from types import SimpleNamespace

from sigstore._internal.merkle import verify_merkle_inclusion

for name in sys.argv[1:]:
    with open(name, "rb") as opened:
        file = json.load(opened)
    head, _, note = file["proof"].partition("\n\n")
    _, index, *hashes = head.split("\n")
    _, size, root = note.split("\n")[:3]
    proof = SimpleNamespace(
        log_index=int(index.removeprefix("index ")),
        tree_size=int(size),
        root_hash=base64.b64decode(root),
        hashes=[base64.b64decode(line) for line in hashes],
    )
    body = base64.b64decode(file["entry"])
    entry = SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=body))
    verify_merkle_inclusion(entry)
    print(f"{name}: {index} of {size}")
"""


def log_in(folder: Path) -> Path:
    """A log of 700 entries, a tenth of them segments, published at 300 and at 700; returns the stream's folder."""
    bar = noun("Bar")
    with _core.JournalWriter(folder, ORIGIN, SEED) as log:
        for record in range(1, SIZE + 1):
            if record % 10 == 0:
                log.append_row(bar.kind, record, record.to_bytes(bar.dtype.itemsize, "little"))
            else:
                log.append(40, record, record.to_bytes(2 + record % 300, "little"))
            if record == OLD:
                log.publish()
    return folder / "journal"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log that all verifiers see; nobody changes it."""
    return log_in(tmp_path_factory.mktemp("log"))


def install(what: str, command: Sequence[str | Path], cwd: Path) -> None:
    """Run a package manager; skip by name if its registry cannot be reached, fail if anything else is wrong."""
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=600)
    said = ran.stdout + ran.stderr
    if ran.returncode != 0 and any(sign in said for sign in NO_REGISTRY):
        pytest.skip(f"{what}: its registry cannot be reached from here")
    assert ran.returncode == 0, said


def tool(name: str) -> str:
    """Where a tool lies; skips by name if it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; tools/prepare_tests.sh installs it when root")
    return path


def runs(command: Sequence[str | Path], cwd: Path) -> tuple[bool, str]:
    """Whether a verifier accepts, and what it says."""
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=120)
    return ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def go_peer() -> Path:
    """Go's note and tlog packages, built into one program."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    program = INSTALLED / "go-peer"
    install("golang.org/x/mod", [tool("go"), "build", "-mod=readonly", "-o", program, "."], HERE / "go")
    return program


@pytest.fixture(scope="module")
def node_peer() -> list[str | Path]:
    """The command that runs sigstore's verifier in Node."""
    folder = INSTALLED / "node"
    folder.mkdir(parents=True, exist_ok=True)
    node, npm = tool("node"), tool("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / "node" / name, folder / name)
    if not (folder / "node_modules" / "@sigstore" / "verify").is_dir():
        install("@sigstore/verify", [npm, "ci", "--no-audit", "--no-fund"], folder)
    return [node, HERE / "node" / "verify.cjs", KEY]


@pytest.fixture(scope="module")
def sigstore_peer() -> list[str | Path]:
    """The command that runs sigstore's Merkle verifier in an environment of its own."""
    folder = INSTALLED / "sigstore"
    python = folder / "bin" / "python"
    if not (folder / "installed").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
        install("sigstore", [python, "-m", "pip", "install", "-q", "--no-deps", "-r", HERE / "sigstore.txt"], HERE)
        (folder / "installed").touch()
    return [python, "-c", SIGSTORE_PROGRAM]


def flipped(path: Path, place: int) -> None:
    """Change one bit of one byte of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def test_go_verifies_signature_tiles_bundles_inclusion_and_consistency(go_peer: Path, log: Path) -> None:
    """The whole log, under the code that guards Go's modules."""
    accepts, said = runs([go_peer, log, KEY, str(OLD)], log)
    assert accepts, said
    assert f"{SIZE} entries" in said
    assert not runs([go_peer, log, _core.log_key(ORIGIN, bytes(32)), str(OLD)], log)[0]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("tile/0/000", 17),
        ("tile/0/001", 8191),
        ("tile/0/002.p/188", 100),
        ("tile/1/000.p/2", 40),
        ("tile/entries/000", 2),
        ("tile/entries/001", 5000),
        ("tile/entries/002.p/188", 1),
        ("checkpoint", 0),
        ("checkpoint", 22),
        ("checkpoint", 30),
        ("checkpoint", -5),
    ],
)
def test_go_catches_one_changed_byte(name: str, place: int, go_peer: Path, log: Path, tmp_path: Path) -> None:
    """Of a tile on any level, a bundle, and every part of the checkpoint."""
    copy = tmp_path / "journal"
    shutil.copytree(log, copy)
    flipped(copy / name, place)
    accepts, said = runs([go_peer, copy, KEY, str(OLD)], copy)
    assert not accepts, said


def proofs(log: Path, folder: Path) -> list[Path]:
    """Proof files of records at both ends, in segments, and on edges of tiles."""
    paths = []
    for record in (1, 10, 255, 256, 257, 512, 513, 699, 700):
        paths.append(folder / f"{record}.json")
        paths[-1].write_bytes(proof_file.prove(log.parent, record))
    return paths


@pytest.mark.parametrize("peer", ["node_peer", "sigstore_peer"])
def test_sigstore_verifies_proof_files(peer: str, log: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each file's inclusion; in Node the checkpoint's signature too."""
    command, paths = request.getfixturevalue(peer), proofs(log, tmp_path)
    accepts, said = runs([*command, *paths], INSTALLED / "node" if peer == "node_peer" else tmp_path)
    assert accepts, said
    assert len(said.splitlines()) == len(paths)


CHANGES = {
    "entry": lambda file: {
        **file,
        "entry": ("B" if file["entry"][30] != "B" else "C").join((file["entry"][:30], file["entry"][31:])),
    },
    "path": lambda file: {**file, "proof": changed_line(file["proof"], 2)},
    "root": lambda file: {**file, "proof": changed_line(file["proof"], file["proof"].split("\n").index("") + 3)},
}


def changed_line(text: str, number: int) -> str:
    """A text with the first letter of one line changed."""
    lines = text.split("\n")
    lines[number] = ("A" if lines[number][0] != "A" else "B") + lines[number][1:]
    return "\n".join(lines)


@pytest.mark.parametrize("peer", ["node_peer", "sigstore_peer"])
@pytest.mark.parametrize("change", CHANGES)
def test_sigstore_catches_one_changed_byte(
    peer: str, change: str, log: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Of the entry, of its path, of the checkpoint."""
    command, path = request.getfixturevalue(peer), proofs(log, tmp_path)[3]
    import json

    path.write_bytes(proof_file.written(CHANGES[change](json.loads(path.read_bytes()))))
    accepts, said = runs([*command, path], INSTALLED / "node" if peer == "node_peer" else tmp_path)
    assert not accepts, said
