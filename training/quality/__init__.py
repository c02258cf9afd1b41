"""The quality role: how much of each face region is covered, how blurred the crop is, glasses or mask."""
