"""Commands that run the fund: the demonstration, a backtest of a file's strategy, and the walk back from a record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.books import (
    Assume,
    AssumeFile,
    Between,
    Currency,
    Depth,
    FaultyQuotes,
    Lot,
    Named,
    QuoteSize,
    Rule,
    Tick,
    read_assumptions,
    read_data,
)
from hedgerow.cli.fund import desk
from hedgerow.cli.holding import Actions, Terms, read_holding
from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from hedgerow.engine.demo import Demo
    from hedgerow.engine.lint import Lint
    from hedgerow.engine.opaque import Opaque
    from hedgerow.engine.result import Result
    from hedgerow.governance import Desk
    from hedgerow.governance.epochs import Epoch
    from hedgerow.ledger.metrics import Performance
    from hedgerow.market.bars import Bars


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the log and the report.")] = Path("demo-out"),
    seed: Annotated[int, typer.Option(help="Equal seeds give equal journals, byte for byte.")] = 7,
    data: Annotated[Path | None, typer.Option(help="Bars of your own: .csv, .csv.gz or .parquet.")] = None,
    trade_from: Annotated[str | None, typer.Option(help="First day traded, YYYY-MM-DD; before it is training.")] = None,
    algorithm: Annotated[str, typer.Option(help="Works the orders: twap, pov, vwap or is.")] = "twap",
    json: Json = False,
) -> None:
    """Run the whole fund on real prices: train, propose, sign, trade, report, prove."""
    from hedgerow.engine.demo import run_demo

    output = Output(json)
    done = run_demo(
        out,
        seed=seed,
        data=data,
        trade_from=trade_from,
        algorithm=algorithm,
        tell=lambda step: output.note(f"  {step}"),
    )
    output.emit(done.to_json(), lambda: demo_text(done))


def demo_text(done: Demo) -> str:
    """What the demonstration did, for a fund manager."""
    result, benchmark = done.run.result, done.run.benchmark
    first, last = result.equity.index[0], result.equity.index[-1]
    ahead = result.final_nav - benchmark.final_nav
    verdict = "ahead of" if ahead >= 0 else "BEHIND"
    span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    gap = f"{abs(ahead):,.0f} {result.info.currency} {verdict}"
    return "\n".join(
        [
            "",
            f"Out of sample {span}, net of costs; hypothetical: simulated venue, real prices",
            "",
            table(_figures(result, benchmark), heads=("", "strategy", "buy and hold")),
            "",
            f"The strategy ended {gap} buying and holding the same universe.",
            *(f"Note: {note}." for note in result.info.notes),
            "",
            f"Denied   {done.run.unsigned_order.message}",
            "         (one of two signatures was there)",
            f"Denied   {done.run.oversized_order.message}",
            "",
            *_loss_lines(done),
            "",
            *_opaque_lines(done.opaque),
            "",
            *_proof_lines(done),
        ]
    )


def _loss_lines(done: Demo) -> list[str]:
    if not done.largest_loss:
        return ["No round trip was closed."]
    loss = done.largest_loss
    told = f"Largest loss: {loss['symbol']} {loss['pnl']:,.2f} (hedgerow why {loss['id']})"
    return [told, *(f"  {cause.id:>7}  {cause.noun:<11} {cause.says}" for cause in done.causes)]


def _opaque_lines(opaque: Opaque | str) -> list[str]:
    """What became of the strategy that nobody here can read."""
    if isinstance(opaque, str):
        return [f"Opaque   left out: {opaque}"]
    result, replayed = opaque.result, opaque.replayed
    level = f"isolation {replayed.isolation}" + (f" ({opaque.without_jail})" if opaque.without_jail else "")
    became = f"{result.info.cash:,.0f} became {result.final_nav:,.0f} {result.info.currency}"
    days = f"{opaque.pack.content['data']['days']:,} days before"
    return [
        f"Opaque   a second strategy, which nobody at the fund can read: WebAssembly on {opaque.symbol}, {level}",
        f"         {became} in {len(result.fills):,} fills; sealed in {opaque.sealed}",
        f"Evidence the tier demands it, and the fund made it itself on {days}:",
        f"         {opaque.page}",
        f"Unread   {opaque.refused}",
        "         (bob, who approved it, tried)",
        f"Repeated by an auditor: {replayed.questions:,} answers and {replayed.orders:,} orders as in its log",
    ]


def _proof_lines(done: Demo) -> list[str]:
    proof, log = done.proof, done.folder / "log"
    outside = done.outside
    handed_out = f"{outside.witnessed}; the sealed journal, {outside.restored.entries:,} entries, rebuilt by an auditor"
    proved = f"{proof.records:,} records proved, {proof.effects:,} effects derived again, root {proof.root[:16]}"
    return [
        f"Log      {proved}",
        f"Tampered {done.tamper_error or 'NOT CAUGHT'}",
        f"Outside  {handed_out}",
        f"Stamped  {outside.stamped.says}",
        f"Took     {done.seconds:.1f} s",
        f"Report   {done.report}",
        f"Next     hedgerow why {done.largest_loss.get('id', 1)} --log {log}",
        f"         hedgerow audit verify {log}",
        *_opaque_next(done),
    ]


def _opaque_next(done: Demo) -> list[str]:
    if isinstance(done.opaque, str):
        return []
    auditor = f"--identity {done.run.team.auditor_file} --number {done.opaque.replayed.strategy}"
    return [
        f"         hedgerow evidence show {done.opaque.pack.sha256[:16]} --dir {done.folder / 'log'}",
        f"         hedgerow strategy replay {done.opaque.result.info.log} {done.opaque.sealed} {auditor}",
    ]


def _figures(result: Result, benchmark: Result) -> list[tuple[str, str, str]]:
    ours, theirs = result.performance, benchmark.performance
    money = [("final value", f"{result.final_nav:,.0f}", f"{benchmark.final_nav:,.0f}")]
    figures = [
        ("total return", "total_return", "{:+.2%}"),
        ("per year", "cagr", "{:+.2%}"),
        ("volatility", "volatility", "{:.2%}"),
        ("Sharpe ratio", "sharpe", "{:.2f}"),
        ("Sortino ratio", "sortino", "{:.2f}"),
        ("max drawdown", "max_drawdown", "{:.2%}"),
    ]
    shown = [(label, _figure(ours, name, form), _figure(theirs, name, form)) for label, name, form in figures]
    fees = [
        ("fees paid", f"{result.book['fees']:,.0f}", f"{benchmark.book['fees']:,.0f}"),
        ("spread and impact", f"{_slippage(result):,.0f}", f"{_slippage(benchmark):,.0f}"),
    ]
    fills = [
        ("fills", f"{len(result.fills):,}", f"{len(benchmark.fills):,}"),
        ("orders denied", _denied(result), _denied(benchmark)),
    ]
    deflated = [(f"deflated Sharpe ({result.info.trials} trials)", _figure(ours, "deflated_sharpe", "{:.2f}"), "-")]
    return money + shown + deflated + fees + fills


def _denied(result: Result) -> str:
    """How many orders the gate denied, and the rule that did so most often."""
    denied = result.verdicts[result.verdicts["decision"] == "denied"]
    if not len(denied):
        return "0"
    return f"{len(denied):,}, most often {denied['code'].value_counts().index[0]}"


def _slippage(result: Result) -> float:
    """What fills cost against the price before spread and impact."""
    fills = result.fills
    return float(((fills["price"] - fills["reference_price"]).abs() * fills["quantity"]).sum())


def _figure(performance: Performance, name: str, form: str) -> str:
    value: Any = getattr(performance, name)
    return "-" if value is None else form.format(value)


def why(
    record: Annotated[int, typer.Argument(help="Id of any record: a posting, a fill, an order.")],
    log: Annotated[Path, typer.Option("--log", help="Folder of the log.")] = Path("demo-out/log"),
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Walk from a record back to its first cause, and to the people who allowed it."""
    from hedgerow.engine.why import why as walk

    chain = walk(log, record, identity=identity)
    text = table([(str(c.id), c.noun, c.says) for c in chain], heads=("id", "record", "says"))
    Output(json).emit({"id": record, "why": [c.to_json() for c in chain]}, text)


def backtest(
    strategy: Annotated[
        str, typer.Argument(help="FILE.py:Class, or an opaque one: .wasm, native program, package folder, sealed file.")
    ],
    data: Annotated[Path, typer.Argument(help="Bars: .csv, .csv.gz or .parquet; with --books what books are read of.")],
    cash: Annotated[float, typer.Option(help="Capital before the first bar.")] = 1_000_000.0,
    log: Annotated[Path | None, typer.Option(help="Folder for a signed journal of the run.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the tear sheet here.")] = None,
    mandate: Annotated[
        Path | None, typer.Option(help="Governance folder: run under what people signed there for FILE.py.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The strategy's name in its proposal; default: the class.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value of the strategy's Config.")] = None,
    trials: Annotated[
        Path | None, typer.Option(help="Trial ledger (file or the fund's folder) that counts this run.")
    ] = None,
    seal: Annotated[
        bool | None,
        typer.Option(
            "--seal/--plain",
            help="Seal the log in the fund's epoch; default: if it goes into the fund's own folder.",
            show_default=False,
        ),
    ] = None,
    books: Depth = None,
    symbol: Named = None,
    tick: Tick = "0.01",
    lot: Lot = "1",
    currency: Currency = "USD",
    rule: Rule = None,
    quote_size: QuoteSize = None,
    faulty: FaultyQuotes = "error",
    span: Between = None,
    actions: Actions = None,
    terms: Terms = None,
    simulation: AssumeFile = None,
    assume: Assume = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Run a strategy over a file of bars, or over order books (--books)."""
    from hedgerow.cli.strategies import is_opaque, load_strategy, read_settings
    from hedgerow.engine.backtest import backtest as run

    assumed, fund = read_assumptions(books, simulation, assume), None if mandate is None else desk(mandate, identity)
    made = load_strategy(strategy, read_settings(setting or []), identity)
    artifact = None if mandate is None or is_opaque(strategy) else strategy.partition(":")[0]
    given: Any = read_data(data, books, symbol, tick, lot, currency, rule, span, quote_size, faulty)
    rows, hidden = len(given) if books is None else given.rows or 0, json or not sys.stderr.isatty()
    with typer.progressbar(length=rows, label="rows" if books else "bars", file=sys.stderr, hidden=hidden) as bar:

        def tell(rows: int) -> None:
            bar.update(rows - bar.pos)

        result = run(
            given,
            made,
            cash=cash,
            currency=currency,
            simulation=assumed,
            log=log,
            epoch=_epoch(fund, log, seal),
            mandate=fund,
            name=name,
            artifact=artifact,
            trials=1 if trials is None else trials,
            progress=tell,
            **read_holding(actions, terms),
        )
    _tell_run(Output(json), result, log, report)


def lint(
    run: Annotated[Path, typer.Argument(help="Folder of the run's log.")],
    strategy: Annotated[
        str | None, typer.Option(help="Its name in the proposals, where the log holds several.")
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(help="FILE.py:Class; runs it again on bars that end earlier: its orders must not change."),
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="name=value of its Config.")] = None,
    trials: Annotated[Path | None, typer.Option(help="Trial ledger (file or folder) that counts its variants.")] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Say what makes a backtest look better than the strategy is, and what to do; exit status 1 if anything does."""
    from hedgerow.engine.counting import as_ledger, outcome_of, variance_for
    from hedgerow.engine.lint import lint as ask
    from hedgerow.engine.logged import logged_run

    result = logged_run(run, strategy, identity=identity)
    if trials is not None:
        family = as_ledger(trials).family(result.info.name)
        result.with_trials(family.count, variance_for(family, outcome_of(result)))
    rerun = None if again is None else _rerun(result, again, setting or [], identity)
    found, output = ask(result, again=rerun), Output(json)
    output.emit({"run": str(run), "strategy": result.info.name, **found.to_json()}, lambda: _lint_text(found))
    if found.suspicions:
        raise typer.Exit(1)


def _rerun(result: Result, strategy: str, settings: list[str], identity: Path | None) -> Callable[[Bars], Result]:
    """Runs a strategy anew over whatever bars it is given, with a run's capital."""
    from hedgerow.cli.strategies import load_strategy, read_settings
    from hedgerow.engine.backtest import backtest as run

    def again(bars: Bars) -> Result:
        made = load_strategy(strategy, read_settings(settings), identity)
        return run(bars, made, cash=result.info.cash, currency=result.info.currency)

    return again


def _lint_text(found: Lint) -> str:
    """Each suspicion with its evidence and remedy, then what could not be asked."""
    lines = []
    for suspicion in found.suspicions:
        lines += [f"{suspicion.rule}: {suspicion.says}", f"    {suspicion.remedy}"]
        lines += [f"    see {example}" for example in suspicion.examples]
    lines += [f"not asked: {name}: {reason}" for name, reason in found.unasked.items()]
    many = len(found.suspicions)
    told = f"{many} suspicion{'s' * (many != 1)}" if many else "nothing looks suspicious"
    return "\n".join([*lines, f"{told}; {found.asked} rules asked, {len(found.unasked)} not"])


def _tell_run(output: Output, result: Result, log: Path | None, report: Path | None) -> None:
    """A run's figures, in one table."""
    summary: dict[str, Any] = {
        "strategy": result.info.strategy,
        "final_nav": result.final_nav,
        "total_return": result.final_nav / result.info.cash - 1,
        "fills": len(result.fills),
        "denied": int((result.verdicts["decision"] == "denied").sum()),
        "trials": result.info.trials,
        "deflated_sharpe": result.performance.deflated_sharpe,
        "findings": len(result.findings),
        "suspicions": list(result.lint.names),
        "state_hash": result.state_hash,
        "log": None if log is None else str(log),
        "report": None if report is None else result.report(str(report)),
        "notes": list(result.info.notes),
    }
    told = {
        **summary,
        "final_nav": f"{result.final_nav:,.2f} {result.info.currency}",
        "total_return": f"{summary['total_return']:+.2%}",
    }
    output.emit(summary, table([(name, plain(value)) for name, value in told.items()]))


def _epoch(fund: Desk | None, log: Path | None, seal: bool | None) -> Epoch | None:
    """The epoch of the journal that is in force in the fund, opened with this device's identity; `None` = plain."""
    from hedgerow.governance.rotation import is_sealed, sealing_epoch

    if fund is None and seal:
        raise problem("CLI_USAGE", "--seal needs --mandate, the fund whose devices are to read the log")
    if fund is None or seal is False:
        return None
    # A journal repeats what was signed: beside a sealed governance log a plain one would give it away.
    is_at_home = log is not None and log.resolve() == fund.folder.resolve()
    return sealing_epoch(fund, compartment="journal") if seal or (is_at_home and is_sealed(fund, "journal")) else None
