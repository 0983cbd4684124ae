"""What must stay fast, beside floors and peers: `python bench/run.py`, explained in bench/README.md."""
