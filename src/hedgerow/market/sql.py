"""SQL over what a catalog knew at a moment, by DuckDB, an engine that is not ours.

Promises that a query sees each kind of rows as `Catalog.rows` gives it at that moment, corrections resolved, and
nothing else: the engine has no file, no network, no variable of the program and no setting to reach for, so no query
can name the unfiltered files. Never writes: a question is one statement that selects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.answers import floats
from hedgerow.market.formats.rows import KINDS, TIME

if TYPE_CHECKING:
    import duckdb

_SHUT = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
_LOCAL_TIME = pa.timestamp("ns")
"""The engine's time of a nanosecond bears no zone; it means UTC here. Its zoned time has microseconds only."""


def answered(
    query: str, kinds: Iterable[str], rows: Callable[[str], pa.Table], given: Mapping[str, Any] | None
) -> pa.Table:
    """The table that a query asks for; each kind that it names is loaded by `rows` and is a view of that name.

    given: values of the query's `$name` parameters. Prices are floats in it. Raises CLI-003 where DuckDB is not
    installed, and RUN-002 with the engine's words for a query that it refuses.
    """
    engine = _engine()
    if not query.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in query):
        raise problem("RUN_CONFIG", "the query holds half a character, which is no text")
    there = tuple(kinds)
    named = [kind for kind in KINDS if re.search(rf"\b{kind}\b", query, re.IGNORECASE)]
    with engine.connect(":memory:", config=dict(_SHUT)) as connection:
        for kind in named:
            if kind in there:
                connection.register(kind, _unzoned(floats(rows(kind))))
        connection.execute("SET lock_configuration = true")
        try:
            _refuse_other_statements(connection, query)
            found = connection.sql(query, params=dict(given) if given else None)
            table = _named_apart(found.to_arrow_table())
        except engine.Error as error:
            words = " ".join(str(error).split())
            absent = [kind for kind in named if kind not in there]
            more = f"; it holds {', '.join(there) or 'nothing'}" if absent else ""
            raise problem("RUN_CONFIG", f"the query was refused: {words}{more}") from None
    try:
        return _zoned(table)
    except pa.ArrowInvalid as error:
        raise problem("RUN_CONFIG", f"the answer holds a time beyond the years 1677 to 2262: {error}") from None


def _engine() -> Any:
    try:
        import duckdb
    except ImportError:
        raise problem("CLI_MISSING", "duckdb, which answers SQL; pip install 'hedgerow[frames]'") from None
    return duckdb


def _refuse_other_statements(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    kinds = [statement.type.name for statement in connection.extract_statements(query)]
    if kinds != ["SELECT"]:
        told = ", ".join(kinds) or "nothing"
        raise problem("RUN_CONFIG", f"a question is one SELECT statement; this is {told}")


def _named_apart(table: pa.Table) -> pa.Table:
    """Of columns that bear one name the later ones are numbered, as `price`, `price_1`: a row has one value a name."""
    taken = set(table.column_names)
    names: list[str] = []
    for name in table.column_names:
        apart = (f"{name}_{n}" for n in range(1, len(names) + 2) if f"{name}_{n}" not in taken)
        names.append(name if name not in names else next(apart))
        taken.add(names[-1])
    return table.rename_columns(names)


def _unzoned(table: pa.Table) -> pa.Table:
    schema = [entry.with_type(_LOCAL_TIME) if entry.type == TIME else entry for entry in table.schema]
    return table.cast(pa.schema(schema))


def _zoned(table: pa.Table) -> pa.Table:
    schema = [entry.with_type(TIME) if pa.types.is_timestamp(entry.type) else entry for entry in table.schema]
    return table.cast(pa.schema(schema))
