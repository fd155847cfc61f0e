"""Saved models: the folder that they are stored in, and what it holds."""
