"""The command that knows public data sets by name."""
