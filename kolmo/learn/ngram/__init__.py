"""TF-IDF features of byte and word n-grams."""
