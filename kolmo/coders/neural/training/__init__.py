"""Training of byte-level language models."""
