"""Neural language models as coders: architectures, training, and inference for code lengths and streams."""
