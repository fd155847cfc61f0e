"""The command for public data sets."""
