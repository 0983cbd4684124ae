"""Risk as policy: the limits that a mandate grants."""
