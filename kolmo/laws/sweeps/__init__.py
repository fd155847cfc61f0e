"""Small scaling studies: models of many sizes, trained on parts of data sets."""
