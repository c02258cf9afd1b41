"""From frames to decisions: follow faces, keep the best shots, decide, and say why not."""
