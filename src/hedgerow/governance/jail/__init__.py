"""The jail around an opaque strategy: one process, no files, no network, no company, and a filter over the rest."""

from hedgerow.governance.jail.levels import Isolation, Layer
from hedgerow.governance.jail.limits import JailLimits
from hedgerow.governance.jail.process import Ending, JailedProcess

__all__ = ["Ending", "Isolation", "JailLimits", "JailedProcess", "Layer"]
