"""Coders that wrap a compression library, one module each."""
