"""Commands for opaque strategies: begin one, check one, seal one, and execute one again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, table
from hedgerow.cli.pairs import pairs
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.governance.artifacts.check import Fault

strategy = group("Opaque strategies: begin, check, seal, execute again.")

Isolation = Annotated[str, typer.Option(help="Weakest isolation allowed: jail, filtered, limits or none.")]


@strategy.command()
def new(
    name: Annotated[Path, typer.Argument(help="Folder to make; its name is the strategy's.")],
    wasm: Annotated[bool, typer.Option("--wasm", help="A module of WebAssembly (the default).")] = False,
    native: Annotated[bool, typer.Option("--native", help="A static native program.")] = False,
    python: Annotated[bool, typer.Option("--python", help="A package of Python.")] = False,
    lang: Annotated[str, typer.Option(help="rust or c, for --wasm and --native.")] = "rust",
    json: Json = False,
) -> None:
    """Write a strategy that builds and runs, to begin from."""
    from hedgerow.governance.artifacts.kit import new_strategy

    chosen = [form for form, wanted in (("wasm", wasm), ("native", native), ("python", python)) if wanted]
    if len(chosen) > 1:
        raise problem("CLI_USAGE", f"one form, not {' and '.join(chosen)}")
    form = chosen[0] if chosen else "wasm"
    if form != "python" and lang not in ("rust", "c"):
        raise problem("CLI_USAGE", f"--lang {lang!r}; use rust or c")
    files = new_strategy(name, form, "python" if form == "python" else lang)  # type: ignore[arg-type]
    result = {"folder": str(name), "form": form, "files": [str(file.relative_to(name)) for file in files]}
    built = name if form == "python" else name / (f"{name.name}.wasm" if form == "wasm" else name.name)
    build = "" if form == "python" else f"make -C {name} && "
    Output(json).emit(result, f"{name}: {', '.join(result['files'])}\nNext  {build}hedgerow strategy check {built}")


@strategy.command()
def check(
    artifact: Annotated[
        Path, typer.Argument(help="A .wasm module, a native program, a package's folder, a sealed file.")
    ],
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Say everything for which an artifact would be refused; exit status 21 if there is anything."""
    from hedgerow.engine.jailed import JailedStrategy
    from hedgerow.governance.artifacts.check import check as faults_of

    made = JailedStrategy(artifact, identity=identity)
    content = made.opened_for_audit()
    faults = faults_of(content, made.limits)
    refused = [fault for fault in faults if fault.is_refused]
    result: dict[str, Any] = {
        "artifact": made.digest,
        "form": content.form.title,
        "bytes": len(content.plaintext),
        "ok": not refused,
        "faults": [{"about": f.about, "says": f.says, "refused": f.is_refused} for f in faults],
    }
    Output(json).emit(result, lambda: _check_text(artifact, result, faults))
    if refused:
        raise problem("JAIL_REFUSED", f"{artifact}: {', '.join(sorted({fault.about for fault in refused}))}")


def _check_text(artifact: Path, result: dict[str, Any], faults: list[Fault]) -> str:
    head = f"{artifact}: {result['form']}, {result['bytes']:,} bytes, artifact {result['artifact'][:16]}"
    rows = [("refused" if fault.is_refused else "unwise", fault.about, fault.says) for fault in faults]
    return f"{head}\n{table(rows)}" if rows else f"{head}\nnothing would be refused"


@strategy.command()
def seal(
    artifact: Annotated[Path, typer.Argument(help="A .wasm module, a native program or a package's folder.")],
    to: Annotated[list[str], typer.Option("--to", help="ROLE=age1...; give runner, author and escrow.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Sealed file; default: the artifact's name and .age.")
    ] = None,
    limit: Annotated[list[str] | None, typer.Option("--limit", help="NAME=NUMBER of the limits it runs under.")] = None,
    json: Json = False,
) -> None:
    """Encrypt an artifact to its runner, its author and an escrow, and write the manifest that people sign."""
    from hedgerow.governance.artifacts.check import refuse
    from hedgerow.governance.artifacts.forms import read_artifact
    from hedgerow.governance.artifacts.sealing import manifest_path, write_sealed
    from hedgerow.governance.artifacts.sealing import seal as sealed_from
    from hedgerow.governance.jail import JailLimits

    limits = JailLimits.from_json({name: _number(value) for name, value in pairs("--limit", limit or []).items()})
    content = read_artifact(artifact)
    refuse(content, limits)
    sealed = sealed_from(content, pairs("--to", to), limits)
    target = artifact.with_name(artifact.name + ".age") if out is None else out
    write_sealed(sealed, target)
    Output(json).emit(
        {
            "sealed": str(target),
            "manifest": str(manifest_path(target)),
            "artifact": sealed.artifact_hash,
            "form": content.form.title,
        }
    )


@strategy.command()
def replay(
    log: Annotated[Path, typer.Argument(help="Folder of the log.")],
    artifact: Annotated[Path, typer.Argument(help="The artifact that ran.")],
    identity: Identity = None,
    log_identity: Annotated[
        Path | None, typer.Option(help="Age identity file that opens the log, if another than --identity.")
    ] = None,
    number: Annotated[int, typer.Option(help="Number of the strategy in the log.")] = 0,
    isolation: Isolation = "jail",
    json: Json = False,
) -> None:
    """Execute an artifact again over its taped questions: the same answers, and the orders that the log holds."""
    from hedgerow.engine.jail_replay import replay_strategy

    replayed = replay_strategy(
        log, artifact, identity=identity, log_identity=log_identity, number=number, isolation=isolation
    )
    Output(json).emit(replayed.to_json())


def _number(text: str) -> int:
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise problem("CLI_USAGE", f"--limit {text!r} is not a whole number") from None
