"""Entropy coding: arithmetic codes of bits and symbols, and the framing of streams."""
