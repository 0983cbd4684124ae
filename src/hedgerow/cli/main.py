"""The map of all commands, and the one place where an error becomes a message and an exit status.

Promises: `hedgerow --help` needs nothing heavy (each command imports what it uses when it runs); every command takes
`--json`; a failure's exit status is its area's in the error table (`hedgerow errors`). Never: it does no work itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hedgerow import _core
from hedgerow.cli import (
    audit,
    catalog,
    conformance,
    data,
    drafts,
    epochs,
    evidence,
    feeds,
    fix,
    governance,
    live,
    people,
    replication,
    running,
    strategy,
    sweeping,
    system,
    tca,
    venue,
    witness,
)
from hedgerow.cli.group import SETTINGS
from hedgerow.cli.output import EXIT_INTERRUPTED, Output
from hedgerow.core.errors import HedgerowError, problem

# The order of the map: what comes in, how capital is granted, what stands in the log, what helps.
ORDER = (
    "demo",
    "backtest",
    "run",
    "lint",
    "sweep",
    "strategy",
    "trials",
    "evidence",
    "data",
    "feeds",
    "fix",
    "conformance",
    "reconcile",
    "tca",
    "latency",
    "venue",
    "keys",
    "roster",
    "epochs",
    "policy",
    "propose",
    "review",
    "approve",
    "reject",
    "allocate",
    "pause",
    "demote",
    "retire",
    "revoke",
    "sign",
    "submit",
    "sequence",
    "mandates",
    "why",
    "audit",
    "witness",
    "replicate",
    "restore",
    "doctor",
    "errors",
    "glossary",
)
EPILOG = "Every command takes --json. Exit status: 0 done, otherwise the area of the error; see `hedgerow errors`."


class CommandMap(TyperGroup):
    """The commands in the order of the map; typer alone would print all groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands' names, in the order of the map."""
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    cls=CommandMap,
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


app.command(rich_help_panel="Run")(running.demo)
app.command(rich_help_panel="Run")(running.backtest)
app.add_typer(live.run, name="run", rich_help_panel="Run")
app.command(rich_help_panel="Run")(running.lint)
app.command(rich_help_panel="Run")(sweeping.sweep)
app.add_typer(evidence.trials, name="trials", rich_help_panel="Run")
app.add_typer(evidence.evidence, name="evidence", rich_help_panel="Run")
app.add_typer(strategy.strategy, name="strategy", rich_help_panel="Run")
for _question in (
    catalog.sql,
    catalog.actions,
    catalog.adjusted,
    catalog.snapshot,
    catalog.verify,
    catalog.compact,
    catalog.suspects,
    catalog.universe,
    catalog.sessions,
):
    data.data.command(_question.__name__)(_question)
app.add_typer(data.data, name="data", rich_help_panel="Data")
app.add_typer(feeds.feeds, name="feeds", rich_help_panel="Data")
app.add_typer(fix.fix, name="fix", rich_help_panel="Execution")
app.add_typer(conformance.conformance, name="conformance", rich_help_panel="Execution")
app.command(rich_help_panel="Execution")(live.reconcile)
app.command(rich_help_panel="Execution")(tca.tca)
app.command(rich_help_panel="Execution")(live.latency)
app.add_typer(venue.venue, name="venue", rich_help_panel="Execution")
app.add_typer(people.keys, name="keys", rich_help_panel="Governance")
app.add_typer(people.roster, name="roster", rich_help_panel="Governance")
app.add_typer(epochs.epochs, name="epochs", rich_help_panel="Governance")
app.add_typer(people.policy, name="policy", rich_help_panel="Governance")
for _act in (
    governance.propose,
    governance.review,
    governance.approve,
    governance.reject,
    governance.allocate,
    governance.pause,
    governance.demote,
    governance.retire,
    governance.revoke,
    drafts.sign,
    drafts.submit,
    governance.sequence,
    governance.mandates,
):
    app.command(rich_help_panel="Governance")(_act)
app.command(rich_help_panel="Log")(running.why)
app.add_typer(audit.audit, name="audit", rich_help_panel="Log")
app.add_typer(witness.witness, name="witness", rich_help_panel="Log")
app.command(rich_help_panel="Log")(replication.replicate)
app.command(rich_help_panel="Log")(replication.restore)
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
    except typer.Abort:
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `head` does; give the interpreter's last flush somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if status == EXIT_INTERRUPTED:
        output.note("interrupted")
    return status if isinstance(status, int) else 0


def main() -> int:
    """Entry point of the `hedgerow` command."""
    return run(sys.argv[1:])
