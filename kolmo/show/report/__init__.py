"""Results as one self-contained HTML page: question, answer, charts, tables, how sure, how to reproduce, excerpts."""
