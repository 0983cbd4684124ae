"""Opaque strategies as artifacts: their three forms, what would be refused, sealing, and the authors' kit."""

from hedgerow.governance.artifacts.forms import Artifact, read_artifact
from hedgerow.governance.artifacts.sealing import Sealed, open_sealed, seal

__all__ = ["Artifact", "Sealed", "open_sealed", "read_artifact", "seal"]
