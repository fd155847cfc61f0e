"""Which data to add for a target: corpora ranked, and documents of one corpus selected, by the bits that they save."""
