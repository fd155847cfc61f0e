"""The coders of a profile by default, in a module that the command line can read without NumPy."""

from __future__ import annotations

from kolmo._core.extras import is_installed

LADDER = ("order0", "gzip", "xz", *(("ppmd",) if is_installed("pyppmd") else ()), "mix")
"""`ppmd` needs an extra."""
