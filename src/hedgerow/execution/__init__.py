"""Execution: how orders get to venues, and what it cost them."""
