"""Training of the model pack: PyTorch lives here and nowhere else; nothing here is needed at run time."""
