"""Which face of this frame is which face of the last ones: overlap first, then a constant-velocity guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeface.geometry import iou
from edgeface.types import BoundingBox, Face

_VELOCITY_MEMORY = 0.5  # how much of the last speed is kept at each frame


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person's way through the picture.

    ``face`` as last found, pixels of the main picture; ``hits`` frames in which it was found; times are monotonic
    seconds; ``velocity`` pixels a second of the box's centre.
    """

    number: int
    face: Face
    hits: int
    began_at: float
    seen_at: float
    velocity: tuple[float, float] = (0.0, 0.0)

    def expected(self, now: float) -> BoundingBox:
        """Where the face should be by now."""
        box, seconds = self.face.box, now - self.seen_at
        return replace(box, left=box.left + self.velocity[0] * seconds, top=box.top + self.velocity[1] * seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """What a frame changed. ``seen``: tracks with a face in this frame; ``ended``: tracks that are over."""

    seen: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """Follows faces over frames. One thread."""

    def __init__(self, *, least_iou: float, lost_s: float) -> None:
        self._least_iou = least_iou
        self._lost_s = lost_s
        self._tracks: dict[int, Track] = {}
        self._next = 1

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Every track that is not over: seen in the last frame, or missing for less than ``lost_s``."""
        return tuple(self._tracks.values())

    @property
    def coasting(self) -> tuple[Track, ...]:
        """Tracks that were not found in the last frame and are not over yet."""
        latest = max((track.seen_at for track in self._tracks.values()), default=0.0)
        return tuple(track for track in self._tracks.values() if track.seen_at < latest)

    def update(self, faces: Sequence[Face], now: float) -> Following:
        """The faces of one frame, taken at ``now``."""
        pairs = self._pairs(faces, now)
        seen = []
        for index, face in enumerate(faces):
            track = self._tracks.get(pairs.get(index, 0))
            if track is None:
                track = Track(self._next, face, 1, now, now)
                self._next += 1
            else:
                track = _continued(track, face, now)
            self._tracks[track.number] = track
            seen.append(track)
        ended = tuple(track for track in self._tracks.values() if now - track.seen_at > self._lost_s)
        for track in ended:
            del self._tracks[track.number]
        return Following(tuple(seen), ended)

    def clear(self) -> tuple[Track, ...]:
        """Nobody is followed any more; the tracks that are over by that."""
        ended = self.tracks
        self._tracks.clear()
        return ended

    def join(self, lost: int, found: int) -> Track | None:
        """A face that jumped: the track ``found`` is the track ``lost``, which goes on under its own number."""
        old, new = self._tracks.get(lost), self._tracks.get(found)
        if old is None or new is None:
            return None
        joined = replace(new, number=lost, hits=old.hits + new.hits, began_at=old.began_at)
        del self._tracks[found]
        self._tracks[lost] = joined
        return joined

    def _pairs(self, faces: Sequence[Face], now: float) -> dict[int, int]:
        """Face index to track number. The surest overlaps are taken first; ten faces need nothing cleverer."""
        tracks = list(self._tracks.values())
        if not tracks or not faces:
            return {}
        overlap = iou(_corners([track.expected(now) for track in tracks]), _corners([face.box for face in faces]))
        pairs: dict[int, int] = {}
        for flat in np.argsort(-overlap, axis=None, kind="stable"):
            row, column = divmod(int(flat), len(faces))
            if overlap[row, column] < self._least_iou:
                break
            number = tracks[row].number
            if column not in pairs and number not in pairs.values():
                pairs[column] = number
        return pairs


def _continued(track: Track, face: Face, now: float) -> Track:
    seconds = now - track.seen_at
    velocity = track.velocity
    if seconds > 0:
        (x, y), (last_x, last_y) = face.box.centre, track.face.box.centre
        keep = _VELOCITY_MEMORY
        velocity = (
            keep * velocity[0] + (1 - keep) * (x - last_x) / seconds,
            keep * velocity[1] + (1 - keep) * (y - last_y) / seconds,
        )
    return Track(track.number, face, track.hits + 1, track.began_at, now, velocity)


def _corners(boxes: Sequence[BoundingBox]) -> np.ndarray:
    return np.array([(box.left, box.top, box.right, box.bottom) for box in boxes], np.float32)
