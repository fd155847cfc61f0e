"""Exact lengths of deflate streams of many pairs, and the coder lz77."""
