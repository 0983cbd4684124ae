"""QuickFIX's acceptance definitions: scenarios of bytes that an engine must answer in a given way.

`definitions` reads them, `driving` plays the counterparty over TCP, `engine` is our engine with the behaviour that they
assume, `running` brings the two together.
"""

from hedgerow.execution.fix.acceptance.definitions import Definition, read_definitions
from hedgerow.execution.fix.acceptance.engine import echo_acceptor
from hedgerow.execution.fix.acceptance.running import Verdict, run_definitions

__all__ = ["Definition", "Verdict", "echo_acceptor", "read_definitions", "run_definitions"]
