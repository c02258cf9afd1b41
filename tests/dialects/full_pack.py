"""A daemon on a pack that has a model for every attribute, and whose liveness depends on the light.

What it says of every face is in :data:`tests.attribute_packs.ALL_HEADS`. In the portraits as they are (``hopper``:
0.88, ``astronaut``: 1) a living face is seen, in darkened ones (:func:`spoof`: 0.35 and 0.42) a picture of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeface.types import ImageArray
from tests import pictures
from tests.api.running import Running
from tests.attribute_packs import ALL_HEADS, Head, pack_with
from tests.dialects.packed import running_on

THRESHOLDS = {"LOW": 0.1, "NORMAL": 0.5, "HIGH": 0.9}
LIVENESS = Head("liveness", (0.0,), per_light=(2.0,), thresholds=(0.1, 0.5, 0.9))
LIVENESS_OF_HOPPER, LIVENESS_OF_ITS_SPOOF = 0.88, 0.35
TOLERANCE = 0.03


def spoof(image: ImageArray) -> ImageArray:
    """The picture with so little light that the pack takes it for a picture of a face."""
    return pictures.darkened(image, 0.4)


@contextmanager
def running_full() -> Iterator[Running]:
    """One network serves all roles, so that it starts quickly."""
    heads = [LIVENESS if head.role == LIVENESS.role else head for head in ALL_HEADS]
    with running_on(lambda target: pack_with(target, *heads, one_file=True)) as daemon:
        yield daemon
