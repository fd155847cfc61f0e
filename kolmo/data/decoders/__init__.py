"""Decoders of files by their kind: pictures, sounds and sequences."""
