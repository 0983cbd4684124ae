"""Commands about a written log: prove it, prove one of its records to a stranger, and show one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow._core import KIND_GENESIS, KIND_REMARK, KIND_SEALED, KIND_SIGNED
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, plain, table

if TYPE_CHECKING:
    from hedgerow.core.nouns import Noun
    from hedgerow.engine.proof_file import Checked

_KINDS = {KIND_SIGNED: "signed event", KIND_GENESIS: "genesis", KIND_REMARK: "remark", KIND_SEALED: "sealed entry"}

audit = group("Prove a log and look into it.")


@audit.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="The folder that holds journal/.")],
    key: Annotated[str | None, typer.Option(help="Verifier key line to trust; default: the one in the log.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", "-p", help="Witness policy that must be met.")] = None,
    identity: Identity = None,
    tsa_cert: Annotated[
        Path | None, typer.Option("--tsa-cert", help="Certificates that its time-stamps must verify with (PEM).")
    ] = None,
    json: Json = False,
) -> None:
    """Prove a log: hashes, signature and order first, then every decision derived again."""
    from hedgerow.engine import audit as proving

    proof = proving.verify(directory, key, policy=policy, tsa_cert=tsa_cert, identity=identity)
    text = (
        f"verified {proof.records:,} records in {proof.entries:,} entries\n"
        f"  root        {proof.root}\n"
        f"  signed by   {proof.origin}\n"
        f"  replayed    {proof.inputs:,} inputs gave the same {proof.effects:,} effects\n"
        f"  state hash  {proof.state_hash}"
    )
    if proof.standing is not None:
        text += f"\n  {proof.standing.says}"
        if (behind := proof.entries - proof.standing.size) > 0:
            text += f" up to entry {proof.standing.size:,}; {behind:,} after it are not witnessed yet"
    for stamp in proof.timestamps or ():
        text += f"\n  {stamp.says}"
    Output(json).emit(proof.to_json(), text)


@audit.command("timestamp")
def timestamp(
    directory: Annotated[Path, typer.Argument(help="The folder that holds journal/.")],
    tsa: Annotated[str, typer.Option(help="URL of the time-stamping authority (RFC 3161).")],
    tsa_cert: Annotated[
        Path | None,
        typer.Option("--tsa-cert", help="Its certificate and those up to its root (PEM), to check at once."),
    ] = None,
    json: Json = False,
) -> None:
    """Have the checkpoint stamped: an authority says that it existed by now."""
    from hedgerow.governance import timestamps

    Output(json).emit(timestamps.stamp(directory, tsa, tsa_cert))


@audit.command("show")
def show(
    record: Annotated[int, typer.Argument(help="The record's id, as every table shows it.", min=1)],
    log: Annotated[Path, typer.Option("--log", "-l", help="The folder that holds journal/.")] = Path(),
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Show one record, field by field, exactly as it stands in the log."""
    from hedgerow.engine.why import Journal

    noun, kind, data = Journal(log, identity=identity).record(record)
    name = noun.name if noun else "Remark" if kind == KIND_REMARK else "Signed"
    Output(json).emit({"noun": name, **(fields(noun, data) if noun else said(kind, record, data))})


@audit.command("prove")
def prove(
    record: Annotated[int, typer.Argument(help="The record's id, as every table shows it.", min=1)],
    log: Annotated[Path, typer.Option("--log", "-l", help="The folder that holds journal/.")] = Path(),
    stream: Annotated[str, typer.Option(help="Which log of the folder: journal or governance.")] = "journal",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; default: record-ID.proof.json.")
    ] = None,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Leave a sealed entry sealed: prove that it is there, do not show it.")
    ] = False,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Under the last checkpoint that was witnessed, not the newest.")
    ] = False,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Write one file that proves a record to anyone, offline: record, path, signed checkpoint; and shows it."""
    from hedgerow.engine import proof_file

    path = out or Path(f"record-{record}.proof.json")
    data = proof_file.prove(log, record, stream=stream, sealed=sealed, witnessed=witnessed, identity=identity)
    proof_file.save(path, data)
    result = {"file": str(path), "id": record, "stream": stream, "bytes": len(data)}
    Output(json).emit(result, f"wrote {path}; check it with: hedgerow audit check {path}")


@audit.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A file that `hedgerow audit prove` wrote.")],
    key: Annotated[str | None, typer.Option(help="Verifier key line to trust; default: the one in the file.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", "-p", help="Witness policy that must be met.")] = None,
    json: Json = False,
) -> None:
    """Check such a file with nothing but itself, and name what fails."""
    from hedgerow.engine import proof_file

    checked = proof_file.check(file, key=key, policy=policy)
    trust = "given" if checked.key_given else "in the file; compare it with one from another channel, or say --key"
    witnesses = ", ".join(checked.signers[1:]) or "none"
    noun = checked.noun or _KINDS.get(checked.kind) or f"kind {checked.kind}"
    text = (
        f"proved: record {checked.id} ({noun}) is in entry {checked.index} of {checked.size}\n"
        f"  log         {checked.origin}\n"
        f"  root        {checked.root}\n"
        f"  key         {trust}\n"
        f"  cosigners   {witnesses}"
    )
    text += f"\n  {checked.standing.says}" if checked.standing else ""
    said = _said(checked)
    Output(json).emit({**checked.to_json(), "says": said}, "\n".join([text, *_lines(said)]))


def _said(checked: Checked) -> dict[str, Any] | None:
    """What the proved record says, field by field, or its bytes; `None` of one that stayed sealed."""
    from hedgerow.core.nouns import noun_of_kind

    if checked.kind == KIND_SEALED:
        return None
    noun = noun_of_kind(checked.kind)
    try:
        if noun is None:
            return said(checked.kind, checked.id, checked.record)
        return fields(noun, checked.record)
    except (ValueError, TypeError, KeyError):
        return {"bytes": checked.record.hex()}


def _lines(said: dict[str, Any] | None) -> list[str]:
    if said is None:
        return ["  it stays sealed: its bytes are proved, what they say is not shown"]
    return ["  it says", *(f"    {line}" for line in table([(n, plain(v)) for n, v in said.items()]).splitlines())]


def fields(noun: Noun, data: bytes) -> dict[str, Any]:
    """A record's fields as plain values: exact money as decimal text, names as text, digests as hexadecimal."""
    import numpy as np

    from hedgerow.core.nouns import money_decimal, money_int

    row = np.frombuffer(data, dtype=noun.dtype)[0]
    plainly: dict[str, Any] = {}
    for name, kind, *_ in noun.fields:
        value = row[name]
        if kind == "money":
            plainly[name] = f"{money_decimal(money_int(value)):f}"
        elif kind in ("currency", "text32", "text64"):
            plainly[name] = bytes(value).rstrip(b"\0").decode()
        elif not name.startswith("spare"):
            plainly[name] = value.tobytes().hex() if noun.dtype[name].kind == "V" else value.item()
    return plainly


def said(kind: int, record: int, data: bytes) -> dict[str, Any]:
    """What a record says that is no noun: a remark, or what people signed."""
    return {"about": record - 1, "says": data.decode()} if kind == KIND_REMARK else signed(data)


def signed(data: bytes) -> dict[str, Any]:
    """What a signed event says, out of its envelope; the fund's first record has none and is read as it stands."""
    import base64
    from json import loads

    envelope: dict[str, Any] = loads(data)
    if "payload" not in envelope:
        return envelope
    event: dict[str, Any] = loads(base64.b64decode(envelope["payload"]))
    return event | {"signatures": [signature["keyid"] for signature in envelope["signatures"]]}
