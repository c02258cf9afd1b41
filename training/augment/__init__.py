"""Damage and variety for training pictures: geometry, light, blur and things in front of the face.

Every function takes and returns pictures as HxWx3 uint8 BGR arrays, never changes its input, and draws
its random numbers from the `numpy.random.Generator` it is given, so that a run can be repeated.
"""
