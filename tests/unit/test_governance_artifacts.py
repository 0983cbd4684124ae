"""Opaque artifacts: forms, packing, what is refused, and sealing."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.errors import GovernanceError, HedgerowError, JailError, RunError
from hedgerow.governance.artifact import artifact_hash, manifest
from hedgerow.governance.artifacts.check import check
from hedgerow.governance.artifacts.forms import Artifact, Form, form_of, is_artifact, read_artifact
from hedgerow.governance.artifacts.packing import pack_folder, unpack
from hedgerow.governance.artifacts.sealing import (
    ROLES,
    Sealed,
    manifest_path,
    open_sealed,
    read_sealed,
    seal,
    write_sealed,
)
from hedgerow.governance.envelope import canonical
from hedgerow.governance.identity import Identity
from hedgerow.governance.jail import JailLimits
from hedgerow.governance.jail.elf import read_elf

STRATEGY = "from hedgerow_strategy import Strategy\n\nclass Mine(Strategy):\n    pass\n"


def package(folder: Path, **files: str) -> Path:
    """A package with these sources."""
    folder.mkdir()
    for name, text in ({"strategy": STRATEGY} | files).items():
        (folder / f"{name}.py").write_text(text)
    return folder


def abouts(path: Path) -> list[str]:
    """What is wrong with an artifact, by subject."""
    return [fault.about for fault in check(read_artifact(path))]


def test_equal_folders_pack_to_equal_bytes(tmp_path: Path) -> None:
    """Order of making, times and caches do not matter; a changed byte does."""
    one, two = package(tmp_path / "one", a="A = 1", b="B = 2"), package(tmp_path / "two", b="B = 2", a="A = 1")
    (two / "__pycache__").mkdir()
    (two / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert pack_folder(one) == pack_folder(two)
    assert unpack(pack_folder(one))["a.py"] == b"A = 1"
    (two / "a.py").write_text("A = 3")
    assert pack_folder(one) != pack_folder(two)


def test_links_and_empty_folders_are_refused(tmp_path: Path) -> None:
    """What a link points to would not be part of the artifact."""
    folder = package(tmp_path / "one")
    (folder / "passwd.py").symlink_to("/etc/passwd")
    with pytest.raises(GovernanceError, match=r"GOV-012 .*passwd.py is a link"):
        pack_folder(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GovernanceError, match="holds no files"):
        pack_folder(tmp_path / "empty")


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.py", "a/../../up.py", "..\\up.py"])
def test_names_that_lead_out_of_a_package_are_refused(name: str) -> None:
    """An archive from elsewhere may name anything."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(GovernanceError, match="GOV-012"):
        unpack(held.getvalue())
    assert [fault.about for fault in check(Artifact(Form.PYTHON, held.getvalue()))] == ["format"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused() -> None:
    """Which of them would run depends on who unpacks."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("strategy.py", "x")
        archive.writestr("strategy.py", "y")
    with pytest.raises(GovernanceError, match="one name"):
        unpack(held.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_with_any_byte_changed_is_read_or_refused_by_name(method: int) -> None:
    """Whatever the decompressor makes of it."""
    held, refused = io.BytesIO(), 0
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("strategy.py", STRATEGY * 9)
        archive.writestr("\u00e9.py", "x = 1\n" * 9)
    whole = held.getvalue()
    for at in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            try:
                unpack(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            except GovernanceError:
                refused += 1
    assert refused > len(whole)


@given(st.binary(max_size=400))
def test_random_bytes_are_no_artifact_and_never_a_crash(data: bytes) -> None:
    """Whatever the form is said to be, what is wrong is told."""
    for form in Form:
        assert check(Artifact(form, data)) != []
    with pytest.raises(HedgerowError):
        unpack(b"PK\x03\x04" + data)


def test_what_a_package_may_not_hold_is_told_at_once(tmp_path: Path) -> None:
    """Syntax, imports that lead nowhere, native code and a missing entry, each with its place."""
    folder = package(
        tmp_path / "one",
        bad="def (:",
        other="import requests\nimport socket\nfrom . import x\nimport numpy\nimport a_own",
        a_own="import json",
    )
    (folder / "fast.so").write_bytes(b"\x7fELF")
    assert sorted(abouts(folder)) == ["imports", "imports", "native code", "syntax"]
    says = " ".join(fault.says for fault in check(read_artifact(folder)))
    assert "other.py:1 imports requests" in says
    assert "other.py:2 imports socket" in says
    (folder / "strategy.py").unlink()
    assert "entry" in abouts(folder)
    assert abouts(package(tmp_path / "good")) == []


def test_a_program_must_be_static_stripped_and_of_this_machine(tmp_path: Path) -> None:
    """Dynamic, unstripped, foreign and linkable files are told apart."""
    source = tmp_path / "main.c"
    source.write_text("int main(void) { return 0; }\n")

    def built(name: str, *flags: str) -> Path:
        subprocess.run(["cc", *flags, "-o", str(tmp_path / name), str(source)], check=True)
        return tmp_path / name

    assert abouts(built("good", "-static", "-s")) == []
    assert abouts(built("dynamic", "-s")) == ["dynamic", "dynamic"]
    assert abouts(built("named", "-static")) == ["names"]
    assert "names" in abouts(built("debug", "-static", "-g"))
    assert "format" in abouts(built("object", "-c"))
    foreign = bytearray((tmp_path / "good").read_bytes())
    foreign[18] = 243
    assert [fault.about for fault in check(Artifact(Form.NATIVE, bytes(foreign)))] == ["machine"]


@given(st.binary(max_size=64), st.integers(0, 200), st.data())
def test_an_elf_file_cut_or_changed_is_read_or_refused(tail: bytes, length: int, data: Any) -> None:
    """Tables that point outside are a plain refusal, never another error."""
    true = Path(shutil.which("true") or "/bin/true").read_bytes()
    spoiled = bytearray(true[:length] + tail) if data.draw(st.booleans()) else bytearray(true)
    for _ in range(data.draw(st.integers(0, 4))):
        if spoiled:
            spoiled[data.draw(st.integers(0, min(len(spoiled), 200) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        assert read_elf(bytes(spoiled)).kind >= 0


def test_forms_are_told_apart_by_their_first_bytes(tmp_path: Path) -> None:
    """A text, a missing file and a folder without a strategy are no artifacts."""
    assert form_of(b"\0asm") == Form.WASM
    assert form_of(b"#!/bin/sh") is None
    text = tmp_path / "text"
    text.write_text("print()")
    assert not is_artifact(text)
    assert not is_artifact(tmp_path / "missing")
    assert is_artifact(package(tmp_path / "one"))
    with pytest.raises(GovernanceError, match="is no module, program or package"):
        read_artifact(text)
    with pytest.raises(GovernanceError, match="No such file"):
        read_artifact(tmp_path / "missing")


@pytest.fixture
def keys() -> dict[str, Identity]:
    """Three identities by role, and a stranger's."""
    return {role: Identity.generate() for role in (*ROLES, "stranger")}


def recipients(keys: dict[str, Identity]) -> dict[str, str]:
    """Whom it is sealed to, by role."""
    return {role: keys[role].recipient for role in ROLES}


def sealed_by(keys: dict[str, Identity], content: bytes = b"\0asm\x01\0\0\0secret alpha") -> Sealed:
    """A sealed artifact for the three."""
    return seal(Artifact(Form.WASM, content), recipients(keys), JailLimits(), entropy=bytes(32))


def test_three_open_a_sealed_artifact_and_nobody_else(keys: dict[str, Identity], tmp_path: Path) -> None:
    """Runner, author and escrow get the very bytes; neither file tells anything of them."""
    sealed = sealed_by(keys)
    write_sealed(sealed, tmp_path / "s.age")
    again = read_sealed(tmp_path / "s.age")
    assert again == sealed
    for role in ("runner", "author", "escrow"):
        assert open_sealed(again, keys[role]).plaintext.endswith(b"secret alpha")
    with pytest.raises(JailError, match="JAIL-011"):
        open_sealed(again, keys["stranger"])
    for path in (tmp_path / "s.age", manifest_path(tmp_path / "s.age")):
        assert b"alpha" not in path.read_bytes()


def test_the_hash_that_people_sign_is_the_manifests(keys: dict[str, Identity], tmp_path: Path) -> None:
    """`artifact_hash` of the sealed file covers both commitments, the form and the limits."""
    sealed = sealed_by(keys)
    write_sealed(sealed, tmp_path / "s.age")
    assert artifact_hash(tmp_path / "s.age") == sealed.artifact_hash
    assert manifest(tmp_path / "s.age") == sealed.manifest
    assert set(sealed.manifest) == {"v", "kind", "ciphertext", "plaintext", "form", "abi", "limits"}
    assert sealed_by(keys) == sealed, "equal entropy gives equal files"
    salted, other = (seal(Artifact(Form.WASM, b"\0asm"), recipients(keys), JailLimits()) for _ in range(2))
    assert salted.manifest["plaintext"] != other.manifest["plaintext"], "a guess could be tried against it"


def test_recipients_must_be_three_different_keys(keys: dict[str, Identity]) -> None:
    """A missing role, a role that is none, the same key twice and a text that is no key are named."""
    to, artifact = recipients(keys), Artifact(Form.WASM, b"\0asm")
    for changed, says in (
        ({"runner": to["runner"]}, "no recipient for author, escrow"),
        (to | {"escrow": to["author"]}, "three keys"),
        (to | {"runer": to["author"]}, "did you mean 'runner'"),
        (to | {"escrow": "age1nonsense"}, "not an age1... recipient"),
    ):
        with pytest.raises(HedgerowError, match=says):
            seal(artifact, changed, JailLimits())


def test_a_changed_byte_of_either_file_is_found_before_anything_runs(keys: dict[str, Identity], tmp_path: Path) -> None:
    """Ciphertext, every field of the manifest, and a manifest that is not canonical."""
    path = tmp_path / "s.age"
    sealed = sealed_by(keys)
    write_sealed(sealed, path)
    whole = path.read_bytes()
    for at in range(30, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(JailError, match="JAIL-011"):
            read_sealed(path)
    path.write_bytes(whole)
    for name, value in (
        ("ciphertext", "0" * 64),
        ("plaintext", "0" * 64),
        ("form", "native"),
        ("abi", 2),
        ("v", 2),
        ("kind", "file"),
        ("limits", JailLimits(fuel=5_000).to_json()),
    ):
        manifest_path(path).write_bytes(canonical(sealed.manifest | {name: value}))
        with pytest.raises((JailError, RunError)):
            open_sealed(read_sealed(path), keys["runner"])
    manifest_path(path).write_text(json.dumps(sealed.manifest, indent=1))
    with pytest.raises(JailError, match="canonical"):
        read_sealed(path)
    manifest_path(path).unlink()
    with pytest.raises(JailError, match="No such file"):
        read_sealed(path)


def test_nothing_that_exists_is_written_over(keys: dict[str, Identity], tmp_path: Path) -> None:
    """A second sealing to the same place is refused and changes neither file."""
    write_sealed(sealed_by(keys), tmp_path / "s.age")
    before = (tmp_path / "s.age").read_bytes()
    with pytest.raises(HedgerowError, match="CLI-002"):
        write_sealed(sealed_by(keys), tmp_path / "s.age")
    assert (tmp_path / "s.age").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.age", "s.age.json"]


def test_the_hash_is_of_the_bytes_that_were_read(tmp_path: Path) -> None:
    """For a file and a folder it is the path's hash; what is changed afterwards neither runs nor is hashed."""
    file, folder = tmp_path / "s.wasm", package(tmp_path / "one", a="A = 1")
    file.write_bytes(b"\0asm\x01\0\0\0")
    for path, changed in ((file, file), (folder, folder / "a.py")):
        read, before = read_artifact(path), artifact_hash(path)
        changed.write_bytes(changed.read_bytes() + b" ")
        assert read.artifact_hash == before != artifact_hash(path)
    link = tmp_path / "link"
    for target in (file, folder):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(GovernanceError, match="is a link"):
            read_artifact(link)
