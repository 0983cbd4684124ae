"""Gateways: how what the gate let pass gets to a venue, and what the venue says gets back."""

from hedgerow.execution.gateways.fix import FixGateway, FixLink, Heard, OrderWords

__all__ = ["FixGateway", "FixLink", "Heard", "OrderWords"]
