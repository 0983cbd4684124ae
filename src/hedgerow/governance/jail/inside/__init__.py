"""Programs that run inside the jail, and what authors in Python write against. Nothing here imports Hedgerow."""
