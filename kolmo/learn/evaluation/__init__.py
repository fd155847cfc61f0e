"""Evaluation of classifiers: predictions and accuracy, splits of a set, and whether a difference could be chance."""
