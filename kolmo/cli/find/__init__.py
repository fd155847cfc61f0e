"""Commands that find leaks, duplicates and similar items."""
