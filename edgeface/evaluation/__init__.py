"""Accuracy protocols of the field. The maths is pure; only ``pictures.py`` touches files and models."""
