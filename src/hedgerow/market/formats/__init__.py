"""Files of market data, whatever their format: known by their first bytes, read as rows of their kind.

`registry` lists the formats, `rows` says what a row of each kind has, `probing` looks at files before they are loaded.
"""
