"""The hash of what was approved: a strategy's files, or its source, together with its frozen configuration.

An artifact's hash is the SHA-256 of its *manifest* in canonical JSON, so that anybody can recompute it:

- a file: `{"v":1,"kind":"file","sha256":...}`;
- a sealed file (age), with its manifest beside it: that manifest, `{"v":1,"kind":"sealed","ciphertext":...,
  "plaintext":...,"form":...,"abi":1,"limits":{...}}`, see `artifacts/sealing.py`;
- a folder: `{"v":1,"kind":"folder","files":{relative name: sha256}}`, all files but `__pycache__`, `*.pyc` and `.git`;
- a Python class or function: `{"v":1,"kind":"python","names":[...],"sources":[...]}`, the qualified names of the class
  and of its bases outside Hedgerow, and the SHA-256 of the source of every module they stand in;
- bytes: `{"v":1,"kind":"bytes","sha256":...}`;

each with `"config"` if there is one, its floats written as their shortest decimal text. Modules that a strategy imports
are not part of a class's hash: propose a folder where they matter.

Promises: equal artifacts have equal hashes on every machine. Never: runs the artifact.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.governance.envelope import canonical

_IGNORED_FOLDERS = frozenset({"__pycache__", ".git"})


def artifact_hash(artifact: Path | str | bytes | Callable[..., Any], config: Any = None) -> str:
    """The artifact's hash, 64 hexadecimal digits; what cannot be hashed is `GOV_ARTIFACT`.

    `artifact` is a path to a file or folder, a Python class or function, or bytes; `config` a mapping or dataclass.

    >>> artifact_hash(b"weights", {"window": 20})[:16]
    '2460af0afb428f32'
    """
    return manifest_hash(manifest(artifact, config))


def manifest_hash(whole: Mapping[str, Any]) -> str:
    """The hash by which a manifest is known: SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical(whole)).hexdigest()


def manifest(artifact: Path | str | bytes | Callable[..., Any], config: Any = None) -> dict[str, Any]:
    """What the hash covers, as a dictionary that people can compare line by line."""
    if isinstance(artifact, bytes):
        content: Mapping[str, Any] = bytes_content(artifact)
    elif isinstance(artifact, Path | str):
        content = _of_path(Path(artifact))
    elif isinstance(artifact, type | FunctionType):
        content = _of_python(artifact)
    else:
        raise problem("GOV_ARTIFACT", f"{type(artifact).__name__} is not a path, class, function or bytes")
    return with_config(content, config)


def with_config(content: Mapping[str, Any], config: Any = None) -> dict[str, Any]:
    """The manifest of a content and of the settings that it runs with, if there are any."""
    return {"v": 1, **content} if config is None else with_plain(content, plain(config))


def with_plain(content: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """The same for settings that are plain already."""
    return {"v": 1, **content, "config": config}


def plain(config: Any) -> Any:
    """Settings as a manifest has them, without floats; what is plain already stays as it is.

    >>> plain({"window": 20, "share": 0.5})
    {'window': 20, 'share': {'float': '0.5'}}
    """
    return _plain(config, "config")


def bytes_content(artifact: bytes) -> dict[str, Any]:
    """What a manifest says of bytes."""
    return {"kind": "bytes", "sha256": hashlib.sha256(artifact).hexdigest()}


def file_content(sha256: str) -> dict[str, Any]:
    """What a manifest says of a file."""
    return {"kind": "file", "sha256": sha256}


def folder_content(files: Mapping[str, str]) -> dict[str, Any]:
    """What a manifest says of a folder, from the hashes of its files by relative name."""
    return {"kind": "folder", "files": dict(files)}


def _of_path(path: Path) -> dict[str, Any]:
    if path.is_symlink() or not path.exists():
        raise problem("GOV_ARTIFACT", f"{path} is {'a link' if path.is_symlink() else 'not there'}")
    if path.is_file():
        if _is_age(path):
            from hedgerow.governance.artifacts.sealing import read_sealed

            return read_sealed(path).manifest
        return file_content(_file_hash(path))
    return folder_content({name: _file_hash(file) for name, file in files_of(path).items()})


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a folder that are part of an artifact, by relative name in order.

    Raises GOV_ARTIFACT for a link, and for a folder without files.
    """
    files = {}
    for item in sorted(folder.rglob("*")):
        relative = item.relative_to(folder)
        if _IGNORED_FOLDERS & set(relative.parts) or item.suffix == ".pyc":
            continue
        if item.is_symlink():
            raise problem("GOV_ARTIFACT", f"{item} is a link; what it points to would not be part of the artifact")
        if item.is_file():
            files[relative.as_posix()] = item
    if not files:
        raise problem("GOV_ARTIFACT", f"{folder} holds no files")
    return files


def _is_age(path: Path) -> bool:
    """An encrypted file with a manifest beside it; without one it is a file like any other."""
    from hedgerow.governance.artifacts.forms import is_sealed
    from hedgerow.governance.artifacts.sealing import manifest_path

    return is_sealed(path) and manifest_path(path).exists()


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise problem("GOV_ARTIFACT", f"{path}: {error.strerror}") from None


def _of_python(artifact: type | FunctionType) -> dict[str, Any]:
    owners = artifact.__mro__ if isinstance(artifact, type) else (artifact,)
    own = [o for o in owners if o is artifact or not _is_given(o.__module__)]
    return {
        "kind": "python",
        "names": [owner.__qualname__ for owner in own],
        "sources": sorted({_source_hash(owner) for owner in own}),
    }


def _is_given(module: str) -> bool:
    """Whether a base class comes with Hedgerow or Python: their versions stand elsewhere in the log."""
    root = module.partition(".")[0]
    return root == "hedgerow" or (root in sys.stdlib_module_names and root != "__main__")


def _source_hash(owner: type | FunctionType) -> str:
    module = sys.modules.get(owner.__module__)
    for subject in (module, owner):
        text = None if subject is None else _source(subject)
        if text is not None:
            return hashlib.sha256(text.encode()).hexdigest()
    # Typed at a prompt: no source is kept anywhere, so the compiled code stands for it.
    return hashlib.sha256(canonical({"code": _compiled(owner), "python": list(sys.version_info[:2])})).hexdigest()


def _source(subject: ModuleType | type | FunctionType) -> str | None:
    try:
        return inspect.getsource(subject)
    except (OSError, TypeError):
        return None


def _compiled(owner: type | FunctionType) -> Any:
    if isinstance(owner, FunctionType):
        return _code(owner.__code__)
    members = {}
    for name, member in vars(owner).items():
        inner = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)) or member)
        if isinstance(inner, FunctionType):
            members[name] = _code(inner.__code__)
        elif not name.startswith("__") and isinstance(inner, bool | int | float | str | tuple | list | dict | None):
            members[name] = _plain(inner, name)
    return members


def _code(code: CodeType) -> dict[str, Any]:
    constants = [_code(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts]
    return {"bytes": code.co_code.hex(), "names": [*code.co_names, *code.co_varnames], "constants": constants}


def _constant(value: Any) -> str:
    # A set's order depends on the process; its text must not.
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _plain(value: Any, where: str) -> Any:
    """A configuration value as JSON without floats; an object without a plain form is named with its place."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), f"{where}.{f.name}") for f in fields(value)}
    if isinstance(value, Mapping):
        return {_name(k): _plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, set | frozenset):
        return {"set": sorted(canonical({"": _plain(v, where)}).decode() for v in value)}
    if isinstance(value, Enum):
        return {"enum": f"{type(value).__qualname__}.{value.name}"}
    if value is None or isinstance(value, bool | str):
        return value
    return _scalar(value, where)


def _name(key: Any) -> str:
    # 1 and "1" are different keys of a mapping and must stay different here.
    return key if isinstance(key, str) else f"({type(key).__name__}) {key}"


def _scalar(value: Any, where: str) -> Any:
    kind = type(value).__name__
    if isinstance(value, float):
        return {"float": float.__repr__(value)}
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else {"int": str(int(value))}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Path):
        return {"path": value.as_posix()}
    if isinstance(value, type | FunctionType):
        return {"python": _of_python(value)}
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        return _array(value, where)
    if hasattr(value, "isoformat"):
        return {kind: value.isoformat()}
    if kind == "Decimal":
        return {"Decimal": str(value)}
    raise _no_plain_form(value, where)


def _array(value: Any, where: str) -> Any:
    """NumPy scalars as what they hold, arrays as type, shape and the hash of their bytes."""
    if not value.shape:
        return _plain(value.item(), where)
    if value.dtype.hasobject:
        raise _no_plain_form(value, where)
    dtype = value.dtype.newbyteorder("<")
    content = hashlib.sha256(value.astype(dtype, copy=False).tobytes()).hexdigest()
    return {"array": dtype.str, "shape": list(value.shape), "sha256": content}


def _no_plain_form(value: Any, where: str) -> HedgerowError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return problem("GOV_ARTIFACT", f"{where} is a {kind}, which has no plain form; use numbers, text, dates or lists")
