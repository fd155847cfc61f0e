"""Commands that measure code lengths and distances of files."""
