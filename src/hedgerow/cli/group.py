"""How a group of commands is made, so that every group answers alike: its name alone prints its help."""

from __future__ import annotations

import typer

SETTINGS = {"help_option_names": ["-h", "--help"]}


def group(says: str) -> typer.Typer:
    """A group of commands that prints its help when no command is named."""
    app = typer.Typer(help=says, context_settings=SETTINGS, invoke_without_command=True)

    @app.callback()
    def show_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return app
