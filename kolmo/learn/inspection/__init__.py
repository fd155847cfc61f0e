"""Questions to a fitted classifier: labels, accuracy, mistakes, reasons, and doubtful training labels."""
