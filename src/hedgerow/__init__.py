"""Hedgerow runs a quantitative hedge fund from research to audit."""
