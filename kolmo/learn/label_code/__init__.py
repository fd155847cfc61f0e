"""Codes of the label given the text: models of the text given each class, and what they save on the label."""
