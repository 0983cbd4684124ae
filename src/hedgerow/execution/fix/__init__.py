"""FIX: messages read with a data dictionary, sessions over sockets, and the acceptance definitions they are held to.

The protocol itself (codec, session, storage) is in Rust and knows neither sockets nor clocks; here are the sockets.
"""

from hedgerow._core import FixDictionary, FixSession
from hedgerow.execution.fix.acceptors import Acceptor
from hedgerow.execution.fix.connections import Application, Connection
from hedgerow.execution.fix.dictionaries import Dictionaries, read_dictionary
from hedgerow.execution.fix.initiators import Initiator
from hedgerow.execution.fix.naming import fields_of, values_of
from hedgerow.execution.fix.showing import ShownField, ShownMessage, read_messages

__all__ = [
    "Acceptor",
    "Application",
    "Connection",
    "Dictionaries",
    "FixDictionary",
    "FixSession",
    "Initiator",
    "ShownField",
    "ShownMessage",
    "fields_of",
    "read_dictionary",
    "read_messages",
    "values_of",
]
