"""A camera that is not there: portraits moved, scaled, turned, blurred, darkened and covered, on a background."""
