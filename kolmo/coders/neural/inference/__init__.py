"""Bits from trained networks: reading, and coding with fixed probabilities."""
