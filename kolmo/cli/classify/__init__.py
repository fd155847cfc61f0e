"""Commands that classify texts."""
