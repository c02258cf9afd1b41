"""What is measured of a face, and what the documents demand of it."""
