"""The face detector: network, teacher labels, pictures, training, evaluation and export."""
