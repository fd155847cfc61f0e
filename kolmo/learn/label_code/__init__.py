"""The code of the label given the text: its members, and the product of their predictions."""
