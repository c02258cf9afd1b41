"""Findings against reference faces: what counts as found, false or neither, and curves over the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.detector.decode import Faces, box_side, overlaps
from training.detector.scenes import Labels

SMALLEST_WANTED = 24.0  # pixels in the picture that the detector sees
FLOOR = 0.1  # findings below this score are not looked at
# A reference face from the teacher needs this overlap; a loose hand-drawn box this one.
FOUND_IOU = 0.5
HAND_IOU = 0.35
# A doubtful or small face excuses a finding that overlaps it this much.
_EXCUSE_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Reference:
    """The faces of one picture. `wanted` faces must be found, the others may be.

    faces: the teacher's scores as scores; wanted: bool n; loose: bool n, a hand-drawn box without points.
    """

    faces: Faces
    wanted: NDArray[np.bool_]
    loose: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings of one detector over a set of pictures.

    true_scores: best score for each wanted face that was found; false_scores: scores of findings that are no
    face; point_errors: mean distance of the five points of found faces, in interocular distances.
    """

    pictures: int
    wanted: int
    true_scores: NDArray[np.float32]
    false_scores: NDArray[np.float32]
    point_errors: NDArray[np.float32]

    def recall(self, threshold: float) -> float:
        """Return the share of wanted faces found at `threshold`."""
        return float((self.true_scores >= threshold).sum()) / max(1, self.wanted)

    def false_rate(self, threshold: float) -> float:
        """Return false findings per picture at `threshold`."""
        return float((self.false_scores >= threshold).sum()) / max(1, self.pictures)

    def precision(self, threshold: float) -> float:
        """Return the share of findings at `threshold` that are faces; 1 without findings."""
        true = int((self.true_scores >= threshold).sum())
        false = int((self.false_scores >= threshold).sum())
        return true / (true + false) if true + false else 1.0

    def threshold_for(self, false_rate: float) -> float:
        """Return the lowest threshold with at most `false_rate` false findings per picture."""
        allowed = int(np.floor(false_rate * self.pictures + 1e-6))
        ordered = np.sort(self.false_scores)[::-1]
        return float(np.nextafter(ordered[allowed], np.float32(2))) if allowed < len(ordered) else 0.0


def make_reference(labels: Labels, certain: float, smallest: float) -> Reference:
    """Return the reference of a picture from its labels.

    Wanted are faces that the teacher is `certain` of (a score) or that were drawn by hand, and of at least
    `smallest` pixels (square root of the area).
    """
    size = box_side(labels.faces.boxes)
    known = (labels.faces.scores >= certain) | ~labels.pointed
    return Reference(labels.faces, known & (size >= smallest), ~labels.pointed)


def tally(references: Sequence[Reference], findings: Sequence[Faces], smallest: float = 0.0) -> Tally:
    """Match findings (best score first) to reference faces, each at most once, picture by picture.

    Findings of less than `smallest` pixels (square root of the area) that match nothing are not counted: the
    reference does not know all faces below the size from which faces are wanted.
    """
    true_scores: list[float] = []
    false_scores: list[float] = []
    errors: list[float] = []
    for reference, found in zip(references, findings, strict=True):
        iou = overlaps(found.boxes, reference.faces.boxes)
        counted = box_side(found.boxes) >= smallest
        needed = np.where(reference.loose, HAND_IOU, FOUND_IOU)
        free = reference.wanted.copy()
        for index in np.argsort(-found.scores, kind="stable"):
            good = np.where(free & (iou[index] >= needed), iou[index], 0)
            if good.max(initial=0) > 0:
                face = int(good.argmax())
                free[face] = False
                true_scores.append(float(found.scores[index]))
                if not reference.loose[face]:
                    errors.append(_point_error(found.points[index], reference.faces.points[face]))
            elif counted[index] and not np.any((iou[index] >= _EXCUSE_IOU) & ~reference.wanted):
                false_scores.append(float(found.scores[index]))
    return Tally(
        len(references),
        int(sum(reference.wanted.sum() for reference in references)),
        np.array(true_scores, np.float32),
        np.array(false_scores, np.float32),
        np.array(errors, np.float32),
    )


def _point_error(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    eyes = max(float(np.linalg.norm(wanted[1] - wanted[0])), 1.0)
    return float(np.linalg.norm(found - wanted, axis=1).mean()) / eyes


def join_tallies(parts: Sequence[Tally]) -> Tally:
    """Return the tally of several sets together."""
    return Tally(
        sum(part.pictures for part in parts),
        sum(part.wanted for part in parts),
        np.concatenate([part.true_scores for part in parts]),
        np.concatenate([part.false_scores for part in parts]),
        np.concatenate([part.point_errors for part in parts]),
    )
