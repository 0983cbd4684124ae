"""XML from strangers, as a tree: what may expand, point elsewhere or nest without end is refused.

Promises that no entity is defined, resolved or fetched, whatever the encoding. Never reads a file or an address that a
document names. Source: the attacks listed by the defusedxml project (billion laughs, quadratic blowup, external
entities).
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from hedgerow.core.errors import problem

DEPTH_MAX = 200
"""How deep elements may lie; news feeds lie four deep."""


def tree(data: bytes, shown: str) -> Element:
    """The root of a document; DATA-021 where it defines entities or nests too deep, DATA-020 where it is no XML.

    >>> tree(b"<a><b>1</b></a>", "x.xml")[0].text
    '1'
    """
    builder, depth = TreeBuilder(), [0]
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        depth[0] += 1
        if depth[0] > DEPTH_MAX:
            raise problem("DATA_EXPANSION", f"{shown}: elements lie more than {DEPTH_MAX} deep")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        depth[0] -= 1
        builder.end(tag)

    def refuse(*_: Any) -> NoReturn:
        raise problem("DATA_EXPANSION", f"{shown} defines entities")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise problem("DATA_DAMAGED", f"{shown}: {error}") from None
