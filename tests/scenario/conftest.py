"""What scenarios share: compilers that build opaque strategies as the guide says, and servers on loopback."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Build = Callable[..., Path]


def run(words: list[str]) -> None:
    """A compiler's words; what it says is shown where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def build_c(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a strategy in C: `build_c(source, "wasm" or "native", "-DATTACK=1")`; each only once."""
    folder, built = tmp_path_factory.mktemp("built"), {}
    include = root / "crates" / "hedgerow-strategy"
    clang = next((found for name in ("clang", "clang-14") if (found := shutil.which(name))), None)

    def build(source: Path, form: str, *flags: str) -> Path:
        key = (source, form, flags)
        if key not in built:
            out = folder / f"{source.stem}{len(built)}{'.wasm' if form == 'wasm' else ''}"
            common = ["-O2", "-ffp-contract=off", f"-I{include}", *flags, "-o", str(out), str(source)]
            if form == "wasm":
                assert clang is not None, (
                    "clang with wasm-ld is not here; tools/prepare.sh installs clang-14 and lld-14"
                )
                wasm = ["--target=wasm32", "-nostdlib", "-ffreestanding", "-Wl,--no-entry", "-Wl,-s"]
                run([clang, *wasm, *common])
            else:
                run(["cc", "-static", "-s", "-pthread", *common])
            built[key] = out
        return built[key]

    return build


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server's address up to the path, and the configuration that knows its key."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if sshd is None or shutil.which("ssh") is None:
        pytest.skip("OpenSSH is not installed")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile {folder}/pid\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nStrictModes no\n"
        "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    public = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    (folder / "ssh_config").write_text(
        f"IdentityFile {folder}/client\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known_hosts\n"
        "StrictHostKeyChecking yes\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}", folder / "ssh_config"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Until something listens there."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
