"""Artifacts: the same strategy has the same hash everywhere, and any change gives another."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hedgerow.core.errors import GovernanceError
from hedgerow.governance import artifact_hash, manifest

SOURCE = "class Momentum:\n    window = 20\n\n    def next(self):\n        return self.window\n"


class Mode(Enum):
    """A setting with names."""

    SLOW = 1


@dataclass(frozen=True)
class Config:
    """A strategy's frozen configuration."""

    window: int = 20
    threshold: float = 0.1


def load_class(path: Path, source: str) -> type:
    """Write a module, import it, and return its class `Momentum`."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("strategy_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["strategy_under_test"] = module
    spec.loader.exec_module(module)
    loaded: type = module.Momentum
    return loaded


def test_a_folders_hash_covers_names_and_contents_and_nothing_else(tmp_path: Path) -> None:
    """Caches and the folder's own place do not count; a renamed or changed file does."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "inner").mkdir(parents=True)
        (folder / "strategy.py").write_text(SOURCE)
        (folder / "inner" / "data.csv").write_bytes(b"1,2\n")
    (two / "__pycache__").mkdir()
    (two / "__pycache__" / "strategy.pyc").write_bytes(b"x")
    (two / "old.pyc").write_bytes(b"x")
    first = artifact_hash(one)
    assert artifact_hash(str(two)) == first
    (two / "inner" / "data.csv").rename(two / "inner" / "date.csv")
    assert artifact_hash(two) != first
    (one / "strategy.py").write_text(SOURCE + "\n")
    assert artifact_hash(one) != first


def test_anybody_can_recompute_the_hash_from_the_manifest(tmp_path: Path) -> None:
    """It is the SHA-256 of the manifest in canonical JSON, here spelt by the standard library."""
    (tmp_path / "s.py").write_text(SOURCE)
    spelt = json.dumps(manifest(tmp_path), sort_keys=True, separators=(",", ":"))
    assert manifest(tmp_path)["files"] == {"s.py": hashlib.sha256(SOURCE.encode()).hexdigest()}
    assert artifact_hash(tmp_path) == hashlib.sha256(spelt.encode()).hexdigest()
    assert artifact_hash(tmp_path / "s.py") != artifact_hash(tmp_path)


def test_a_path_that_cannot_be_hashed_whole_is_refused(tmp_path: Path) -> None:
    """Missing, empty and linked paths are GOV-012."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "elsewhere").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name, words in (("none", "not there"), ("empty", "no files"), ("linked", "is a link"), ("link", "is a link")):
        with pytest.raises(GovernanceError, match=f"GOV-012 .*{words}"):
            artifact_hash(tmp_path / name)


def test_a_classs_hash_is_its_source_wherever_it_lies(tmp_path: Path) -> None:
    """The same source under another path is the same artifact; one changed number is not."""
    first = artifact_hash(load_class(tmp_path / "one.py", SOURCE))
    assert artifact_hash(load_class(tmp_path / "two.py", SOURCE)) == first
    assert artifact_hash(load_class(tmp_path / "three.py", SOURCE.replace("20", "21"))) != first


def test_a_function_and_a_class_of_one_file_are_different_artifacts() -> None:
    """The name counts beside the source."""
    assert artifact_hash(load_class) != artifact_hash(Config)


def test_the_configuration_is_part_of_the_artifact() -> None:
    """A dataclass and its mapping are the same; a changed value is another artifact."""
    plain = {"window": 20, "threshold": 0.1}
    assert artifact_hash(Config, Config()) == artifact_hash(Config, plain)
    assert artifact_hash(Config, Config()) != artifact_hash(Config, Config(threshold=0.2))
    assert artifact_hash(Config) != artifact_hash(Config, {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (1, "1"),
        (0.1, 0.1 + 1e-17 + 1e-16),
        ({1: 2}, {"1": 2}),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (np.array([1, 2], dtype="i4"), np.array([1, 2], dtype="i8")),
        (dt.date(2026, 1, 1), "2026-01-01"),
        (Decimal("1.0"), Decimal("1.00")),
        ({"a", "b"}, ["a", "b"]),
        (Mode.SLOW, 1),
        (2**60, str(2**60)),
        (b"ab", "ab"),
        (Path("a"), "a"),
        (Config, "Config"),
    ],
)
def test_configurations_that_differ_have_different_hashes(one: Any, other: Any) -> None:
    """Values that look alike are told apart."""
    assert artifact_hash(b"", {"x": one}) == artifact_hash(b"", {"x": one})
    assert artifact_hash(b"", {"x": one}) != artifact_hash(b"", {"x": other})


def test_numpy_scalars_count_as_what_they_hold() -> None:
    """A window of np.int64(20) is a window of 20."""
    assert artifact_hash(b"", {"x": np.int64(20)}) == artifact_hash(b"", {"x": 20})
    assert artifact_hash(b"", {"x": np.float64(0.5)}) == artifact_hash(b"", {"x": 0.5})


@pytest.mark.parametrize("value", [object(), np.array([object()]), [{"deep": object()}]])
def test_a_configuration_without_a_plain_form_is_refused_with_its_place(value: Any) -> None:
    """An object whose text would hold a memory address never gets into a hash."""
    with pytest.raises(GovernanceError, match=r"GOV-012 .*config\.x.*no plain form"):
        artifact_hash(b"", {"x": value})


def test_what_is_no_artifact_is_refused() -> None:
    """A number is neither path, class, function nor bytes."""
    with pytest.raises(GovernanceError, match=r"GOV-012 .*int is not a path"):
        artifact_hash(7)  # type: ignore[arg-type]


TYPED = """
class Typed:
    window = {n}
    def next(self):
        return [x in {{'a', 'b', 'c', 'd'}} for x in 'ab']
    @property
    def width(self):
        return 1
    @staticmethod
    def depth():
        return 2

def typed():
    return {n}
"""


def typed(n: int, name: str = "Typed") -> Any:
    """A class or function as typed at a prompt: no file holds its source."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(TYPED.format(n=n), space)
    return space[name]


def test_what_is_typed_at_a_prompt_is_hashed_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without source the compiled code counts: equal for equal code, and another for any change."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    for name in ("Typed", "typed"):
        assert artifact_hash(typed(1, name)) == artifact_hash(typed(1, name))
        assert artifact_hash(typed(1, name)) != artifact_hash(typed(2, name))


def test_a_typed_class_has_the_same_hash_in_every_process() -> None:
    """The process's hash seed orders sets; it does not reach the artifact's hash."""
    program = f"from hedgerow.governance import artifact_hash\nexec({TYPED.format(n=1)!r})\nprint(artifact_hash(Typed))"

    def run(seed: str) -> str:
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)}
        command = [sys.executable, "-c", program]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

    assert run("1") == run("2")
