"""Gateways: how what the gate let pass gets to a venue, and what the venue says gets back."""

from hedgerow.execution.gateways.crypto import CryptoGateway, CryptoHeard
from hedgerow.execution.gateways.crypto_client import CryptoLink, Keys
from hedgerow.execution.gateways.fix import FixGateway, FixLink, Heard, Known, OrderWords

__all__ = [
    "CryptoGateway",
    "CryptoHeard",
    "CryptoLink",
    "FixGateway",
    "FixLink",
    "Heard",
    "Keys",
    "Known",
    "OrderWords",
]
