"""Importing the package must not load models, cameras or native vision libraries."""

from __future__ import annotations

import subprocess
import sys


def test_importing_edgeface_is_light() -> None:
    heavy = ("cv2", "onnxruntime", "numpy", "aiohttp", "pydantic")
    code = f"import sys, edgeface; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
