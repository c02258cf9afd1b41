from __future__ import annotations

import numpy as np
import pytest

from edgeface.image import size_of
from tests import pictures


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_the_size_is_read_from_the_header(suffix: str) -> None:
    assert size_of(pictures.encoded(np.zeros((30, 70, 3), np.uint8), suffix)) == (70, 30)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    assert size_of(data) is None
