"""Commands that hold the engines to other people's definitions, or open them to other people's drivers."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.fix import DictionaryDir
from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output
from hedgerow.cli.stopping import signals, until
from hedgerow.core.errors import problem

conformance = group("Conformance: our engines held to the published definitions of their protocols.")


@conformance.command("fix")
def fix(
    folder: Annotated[Path, typer.Argument(help="A folder of acceptance definitions (*.def), or one of them.")],
    dictionaries: Annotated[
        Path | None,
        typer.Option("--dictionaries", "-d", help="QuickFIX data dictionaries; default: the nearest above."),
    ] = None,
    at_once: Annotated[int, typer.Option("--at-once", help="How many are played at once.", min=1, max=256)] = 16,
    json: Json = False,
) -> None:
    """Play QuickFIX acceptance definitions against our FIX engine over TCP: a line a definition, the counts last."""
    from hedgerow.execution.fix import Dictionaries
    from hedgerow.execution.fix.acceptance import run_definitions

    output, counts = Output(json), Counter[str]()
    books = Dictionaries(dictionaries or _beside(folder))
    for verdict in run_definitions(folder, books, time.time_ns, at_once=at_once):
        name = str(verdict.path.relative_to(folder)) if verdict.path != folder else folder.name
        counts[verdict.outcome] += 1
        told = {"definition": name, "outcome": verdict.outcome, "why": verdict.why}
        output.emit(told, f"{verdict.outcome:7} {name}" + (f"  {verdict.why}" if verdict.why else ""))
    passed, failed, foreign = counts["passed"], counts["failed"], counts["foreign"]
    total = passed + failed
    last = {"passed": passed, "total": total, "failed": failed, "foreign": foreign}
    output.emit(last, f"{passed} of {total} passed, {failed} failed, {foreign} not for this engine")
    if failed:
        raise problem("WIRE_CONFORMANCE", f"{failed} of {total} definitions")


@conformance.command("serve")
def serve(
    port: Annotated[int, typer.Argument(help="The TCP port to listen on; 0 for any.", min=0, max=65_535)],
    dictionaries: DictionaryDir,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0.0)] = None,
    json: Json = False,
) -> None:
    """Serve our FIX engine as the acceptance definitions assume it, for an outside driver; until interrupted."""
    from hedgerow.execution.fix import Dictionaries
    from hedgerow.execution.fix.acceptance import echo_acceptor

    engine = echo_acceptor(host, port, Dictionaries(dictionaries), time.time_ns)
    output, stop = Output(json), threading.Event()
    is_over = until(stop, seconds)
    output.emit({"host": host, "port": engine.port, "ready": True}, f"ready on {host}:{engine.port}")
    with signals({signal.SIGTERM: stop}):
        engine.serve(is_over)


# Where dictionaries are looked for on the way up; the last is where the published ones lie beside a checkout.
_PLACES = ("dictionaries", "data/fix/dictionaries", "shared/data/fix/dictionaries")


def _beside(folder: Path) -> Path:
    """The nearest folder of dictionaries above the definitions, above the working folder, or beside this checkout."""
    for start in (folder.resolve(), Path.cwd(), Path(__file__).resolve()):
        for above in (start, *start.parents):
            for place in _PLACES:
                if any((above / place).glob("FIX*.xml*")):
                    return above / place
    raise problem("WIRE_DICTIONARY", f"no folder 'dictionaries' above {folder} or here; name it with --dictionaries")
