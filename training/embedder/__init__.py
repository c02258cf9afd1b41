"""The embedder: a 256-d face template learnt from the joined template of two teachers."""
