"""The map of all commands, and the one place where an error becomes a message and an exit status.

Promises: `hedgerow --help` needs nothing heavy (each command imports what it uses when it runs); every command takes
`--json`; a failure's exit status is its area's in the error table (`hedgerow errors`). Never: it does no work itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hedgerow import _core
from hedgerow.cli import system
from hedgerow.cli.group import SETTINGS
from hedgerow.cli.output import EXIT_INTERRUPTED, Output
from hedgerow.core.errors import HedgerowError, problem

EPILOG = "Every command takes --json. Exit status: 0 done, otherwise the area of the error; see `hedgerow errors`."

app = typer.Typer(
    name="hedgerow",
    help="Run a quantitative hedge fund from research to audit: every decision about money signed, in order, provable.",
    epilog=EPILOG,
    context_settings=SETTINGS,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hedgerow {_core.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# The order of these lines is the order of the map.
app.command(rich_help_panel="System")(system.doctor)
app.command(rich_help_panel="System")(system.errors)
app.command(rich_help_panel="System")(system.glossary)


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit status; errors are printed, never raised.

    >>> run(["errors", "DATA-009"])
    DATA-009 (DATA_EMPTY), exit status 11
      the file or table has no rows
      check the source
    0
    """
    output = Output(json="--json" in words)
    try:
        status = app(list(words), prog_name="hedgerow", standalone_mode=False)
    except HedgerowError as error:
        return output.fail(error)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        where = f" (in `{context.command_path}`)" if context else ""
        return output.fail(problem("CLI_USAGE", error.format_message().rstrip(".") + where))
    except (KeyboardInterrupt, typer.Abort):
        output.note("interrupted; nothing unacknowledged was sent")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `head` does; give the interpreter's last flush somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status if isinstance(status, int) else 0


def main() -> int:
    """Entry point of the `hedgerow` command."""
    return run(sys.argv[1:])
