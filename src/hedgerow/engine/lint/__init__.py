"""The backtest linter: what about a result is too good, too thin or too cheap to be believed, and what to do about it.

The public words: `lint`, and what it gives, `Lint` with its `Suspicion`s.
"""

from hedgerow.engine.lint.linting import Lint, lint
from hedgerow.engine.lint.rule import Suspicion

__all__ = ["Lint", "Suspicion", "lint"]
