"""Byte and word n-grams as features, and a linear classifier on them."""
