"""Commands about FIX: what messages say, by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output

if TYPE_CHECKING:
    from hedgerow.execution.fix import ShownMessage

DictionaryDir = Annotated[
    Path,
    typer.Option("--dictionaries", "-d", help="A folder of QuickFIX data dictionaries (FIX44.xml, FIXT11.xml, ...)."),
]

fix = group("FIX: messages field by field, by name.")


@fix.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A file of FIX messages: a log, a recording; gzip or not.")],
    dictionaries: DictionaryDir,
    faulty: Annotated[bool, typer.Option("--faulty", help="Only messages that have a fault.")] = False,
    json: Json = False,
) -> None:
    """Print the messages of a file field by field, by name, each with its fault if it has one; counts come last."""
    from hedgerow.execution.fix import Dictionaries, read_messages

    output, kinds, faults = Output(json), Counter[str](), 0
    for message in read_messages(file, Dictionaries(dictionaries)):
        kinds[message.name or message.msg_type] += 1
        faults += message.fault is not None
        if message.fault or not faulty:
            output.emit(asdict(message), lambda message=message: _text(message))  # type: ignore[misc]
    total = kinds.total()
    counts = {"messages": total, "faulty": faults, "kinds": dict(kinds.most_common())}
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    output.emit(counts, f"{total:,} messages, {faults:,} with a fault: {listed}")


def _text(message: ShownMessage) -> str:
    lines = [f"{message.index}  {message.version} {message.name or message.msg_type}"]
    for field in message.fields:
        meaning = f"  ({field.meaning})" if field.meaning else ""
        lines.append(f"  {'  ' * field.depth}{field.name} ({field.tag}) = {field.value}{meaning}")
    return "\n".join([*lines, *([f"  ! {message.fault}"] if message.fault else [])])
