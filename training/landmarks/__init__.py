"""The landmark and head pose role: layout, fused teacher labels, training, evaluation, export."""
