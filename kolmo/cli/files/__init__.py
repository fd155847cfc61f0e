"""Commands that compress and decompress files."""
