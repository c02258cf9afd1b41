"""The simulated camera: takes pictures of portraits as a lens in an entrance would."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.simulation.occluders import Occluder, cover
from edgeface.simulation.portraits import Portrait
from edgeface.types import ImageArray

# A flat picture is seen from this many face widths away; nearer would exaggerate the perspective of a turn.
_DISTANCE_IN_FACES = 6.0


@dataclass(frozen=True, slots=True)
class Shot:
    """How a person stands before the camera.

    ``face_width`` pixels in the frame; ``centre`` of the face as shares of the frame's width and height;
    ``roll`` (clockwise), ``yaw`` and ``pitch`` in degrees, the portrait turned as a flat picture;
    ``light`` multiplies every value; ``blur`` is the lens' Gaussian sigma, ``motion`` the length of a horizontal
    smear and ``noise`` the sensor's sigma, in pixels, pixels and grey values.
    """

    face_width: float = 160.0
    centre: tuple[float, float] = (0.5, 0.45)
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    light: float = 1.0
    blur: float = 0.0
    motion: float = 0.0
    noise: float = 1.5
    occluder: Occluder = Occluder.NONE


class SimulatedCamera:
    """Frames of ``width`` x ``height`` pixels; the same seed and the same shots give the same frames."""

    def __init__(self, width: int = 640, height: int = 480, *, seed: int = 0) -> None:
        self.width = width
        self.height = height
        self._random = np.random.default_rng(seed)

    def take(self, *people: tuple[Portrait, Shot]) -> ImageArray:
        """One frame with everyone in it, the first in front of the room; BGR uint8 (height, width, 3).

        Light, blur, motion and noise are the camera's: those of the first person's shot. Without people the frame
        shows an empty room.
        """
        if not people:
            return self._expose(self._room(), Shot())
        portrait, shot = people[0]
        frame = self._place(portrait, shot, alone=True)[0]
        for other, its_shot in people[1:]:
            layer, alpha = self._place(other, its_shot, alone=False)
            frame = frame * (1 - alpha) + layer * alpha
        return self._expose(frame, shot)

    def show(self, image: ImageArray) -> ImageArray:
        """Some picture without a person, filling the frame."""
        scale = max(self.width / image.shape[1], self.height / image.shape[0])
        matrix = np.asarray(
            [
                [scale, 0, (self.width - scale * image.shape[1]) / 2],
                [0, scale, (self.height - scale * image.shape[0]) / 2],
            ]
        )
        frame = cv2.warpAffine(image, matrix, (self.width, self.height), flags=cv2.INTER_LINEAR)
        return self._expose(frame.astype(np.float32), Shot())

    def _place(
        self, portrait: Portrait, shot: Shot, *, alone: bool
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The portrait in the frame, and how much of each pixel belongs to it, (height, width, 1) in [0, 1]."""
        image = cover(portrait.image, portrait.points, shot.occluder)
        scale = shot.face_width / portrait.face_width
        if scale < 1:  # shrink by area first: a warp would alias
            size = (max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale)))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        ratio = image.shape[1] / portrait.image.shape[1]
        centre = (portrait.face_centre[0] * ratio, portrait.face_centre[1] * ratio)
        matrix = self._homography(centre, scale / ratio, shot)
        size = (self.width, self.height)
        # Stretching the portrait's border goes on with its wall and its shoulders; blurred, it is a plain room.
        layer = cv2.warpPerspective(
            image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        margin = 0.04 if alone else 0.1
        inside = np.zeros(image.shape[:2], dtype=np.float32)
        rows, columns = (max(1, round(side * margin)) for side in image.shape[:2])
        inside[rows : image.shape[0] if alone else -rows, columns:-columns] = 1.0
        if not alone:  # head and shoulders only: a whole portrait would cover the person beside
            reach = 1.15 * portrait.face_width * ratio
            inside[:, : max(0, round(centre[0] - reach))] = 0.0
            inside[:, round(centre[0] + reach) :] = 0.0
        alpha = cv2.warpPerspective(inside, matrix, size, flags=cv2.INTER_LINEAR)
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(1.0, shot.face_width * margin))[:, :, None]
        if alone:
            room = _out_of_focus(layer, max(self.width, self.height) / 14)
            layer = room * (1 - alpha) + layer * alpha
        return layer.astype(np.float32), alpha.astype(np.float32)

    def _homography(self, face_centre: tuple[float, float], scale: float, shot: Shot) -> npt.NDArray[np.float64]:
        """(3, 3) from the portrait's pixels to the frame's."""
        roll, yaw, pitch = np.radians((shot.roll, shot.yaw, shot.pitch))
        about_z = np.asarray([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        about_y = np.asarray([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        about_x = np.asarray([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        turn = about_z @ about_x @ about_y
        distance = _DISTANCE_IN_FACES * shot.face_width
        to_face = np.asarray([[scale, 0, -scale * face_centre[0]], [0, scale, -scale * face_centre[1]], [0, 0, 1]])
        # A point (x, y, 0) of the picture is turned, moved to the distance and projected.
        project = np.asarray(
            [
                [distance * turn[0, 0], distance * turn[0, 1], 0],
                [distance * turn[1, 0], distance * turn[1, 1], 0],
                [turn[2, 0], turn[2, 1], distance],
            ]
        )
        place = np.asarray([[1, 0, shot.centre[0] * self.width], [0, 1, shot.centre[1] * self.height], [0, 0, 1]])
        return np.asarray(place @ project @ to_face, dtype=np.float64)

    def _room(self) -> npt.NDArray[np.float32]:
        down = np.linspace(0, 1, self.height, dtype=np.float32)[:, None, None]
        across = np.linspace(-1, 1, self.width, dtype=np.float32)[None, :, None]
        wall, floor = np.asarray((172, 164, 152), np.float32), np.asarray((96, 92, 90), np.float32)
        return np.asarray((wall * (1 - down) + floor * down) * (1 - 0.15 * across**2), dtype=np.float32)

    def _expose(self, frame: npt.NDArray[np.float32], shot: Shot) -> ImageArray:
        if shot.blur > 0:
            frame = cv2.GaussianBlur(frame, (0, 0), shot.blur).astype(np.float32)
        if shot.motion >= 1:
            length = round(shot.motion)
            frame = cv2.blur(frame, (length, 1)).astype(np.float32)
        noise = self._random.normal(0, shot.noise, frame.shape).astype(np.float32)
        return np.asarray(np.clip(frame * shot.light + noise, 0, 255), dtype=np.uint8)


def _out_of_focus(layer: npt.NDArray[np.float32], sigma: float) -> npt.NDArray[np.float32]:
    """A blur far wider than a pixel, made of an eighth of them: two thirds of a frame's time went into it."""
    height, width = layer.shape[:2]
    small = cv2.resize(layer, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def encode(image: ImageArray, quality: int = 92) -> bytes:
    """The frame as a camera would send it: JPEG bytes."""
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
