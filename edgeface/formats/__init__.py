"""What EdgeFace reads of a picture file by itself, before any decoder sees it: size, orientation, completeness."""
