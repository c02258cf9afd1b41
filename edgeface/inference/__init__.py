"""Model packs, ONNX Runtime sessions, and one wrapper per model role."""
