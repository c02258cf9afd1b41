"""Two public-domain portraits and some pictures without a face, as they come inside ordinary packages.

NASA's portrait of Eileen Collins is ``skimage.data.astronaut``; the US Navy's portrait of Grace Hopper is one of
matplotlib's sample pictures. Both packages are in the ``demo`` extra.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FloatArray, ImageArray


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A person's picture and where the face is in it.

    ``points`` float32 (5, 2) pixels: left eye, right eye, nose tip, left and right mouth corner (marked by hand).
    """

    name: str
    image: ImageArray
    points: FloatArray

    @property
    def interocular_distance(self) -> float:
        """Pixels between the eyes."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    @property
    def face_width(self) -> float:
        """Pixels, from the eyes' distance: a face is about two and a quarter of them wide."""
        return 2.25 * self.interocular_distance

    @property
    def face_centre(self) -> tuple[float, float]:
        """Pixels: the middle of the five points."""
        x, y = self.points.mean(axis=0)
        return float(x), float(y)


_COLLINS = ((203, 104), (248, 104), (224, 128), (204, 143), (243, 144))
_HOPPER = ((224, 197), (307, 196), (265, 239), (230, 274), (304, 272))


def eileen_collins() -> Portrait:
    """512 x 512, the eyes 45 pixels apart. Raises ``FEATURE_UNAVAILABLE`` without scikit-image."""
    return Portrait("eileen_collins", _scikit_image("astronaut"), np.asarray(_COLLINS, dtype=np.float32))


def grace_hopper() -> Portrait:
    """512 x 600, the eyes 83 pixels apart. Raises ``FEATURE_UNAVAILABLE`` without matplotlib."""
    try:
        import matplotlib  # noqa: PLC0415 - optional extra
    except ImportError as error:
        raise _missing("matplotlib") from error
    file = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise EdgeFaceError(ErrorCode.FEATURE_UNAVAILABLE, f"matplotlib's sample picture {file} is not there.")
    return Portrait("grace_hopper", np.asarray(image, dtype=np.uint8), np.asarray(_HOPPER, dtype=np.float32))


def portraits() -> tuple[Portrait, ...]:
    """Both people."""
    return eileen_collins(), grace_hopper()


def non_faces() -> dict[str, ImageArray]:
    """Pictures in which nobody is: a cat, a cup of coffee, a rocket."""
    return {"cat": _scikit_image("cat"), "coffee": _scikit_image("coffee"), "rocket": _scikit_image("rocket")}


def _scikit_image(name: str) -> ImageArray:
    try:
        import skimage.data  # noqa: PLC0415 - optional extra
    except ImportError as error:
        raise _missing("scikit-image") from error
    picture = np.asarray(getattr(skimage.data, name)(), dtype=np.uint8)
    return np.ascontiguousarray(picture[:, :, ::-1])


def _missing(package: str) -> EdgeFaceError:
    return EdgeFaceError(
        ErrorCode.FEATURE_UNAVAILABLE, f"The sample portraits need {package}: pip install 'edgeface[demo]'."
    )
