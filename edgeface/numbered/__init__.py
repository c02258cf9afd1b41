"""Faces with a number of their own: the use cases of APIs that know groups and faces, and no users (CloudWalk)."""
