"""Neural language models as coders: models of bytes, their training, and the codes that they give."""
