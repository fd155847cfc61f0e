"""Commands that measure code lengths, distances and surprisals of files."""
