"""Models of texts given each class over a model of all texts, and the label code of the bits that they save."""
