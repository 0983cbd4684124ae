"""Commands about what speaks for a strategy: the trials that were counted, and the evidence that the platform makes.

Each carries words and prints; the work is in `hedgerow.engine.evidence` and `hedgerow.models.trials`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.fund import Dir, desk
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.moments import At, now_ns
from hedgerow.cli.output import Json, Output, table
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.engine.evidence import Pack
    from hedgerow.models.trials import Family, Trial, TrialLedger

trials = group("Every variant that was ever run, counted.")
evidence = group("What the platform itself found when it ran a strategy.")

Books = Annotated[
    list[str] | None,
    typer.Option("--book", help="What runs already: a log's folder, or a CSV of date and value; may be repeated."),
]


@trials.command("show")
def trials_show(
    ledger: Annotated[Path, typer.Argument(help="The ledger's file, or the fund's folder.")] = Path(),
    family: Annotated[str | None, typer.Option(help="One strategy, trial by trial.")] = None,
    json: Json = False,
) -> None:
    """Show how many variants of each strategy were tried, and with which Sharpe ratios."""
    from hedgerow.models.trials import TrialLedger, ledger_file

    read = TrialLedger(ledger_file(ledger))
    head = {"lines": read.head.lines, "sha256": read.head.sha256}
    if family is None:
        rows = [_family_row(read.family(name)) for name in read.families]
        Output(json).emit({"count": read.count, "head": head, "families": rows}, lambda: _families_text(read, rows))
        return
    one = read.family(family)
    shown = {**_family_row(one), "head": head, "trials": [_trial_row(trial) for trial in one.trials]}
    Output(json).emit(shown, lambda: _family_text(one))


@evidence.command("make")
def make(
    artifact: Annotated[
        str, typer.Argument(help="FILE.py:Class, or an opaque one: .wasm, native program, package folder, sealed file.")
    ],
    data: Annotated[Path, typer.Argument(help="Bars: .csv, .csv.gz or .parquet, or a folder of them.")],
    directory: Dir = Path(),
    name: Annotated[str | None, typer.Option(help="The strategy's name in its proposal; default: the class.")] = None,
    proposed: Annotated[
        str | None, typer.Option(help="The proposal's manifest (JSON file) or its hash; default: the content's hash.")
    ] = None,
    tiers: Annotated[Path | None, typer.Option(help="Tiers, a JSON list; default: those of the fund's policy.")] = None,
    book: Books = None,
    cash: Annotated[str, typer.Option(help="Capital before the first bar.")] = "1000000",
    currency: Annotated[str, typer.Option(help="Base currency.")] = "USD",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal packs.")] = 0,
    folds: Annotated[int, typer.Option(help="Stretches of time shown by themselves.")] = 5,
    made_until: Annotated[str | None, typer.Option(help="Up to when data were used to make the strategy.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value of the strategy's Config.")] = None,
    key: Annotated[Path | None, typer.Option("--key", "-k", help="Sign it with this key of a service.")] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Run a strategy on the platform's data and store what its reviewers need to know; the run counts as a trial."""
    from hedgerow.cli.strategies import is_opaque, load_strategy, read_settings
    from hedgerow.engine import evidence as made
    from hedgerow.models.trials import TrialLedger, ledger_file

    directory.mkdir(parents=True, exist_ok=True)
    ledger = TrialLedger(ledger_file(directory))
    made.refuse_cut_ledger(ledger, directory)
    pack = made.make_evidence(
        load_strategy(artifact, read_settings(setting or []), identity),
        data,
        trials=ledger,
        name=name,
        artifact=None if is_opaque(artifact) else artifact.partition(":")[0],
        proposed=_manifest(proposed),
        tiers=made.fund_tiers(directory) if tiers is None else _tiers(tiers),
        book=_book(book or [], identity),
        capital=_money(cash),
        currency=currency,
        seed=seed,
        folds=folds,
        made_until=made_until,
    )
    told = _stored(pack, directory) | made.evidence_body(pack)
    if key is not None:
        told["signed"] = made.sign_evidence(directory, pack, key_file=key, now_ns=now_ns(None))
    Output(json).emit(told, lambda: made.text_page(pack))


@evidence.command("show")
def show(
    pack: Annotated[str, typer.Argument(help="The pack's file, or its hash or the start of it.")],
    directory: Dir = Path(),
    html: Annotated[Path | None, typer.Option(help="Write the page here as HTML.")] = None,
    json: Json = False,
) -> None:
    """Show a pack on one page: exposure, risk, liquidity; never the code."""
    from hedgerow.core.files import write_whole
    from hedgerow.engine import evidence as made

    found = _found(pack, directory)
    if html is not None:
        write_whole(html, made.html_page(found).encode())
    Output(json).emit({"pack": found.sha256, **found.content}, lambda: made.text_page(found))


@evidence.command("check")
def check(
    pack: Annotated[str, typer.Argument(help="The pack's file, or its hash or the start of it.")],
    artifact: Annotated[str, typer.Option(help="FILE.py:Class, or the opaque file or folder, as it was proposed.")],
    data: Annotated[Path, typer.Option(help="The bars that the pack names.")],
    directory: Dir = Path(),
    book: Books = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value of the strategy's Config.")] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Make a pack again from artifact, data and trial ledger, and compare every byte."""
    from hedgerow.cli.strategies import is_opaque, load_strategy, read_settings
    from hedgerow.engine import evidence as made
    from hedgerow.models.trials import ledger_file

    ledger = ledger_file(directory)
    outcome = made.check_evidence(
        _found(pack, directory),
        load_strategy(artifact, read_settings(setting or []), identity),
        data,
        artifact=None if is_opaque(artifact) else artifact.partition(":")[0],
        trials=ledger if ledger.is_file() else None,
        book=_book(book or [], identity),
    )
    Output(json).emit(outcome)


@evidence.command("sign")
def sign(
    pack: Annotated[str, typer.Argument(help="The pack's file, or its hash or the start of it.")],
    key: Annotated[Path, typer.Option("--key", "-k", help="Key file of a service with the scope `evidence`.")],
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Vouch for a pack in the governance log, so that proposals can name it."""
    from hedgerow.engine import evidence as made

    fund = desk(directory, identity, key)
    Output(json).emit(made.sign_evidence(fund, _found(pack, directory), key_file=key, now_ns=now_ns(at)))


@evidence.command("live")
def live(
    log: Annotated[Path, typer.Argument(help="The folder that holds journal/ of the run.")],
    strategy: Annotated[str, typer.Option(help="The strategy's name in its proposal.")],
    tier: Annotated[str, typer.Option(help="The tier that it ran at.")],
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")],
    directory: Dir = Path(),
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Store what a strategy did under its mandate of a tier, read from a proved log: evidence for a promotion."""
    from hedgerow.engine import evidence as made

    pack = made.make_live_evidence(log, strategy, tier, start, end, identity=identity)
    Output(json).emit(_stored(pack, directory) | {"live": made.live_claim(pack)}, lambda: made.text_page(pack))


def _stored(pack: Pack, directory: Path) -> dict[str, Any]:
    from hedgerow.core.files import write_whole
    from hedgerow.engine.evidence import html_page

    file = pack.save(directory)
    page = file.with_suffix(".html")
    write_whole(page, html_page(pack).encode())
    return {"pack": pack.sha256, "file": str(file), "page": str(page)}


def _found(word: str, directory: Path) -> Pack:
    """A pack by its file, or by the start of its hash in the fund's folder."""
    from hedgerow.engine.evidence import Pack

    if Path(word).is_file():
        return Pack.load(word)
    files = sorted((directory / "evidence").glob("*.json"))
    matches = [file for file in files if len(word) >= 4 and file.stem.startswith(word)]
    if len(matches) != 1:
        told = f"{len(matches)} packs begin so" if matches else f"{len(files)} packs are there, none begins so"
        raise problem("CLI_USAGE", f"{word!r} in {directory / 'evidence'}: {told}")
    return Pack.load(matches[0])


def _manifest(word: str | None) -> Any:
    """A manifest from its file, or the hash as it is."""
    from json import loads

    if word is None or not Path(word).is_file():
        return word
    try:
        manifest = loads(Path(word).read_text())
        if isinstance(manifest, dict):
            return manifest
    except (OSError, ValueError) as error:
        raise problem("CLI_USAGE", f"--proposed {word}: {error}") from None
    raise problem("CLI_USAGE", f"--proposed {word}: a JSON object is wanted")


def _tiers(path: Path) -> list[dict[str, Any]]:
    from json import loads

    try:
        tiers = loads(path.read_text())
        if isinstance(tiers, list) and all(isinstance(tier, dict) for tier in tiers):
            return tiers
    except (OSError, ValueError) as error:
        raise problem("CLI_USAGE", f"--tiers {path}: {error}") from None
    raise problem("CLI_USAGE", f"--tiers {path}: a JSON list of tiers is wanted")


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise problem("CLI_USAGE", f"--cash {text!r} is not an amount") from None


def _book(places: list[str], identity: Path | None) -> Any:
    """The running book: values by day of each place, by name; `None` without any."""
    import pandas as pd

    from hedgerow.engine.evidence.live import log_values

    books = {}
    for place in places:
        if Path(place).is_dir():
            books[place] = log_values(place, identity=identity)
            continue
        try:
            frame = pd.read_csv(place, index_col=0, parse_dates=True)
            books[place] = frame.iloc[:, 0].astype(float)
        except (OSError, ValueError, IndexError) as error:
            raise problem("CLI_USAGE", f"--book {place}: {error}") from None
    return books or None


def _family_row(family: Family) -> dict[str, Any]:
    ratios = family.sharpes
    return {
        "family": family.name,
        "trials": family.count,
        "with_sharpe": len(ratios),
        "best_sharpe": max(ratios, default=None),
        "mean_sharpe": sum(ratios) / len(ratios) if ratios else None,
    }


def _trial_row(trial: Trial) -> dict[str, Any]:
    variant = trial.variant
    return {
        "family": variant.family,
        "artifact": variant.artifact,
        "config": variant.config,
        "data": variant.data,
        "from_ns": str(variant.from_ns),
        "to_ns": str(variant.to_ns),
        "outcome": None if trial.outcome is None else dict(trial.outcome),
    }


def _families_text(ledger: TrialLedger, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "no trials; a run counts itself with `hedgerow backtest ... --trials FILE`"
    told = [
        (row["family"], f"{row['trials']:,}", _ratio(row["best_sharpe"]), _ratio(row["mean_sharpe"])) for row in rows
    ]
    head = f"{ledger.head.lines:,} lines, the last {ledger.head.sha256[:16]}"
    return f"{table(told, heads=('strategy', 'trials', 'best Sharpe', 'mean'))}\n{head}"


def _family_text(family: Family) -> str:
    told = []
    for trial in family.trials:
        variant, outcome = trial.variant, trial.outcome or {}
        yearly = outcome["sharpe"] * outcome["per_year"] ** 0.5 if "sharpe" in outcome else None
        days = (
            _day(variant.from_ns),
            _day(variant.to_ns),
            f"{outcome['periods']:.0f}" if "periods" in outcome else "-",
        )
        told.append((variant.artifact[:12], variant.config[:12], variant.data[:12], *days, _ratio(yearly)))
    heads = ("artifact", "settings", "data", "from", "to", "periods", "Sharpe")
    return f"{table(told, heads=heads)}\n{family.count:,} trials of {family.name}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _day(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, tz=UTC):%Y-%m-%d}"
