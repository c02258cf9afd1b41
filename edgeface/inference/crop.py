"""From faces in a picture to a model's input tensor, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.geometry import box_similarity, invert, similarity, transform_points, turn_of, warp
from edgeface.inference.detections import Detections
from edgeface.inference.pack import InputSpec, RoleSpec
from edgeface.types import FloatArray, ImageArray


@dataclass(frozen=True, slots=True, eq=False)
class CropBatch:
    """Aligned crops of one picture's faces.

    tensor: (n, 3, size, size) float32, normalised for the model. matrices: (n, 2, 3) float64, picture to crop.
    """

    tensor: FloatArray
    matrices: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.tensor)

    def to_picture(self, points: FloatArray) -> FloatArray:
        """(n, k, 2) points in pixels of the crops as float32 pixels of the picture."""
        mapped = [transform_points(invert(matrix), face) for matrix, face in zip(self.matrices, points, strict=True)]
        return np.stack(mapped)

    def turns(self) -> list[float]:
        """Each crop's clockwise turn in the picture, degrees: add it to a roll measured in the crop."""
        return [turn_of(matrix) for matrix in self.matrices]


def cut(image: ImageArray, faces: Detections, spec: RoleSpec) -> CropBatch:
    """The crops of all `faces` (at least one) that the role `spec` (no whole-picture role) wants."""
    size = spec.input.width
    tensor = np.empty((len(faces), 3, size, size), np.float32)
    matrices = np.empty((len(faces), 2, 3))
    template = spec.crop.template_points if spec.crop.kind == "five_points" else None
    for index in range(len(faces)):
        if template is not None:
            matrices[index] = similarity(faces.points[index], template)
        else:
            left, top, right, bottom = (float(value) for value in faces.boxes[index])
            matrices[index] = box_similarity(left, top, right - left, bottom - top, spec.crop.expand, size)
        normalise(warp(image, matrices[index], size), spec.input, tensor[index])
    return CropBatch(tensor, matrices)


def same_crop(one: RoleSpec, other: RoleSpec) -> bool:
    """Whether two roles take exactly the same tensor, so that it is made once."""
    return (
        one.crop == other.crop
        and (one.input.width, one.input.height, one.input.colour)
        == (
            other.input.width,
            other.input.height,
            other.input.colour,
        )
        and (one.input.mean, one.input.scale) == (other.input.mean, other.input.scale)
    )


def normalise(image: ImageArray, spec: InputSpec, out: npt.NDArray[Any]) -> None:
    """Write a BGR picture into `out` (3, height, width) float32 as (value - mean) * scale, in the colour order.

    Where `out` is larger than the picture, its right and lower rest is left as it is.
    """
    height, width = image.shape[:2]
    planes = cv2.split(image)
    if spec.colour == "rgb":
        planes = planes[::-1]
    for channel, plane in enumerate(planes):
        target = out[channel, :height, :width]
        np.multiply(plane, np.float32(spec.scale[channel]), out=target)
        target -= np.float32(spec.mean[channel] * spec.scale[channel])
