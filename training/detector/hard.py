"""Places in the training pictures where the network errs: what it takes for a face, and the faces that it misses."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray

from training.detector.decode import Faces, box_side, overlaps
from training.detector.matching import FOUND_IOU, HAND_IOU
from training.detector.model import Detector
from training.detector.mosaic import HardPlace, Picture
from training.detector.runner import faces_in, normalise
from training.detector.scenes import Labels
from training.detector.teacher import pad_to_multiple

# A finding that is no face is a hard place from this score on, a face up to the other one.
FALSE_SCORE = 0.3
MISSED_SCORE = 0.7
# The smallest face that counts as missed, and the smallest false finding: square root of the box area in pixels.
SMALLEST = 18.0
_LARGEST_SIDE = 704
_NMS_IOU = 0.45
_TOUCHING_IOU = 0.3


def hard_places(model: Detector, pictures: Iterable[Picture], device: torch.device) -> list[HardPlace]:
    """Look at every picture, and at its halved copy, and return the places where `model` errs."""
    training = model.training
    model.eval()
    places = []
    for picture in pictures:
        for level in picture.levels[:2]:
            if min(level.shape[:2]) < 2 * SMALLEST or max(level.shape[:2]) > _LARGEST_SIDE:
                continue
            zoom = level.shape[1] / picture.levels[0].shape[1]
            places += [
                HardPlace(picture, box / np.float32(zoom))
                for box in errors(_findings(model, level, device), picture.labels, zoom)
            ]
    model.train(training)
    return places


def errors(found: Faces, labels: Labels, zoom: float) -> NDArray[np.float32]:
    """Boxes (n x 4) of false findings and of missed faces, in pixels of the findings.

    zoom: from the pixels of `labels` to those of the findings. Doubtful faces are neither missed nor false.
    """
    wanted = labels.faces.boxes * np.float32(zoom)
    touch = overlaps(found.boxes, wanted)
    false = (touch.max(axis=1, initial=0) < _TOUCHING_IOU) & (box_side(found.boxes) >= SMALLEST)
    touch_of_sure = np.where(found.scores >= MISSED_SCORE, touch.T, 0)
    needed = np.where(labels.pointed, FOUND_IOU, HAND_IOU)
    missed = labels.sure & (touch_of_sure.max(axis=1, initial=0) < needed) & (box_side(wanted) >= SMALLEST)
    return np.concatenate([found.boxes[false & (found.scores >= FALSE_SCORE)], wanted[missed]])


@torch.no_grad()
def _findings(model: Detector, image: NDArray[np.uint8], device: torch.device) -> Faces:
    maps = model(torch.from_numpy(normalise(pad_to_multiple(image))).to(device))
    return faces_in([dense.float().cpu().numpy() for dense in maps], FALSE_SCORE, _NMS_IOU)
