"""The tear sheet: one HTML file that says what a run did, checks itself, and needs nothing but a browser.

The public words: `write_tearsheet` for a file, `notebook_html` for a notebook cell.
"""

from hedgerow.engine.tearsheet.notebook import notebook_html
from hedgerow.engine.tearsheet.page import write_tearsheet

__all__ = ["notebook_html", "write_tearsheet"]
