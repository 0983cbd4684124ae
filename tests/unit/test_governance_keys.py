"""Keys: test vectors, files that openssl reads and writes, and every file that must be refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hedgerow import _core
from hedgerow.core.errors import GovernanceError
from hedgerow.governance import Key, load_public

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
]


def openssl(*arguments: str | Path) -> bytes:
    """Run openssl and return what it prints."""
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_a_key_signs_as_rfc_8032_prints(seed: str, public: str, message: str, signature: str) -> None:
    """Public key and signature are those of the standard's test vectors, and verify."""
    key = Key.from_seed(bytes.fromhex(seed))
    assert key.public_hex == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert _core.ed25519_verify(key.public, bytes.fromhex(message), bytes.fromhex(signature))


def test_a_malformed_key_or_signature_verifies_nothing() -> None:
    """Wrong lengths and a changed message are false, not an exception."""
    key = Key.from_seed(bytes(32))
    signature = key.sign(b"yes")
    assert not _core.ed25519_verify(key.public, b"no", signature)
    assert not _core.ed25519_verify(key.public[:31], b"yes", signature)
    assert not _core.ed25519_verify(key.public, b"yes", signature[:63])


def test_a_saved_key_loads_as_the_same_key_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """The file has mode 600 and holds the key."""
    key = Key.generate("Rita")
    path = key.save(tmp_path / "keys" / "rita.pem")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Key.load(path, name="Rita") == key
    assert Key.load(path).name == "rita"
    assert load_public(key.save_public(tmp_path / "rita.pub.pem")) == key.public
    assert load_public(key.public_hex) == key.public


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Saving twice is an error, and the first key stays."""
    first = Key.generate("Rita")
    path = first.save(tmp_path / "rita.pem")
    with pytest.raises(GovernanceError, match=r"GOV-011 .*never overwritten"):
        Key.generate("Rita").save(path)
    assert Key.load(path, name="Rita") == first


def test_a_key_never_shows_its_private_bytes() -> None:
    """The private seed stands neither in the text nor in the representation of a key."""
    key = Key.from_seed(b"s" * 32, name="Rita")
    assert (b"s" * 32).hex() not in repr(key)
    assert "ssss" not in repr(key)


def test_two_generated_keys_differ() -> None:
    """Keys come from the operating system's randomness."""
    assert Key.generate("a").public != Key.generate("a").public


@needs_openssl
def test_openssl_reads_our_key_and_verifies_our_signature(tmp_path: Path) -> None:
    """Private and public files are openssl's own formats, and its public key is ours."""
    key = Key.generate("Rita")
    private, public = key.save(tmp_path / "k.pem"), key.save_public(tmp_path / "k.pub.pem")
    assert openssl("pkey", "-in", private, "-pubout") == public.read_bytes()
    (tmp_path / "message").write_bytes(b"yes")
    (tmp_path / "signature").write_bytes(key.sign(b"yes"))
    files: list[str | Path] = ["-in", tmp_path / "message", "-sigfile", tmp_path / "signature"]
    assert b"Verified" in openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", *files)


@needs_openssl
def test_we_read_a_key_that_openssl_made(tmp_path: Path) -> None:
    """A key of `openssl genpkey` loads, and both agree on its public key."""
    openssl("genpkey", "-algorithm", "ed25519", "-out", tmp_path / "k.pem")
    (tmp_path / "k.pem").chmod(0o600)
    openssl("pkey", "-in", tmp_path / "k.pem", "-pubout", "-out", tmp_path / "k.pub.pem")
    assert Key.load(tmp_path / "k.pem").public == load_public(tmp_path / "k.pub.pem")


@needs_openssl
def test_a_key_of_another_kind_or_under_a_pass_phrase_is_refused(tmp_path: Path) -> None:
    """X25519 and encrypted keys are named as what they are."""
    openssl("genpkey", "-algorithm", "x25519", "-out", tmp_path / "x.pem")
    openssl("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:p", "-out", tmp_path / "e.pem")
    for name, words in (("x.pem", "no Ed25519 private key"), ("e.pem", "ENCRYPTED PRIVATE KEY")):
        (tmp_path / name).chmod(0o600)
        with pytest.raises(GovernanceError, match=f"GOV-011 .*{words}"):
            Key.load(tmp_path / name)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_could_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    """The message names the mode and the remedy."""
    path = Key.generate("Rita").save(tmp_path / "rita.pem")
    path.chmod(mode)
    with pytest.raises(GovernanceError, match=f"GOV-011 .*mode {mode:03o}.*chmod 600"):
        Key.load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PEM header"),
        (b"hello", "no PEM header"),
        (b"\xff\xfe", "not text"),
        (b"-----BEGIN PRIVATE KEY-----\nMC4CAQ\n", "BEGIN PRIVATE KEY"),
        (b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nMC4CAQA=\n-----END PRIVATE KEY-----\n", "no Ed25519 private key"),
        (b"-----BEGIN PUBLIC KEY-----\nMC4CAQA=\n-----END PUBLIC KEY-----\n", "BEGIN PUBLIC KEY"),
    ],
)
def test_a_damaged_key_file_is_refused_with_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    """Every kind of damage is GOV-011 with its reason."""
    path = tmp_path / "bad.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(GovernanceError, match=f"GOV-011 .*{words}"):
        Key.load(path)


def test_a_missing_or_wrong_public_key_is_refused(tmp_path: Path) -> None:
    """A private key's file is no public key, and neither is a file that is not there."""
    private = Key.generate("Rita").save(tmp_path / "rita.pem")
    short = tmp_path / "short.pem"
    short.write_text("-----BEGIN PUBLIC KEY-----\nMC4CAQA=\n-----END PUBLIC KEY-----\n")
    for path, words in ((private, "BEGIN PRIVATE"), (tmp_path / "none", "No such file"), (short, "no Ed25519 public")):
        with pytest.raises(GovernanceError, match=f"GOV-011 .*{words}"):
            load_public(path)


def test_a_seed_of_the_wrong_length_is_refused() -> None:
    """31 bytes are no key, neither here nor in the core."""
    with pytest.raises(GovernanceError, match="these are 31"):
        Key.from_seed(bytes(31))
    with pytest.raises(_core.CoreProblem, match="these are 31"):
        _core.ed25519_sign(bytes(31), b"")


def test_a_key_cannot_be_written_where_a_file_stands_in_the_way(tmp_path: Path) -> None:
    """A folder that cannot be made is GOV-011 with the system's reason."""
    (tmp_path / "keys").write_text("")
    with pytest.raises(GovernanceError, match="GOV-011"):
        Key.generate("Rita").save(tmp_path / "keys" / "rita.pem")
    with pytest.raises(GovernanceError, match="GOV-011"):
        Key.generate("Rita").save_public(tmp_path / "keys" / "rita.pub.pem")
