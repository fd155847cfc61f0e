"""TF-IDF features of byte and word n-grams, and a linear SVM on them."""
