"""The coder ngram: byte n-gram statistics, blended adaptively."""
