"""Shortest programs on a small reference machine: the machine, its bit code, the search, and the coder."""
