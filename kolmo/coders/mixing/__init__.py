"""The coder mix: context mixing."""
