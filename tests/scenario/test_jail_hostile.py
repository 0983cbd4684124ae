"""Hostile strategies in each form: contained, found, and the run goes on without them."""

from __future__ import annotations

import os
import socket
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hedgerow import Bars, Costs, backtest, verify
from hedgerow.core.errors import JailError
from hedgerow.engine.jailed import JailedStrategy
from hedgerow.engine.result import Result
from hedgerow.governance.jail import JailLimits

Build = Callable[..., Path]
SOURCE = Path(__file__).parent / "hostile" / "hostile.c"
LIMITS = JailLimits(deadline_ms=2_500, memory_mib=256, module_mib=4, late_max=0, fuel=20_000_000)


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Twelve quiet days of one instrument."""
    return Bars.from_arrays(
        np.datetime64("2020-01-01") + np.arange(12), close=np.linspace(100.0, 111.0, 12), symbol="ABC"
    )


@pytest.fixture(scope="module")
def listener() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


FORBIDDEN = {"JAIL-008", "JAIL-010"}


def survives(bars: Bars, path: Path, log: Path, codes: set[str], limits: JailLimits = LIMITS) -> Result:
    """The run ends, nothing was traded, what happened is found in a log that verifies, and no process is left."""
    strategy = JailedStrategy(path, limits=limits)
    result = backtest(bars, strategy, costs=Costs.none(), log=log)
    assert len(result.equity) == len(bars) + 1
    assert len(result.orders) == 0
    found = set(result.findings["code"])
    assert found == codes or (len(codes) > 1 and found <= codes and codes != FORBIDDEN), (found, strategy.faults)
    assert (result.findings["cause"] > 0).all()
    assert result.info.notes[-1] in strategy.faults
    assert verify(log).state_hash == result.state_hash
    assert strategy._process is None
    return result


NATIVE = {
    "files": (1, FORBIDDEN),
    "folders": (2, FORBIDDEN),
    "write": (3, FORBIDDEN),
    "socket": (4, FORBIDDEN),
    "fork": (5, FORBIDDEN),
    "shell": (6, FORBIDDEN),
    "unshare": (7, FORBIDDEN),
    "ptrace": (8, FORBIDDEN),
    "signal": (9, FORBIDDEN),
    "loop": (11, {"JAIL-003"}),
    "memory": (12, {"JAIL-008"}),
    "garbage": (13, {"JAIL-005"}),
    "late": (14, {"JAIL-003"}),
    "flood": (15, {"JAIL-004"}),
    "crash": (16, {"JAIL-008"}),
    "absurd intents": (17, {"JAIL-012"}),
    "two answers": (18, {"JAIL-006", "JAIL-007"}),
}


@pytest.mark.parametrize("attack", NATIVE)
def test_a_hostile_native_program_is_contained_and_found(
    attack: str, bars: Bars, build_c: Build, listener: int, tmp_path: Path
) -> None:
    """Files, sockets, processes, loops, memory, garbage, floods and crashes get nowhere and are on the record."""
    number, codes = NATIVE[attack]
    program = build_c(SOURCE, "native", f"-DATTACK={number}", f"-DPORT={listener}")
    survives(bars, program, tmp_path / "log", codes)


def test_a_thread_is_refused_kindly(bars: Bars, build_c: Build, tmp_path: Path) -> None:
    """A program that can do without a second thread goes on; it does not get one."""
    program = build_c(SOURCE, "native", "-DATTACK=10")
    result = backtest(bars, JailedStrategy(program), costs=Costs.none())
    assert len(result.findings) == 0
    assert len(result.orders) == 0


@pytest.mark.parametrize(
    ("number", "code"), [(11, "JAIL-009"), (12, "JAIL-009"), (16, "JAIL-009"), (17, "JAIL-012")], ids=str
)
def test_a_hostile_module_is_contained_and_found(
    number: int, code: str, bars: Bars, build_c: Build, tmp_path: Path
) -> None:
    """A loop runs out of steps, memory ends at its limit, a trap and absurd intents are on the record."""
    survives(bars, build_c(SOURCE, "wasm", f"-DATTACK={number}"), tmp_path / "log", {code})


def test_a_module_that_reaches_outside_is_refused_and_found(bars: Bars, build_c: Build, tmp_path: Path) -> None:
    """Files, sockets, clocks and processes reach a module only through imports, and one import is too many."""
    source = tmp_path / "imports.c"
    source.write_text(
        '#include "hedgerow_strategy.h"\nextern int open_file(int);\n'
        "static void on_bars(const hr_now *n, const hr_bar *b, uint32_t c) {\n"
        "    if (n && open_file(7)) hr_buy(b->instrument, c);\n}\n"
        "static const hr_strategy S = {.on_bars = on_bars};\nHR_EXPORT(S)\n"
    )
    module = build_c(source, "wasm", "-Wl,--allow-undefined")
    with pytest.raises(JailError, match=r"JAIL-002 .*imports: 1 imports, none is allowed: env.open_file"):
        backtest(bars, JailedStrategy(module), log=tmp_path / "log")
    from hedgerow import _core
    from hedgerow.core.nouns import noun, records

    assert verify(tmp_path / "log").records > 0
    found = records("Finding", _core.LogReader(str(tmp_path / "log")).records(noun("Finding").kind))
    assert [_core.code_text(int(code)) for code in found["code"]] == ["JAIL-002"]


PYTHON = {
    "files": ("open('/etc/passwd').read(); return True", {"JAIL-010"}),
    "files past the watch": ("import os; os.stat('/etc/passwd'); return True", {"JAIL-009"}),
    "folders": ("import os; return bool(os.listdir('/'))", {"JAIL-010"}),
    "write": ("open('/tmp/stolen', 'w').write('x'); return True", {"JAIL-010"}),
    "swallowed": ("try: open('/etc/passwd')\n        except OSError: pass\n        return False", {"JAIL-010"}),
    "socket": (
        "socket = __import__('soc' + 'ket'); socket.create_connection(('127.0.0.1', PORT)); return True",
        {"JAIL-010"},
    ),
    "fork": ("import os; return os.fork() >= 0", {"JAIL-010"}),
    "shell": ("import os; return os.system('true') == 0", {"JAIL-010"}),
    "signal": ("import os; os.kill(-1, 9); return True", {"JAIL-010"}),
    "loop": ("while True: pass", {"JAIL-003"}),
    "memory": ("held = []\n        while True: held.append(bytearray(1 << 24))", {"JAIL-009"}),
    "garbage": (
        "import os\n        for n in range(3, 9):\n            try: os.write(n, b'this is not a frame of any kind')\n"
        "            except OSError: pass\n        return False",
        {"JAIL-005"},
    ),
    "flood": (
        "import os\n        while True: os.write(4, bytes([32]) * 65536)",
        {
            "JAIL-005",
        },
    ),
    "late": ("import time; time.sleep(9); return True", {"JAIL-003"}),
    "exception": ("return 1 // 0", {"JAIL-009"}),
    "exit": ("import os; os._exit(7)", {"JAIL-008"}),
    "below the interpreter": (
        "import sys; sys.setrecursionlimit(10**9)\n        def deep(): return deep()\n        return deep()",
        None,
    ),
}


@pytest.mark.parametrize("attack", PYTHON)
def test_a_hostile_package_is_contained_and_found(attack: str, bars: Bars, listener: int, tmp_path: Path) -> None:
    """The same attacks from Python, those that the interpreter sees and those that only the walls see."""
    body, codes = PYTHON[attack]
    folder = tmp_path / "hostile"
    folder.mkdir()
    text = """
    from hedgerow_strategy import Strategy

    class Hostile(Strategy):
        done = False

        def attack(self):
            BODY

        def on_bars(self, now, bars, orders):
            if not self.done:
                self.done = True
                if self.attack():
                    orders.buy(0, 1.0)
    """
    body = body.replace("PORT", str(listener)).replace("\n        ", "\n            ")
    (folder / "strategy.py").write_text(
        textwrap.dedent(text).replace("BODY", body.replace("\n            ", "\n        "))
    )
    if codes is None:
        strategy = JailedStrategy(folder, limits=LIMITS)
        result = backtest(bars, strategy, costs=Costs.none())
        assert len(result.orders) == 0
        assert len(result.findings) >= 1
    else:
        survives(bars, folder, tmp_path / "log", codes)


def test_the_jailed_process_sees_nothing_of_the_machine(bars: Bars, build_c: Build) -> None:
    """Two pipes and a dead end, an empty environment, no capability, a filter, and namespaces of its own."""
    from hedgerow.governance.jail import Isolation, JailedProcess

    program = build_c(SOURCE, "native", "-DATTACK=0").read_bytes()
    process = JailedProcess("native", program, LIMITS)
    try:
        place = Path(f"/proc/{process.pid}")
        assert process.isolation == Isolation.JAIL
        assert sorted(os.listdir(place / "fd")) == ["0", "1", "2"]
        assert set(filter(None, (place / "environ").read_bytes().split(b"\0"))) <= {b"PWD=/"}
        mounts = [line.split()[4] for line in (place / "mountinfo").read_text().splitlines()]
        assert sorted(mounts) == ["/", "/strategy"]
        assert os.readlink(place / "ns" / "net") != os.readlink("/proc/self/ns/net")
    finally:
        ending = process.close()
    # An honest program ends by itself if it sees the end of its questions before it is killed.
    assert ending.says in ("ended by SIGKILL", "ended with status 0")
    assert not Path(f"/proc/{process.pid}").exists()
