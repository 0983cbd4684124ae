"""J4: a sweep of a thousand variants."""
