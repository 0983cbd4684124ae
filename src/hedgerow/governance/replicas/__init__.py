"""Replicas: a site's logs elsewhere, proved before they are stored, and a site rebuilt from them.

The public words: `replicate`, `restore`, `prove_site`, and `open_target` for a folder, SFTP or S3.
"""

from hedgerow.governance.replicas.layout import STREAMS
from hedgerow.governance.replicas.replicate import Copied, prove_site, replicate
from hedgerow.governance.replicas.restore import Restored, restore
from hedgerow.governance.replicas.target import Target, open_target

__all__ = ["STREAMS", "Copied", "Restored", "Target", "open_target", "prove_site", "replicate", "restore"]
