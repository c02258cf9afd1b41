"""Glasses or none, from a strip between the brows and the tip of the nose."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.teachers import manifest

# Strips of the 128 px aligned crop (left, top, right, bottom): the teacher's crop is not documented to the
# pixel, so its answer is averaged over three that span the brows to the tip of the nose.
_STRIPS = ((20, 38, 108, 82), (12, 36, 116, 88), (16, 40, 112, 88))
_SIZE = (128, 64)


class GlassesDetector:
    """Needs a TFLite runtime (`pip install ai-edge-litert`); raises ImportError without one."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

        path = folder / manifest()["glasses"].file
        if not path.is_file():
            raise FileNotFoundError(f"teacher glasses is not at {path}")
        self._network = Interpreter(str(path), num_threads=threads)
        self._network.allocate_tensors()
        self._input = int(self._network.get_input_details()[0]["index"])
        self._output = int(self._network.get_output_details()[0]["index"])

    def logit(self, crop: NDArray[np.uint8]) -> float:
        """Below 0: glasses. crop: 128 x 128 x 3 uint8 BGR, the ArcFace template with 8 px of margin."""
        answers = []
        for left, top, right, bottom in _STRIPS:
            strip = cv2.resize(crop[top:bottom, left:right, ::-1], _SIZE).astype(np.float32)
            self._network.set_tensor(self._input, strip[None])
            self._network.invoke()
            answers.append(float(self._network.get_tensor(self._output).ravel()[0]))
        return float(np.mean(answers))
