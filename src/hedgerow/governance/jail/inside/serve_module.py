"""Inside the jail: hosts a module of WebAssembly, by handing it to the core, which serves both pipes."""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Serve the module on descriptors 0 and 1 until the questions end."""
    told = json.loads(sys.argv[1])
    sys.path[:0] = told["modules"]
    import _core

    with os.fdopen(told["artifact"], "rb") as file:
        module = file.read()
    _core.serve_module(module, told["fuel"], told["memory_bytes"], told["answer_bytes"])
    # Both descriptors were closed by it; nothing is left to be flushed.
    os._exit(0)


if __name__ == "__main__":
    main()
