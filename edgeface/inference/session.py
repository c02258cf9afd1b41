"""ONNX Runtime sessions: few threads, no spinning, no hoarding; a session knows nothing of roles' meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.pack import RoleSpec, VariantSpec
from edgeface.types import FloatArray

_ONLY_ERRORS = 3  # ORT_LOGGING_LEVEL_ERROR


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Options for a board with few cores that other programs need too."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ONLY_ERRORS
    # Idle threads sleep instead of burning a core that the camera or another call could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def open_session(variant: VariantSpec, *, threads: int) -> Any:
    """ONNX Runtime's session of a file, whose sha256 is checked on the bytes that are loaded.

    Raises ``PACK_INVALID`` where ONNX Runtime refuses it.
    """
    providers = [("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})]
    data = variant.read()
    try:
        return onnxruntime.InferenceSession(data, session_options(threads), providers=providers)
    except Exception as error:  # ONNX Runtime's own exception types are not public
        raise EdgeFaceError(
            ErrorCode.PACK_INVALID, f"{variant.path.name}: ONNX Runtime refuses it ({type(error).__name__})."
        ) from error


class ModelSession:
    """One open model. Thread-safe: ONNX Runtime runs a session from several threads."""

    def __init__(self, spec: RoleSpec, variant: VariantSpec, *, threads: int) -> None:
        """Open the file. Raises ``PACK_INVALID``."""
        self._session = open_session(variant, threads=threads)
        self.spec = spec
        self._names: Sequence[str] | None = spec.outputs or None
        batch = self._session.get_inputs()[0].shape[0]
        self._one_by_one = isinstance(batch, int) and batch == 1

    def run(self, tensor: FloatArray) -> list[FloatArray]:
        """The outputs in the manifest's order for an (n, 3, h, w) float32 tensor.

        Models exported for a batch of one are run once per picture.
        """
        if self._one_by_one and len(tensor) != 1:
            runs = [self._run(tensor[index : index + 1]) for index in range(len(tensor))]
            return [np.concatenate(parts) for parts in zip(*runs, strict=True)]
        return self._run(tensor)

    def _run(self, tensor: FloatArray) -> list[FloatArray]:
        outputs: list[FloatArray] = self._session.run(self._names, {self.spec.input.name: tensor})
        return outputs
