"""Damaged and invented files: a picture or a documented error, nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface.config import ImageLimits
from edgeface.errors import EdgeFaceError
from edgeface.image import decode, decode_base64, sniff
from edgeface.types import ImageArray
from tests.pictures import astronaut, encoded

LIMITS = ImageLimits()
SMALL = np.ascontiguousarray(astronaut()[60:140, 180:260])
WHOLE = {suffix: encoded(SMALL, suffix) for suffix in (".jpg", ".png", ".bmp", ".webp")}
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF", b"GIF89a", b"\x00\x00\x00\x18ftyp", b"<svg", b"")
REFUSALS = {"image_missing", "image_too_large", "image_too_small", "image_format", "image_corrupt"}


def decoded(data: bytes) -> ImageArray | None:
    """The picture, or None after checking that the refusal is a documented one."""
    try:
        image = decode(data, LIMITS)
    except EdgeFaceError as error:
        assert error.code.code in REFUSALS
        return None
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert min(image.shape[:2]) >= LIMITS.min_side
    return image


@pytest.mark.parametrize("suffix", sorted(WHOLE))
@settings(max_examples=60, deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes(suffix: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(WHOLE[suffix])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    decoded(bytes(data))


@pytest.mark.parametrize("suffix", sorted(WHOLE))
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncation_is_never_accepted(suffix: str, share: float) -> None:
    data = WHOLE[suffix]
    assert decoded(data[: int(share * len(data))]) is None


@settings(max_examples=150, deadline=None)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
def test_invented_files(start: bytes, rest: bytes) -> None:
    sniff(start + rest)
    decoded(start + rest)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.binary(max_size=80)))
def test_invented_base64(text: str | bytes) -> None:
    try:
        decode_base64(text)
    except EdgeFaceError as error:
        assert error.code.code in {"image_base64", "image_missing"}
