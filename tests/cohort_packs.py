"""The default pack with a cohort network of the test's own, whose offsets are linear in the template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeface.inference.pack import ModelPack
from edgeface.types import FloatArray
from tests.packs import copied_pack

_OPSET = 17
_FILE = "test-cohort.onnx"


def network(weights: FloatArray, *, inputs: str = "e", outputs: str = "offset") -> bytes:
    """An ONNX file: (n, dimension) to their products (n, 1) with `weights` (dimension,)."""
    dimension = len(weights)
    graph = helper.make_graph(
        [helper.make_node("MatMul", [inputs, "weights"], [outputs])],
        "cohort",
        [helper.make_tensor_value_info(inputs, TensorProto.FLOAT, ["n", dimension])],
        [helper.make_tensor_value_info(outputs, TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(weights.astype(np.float32)[:, None], "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def pack_with_cohort(target: Path, make: Callable[[int], bytes] | None) -> Path:
    """A copy of the default pack in `target` with the cohort network that `make` makes for its dimension, or none."""
    folder = copied_pack(target, "embedder")
    manifest = folder / "manifest.toml"
    text = re.sub(r"^cohort = .*\n", "", manifest.read_text(), flags=re.MULTILINE)
    if make is not None:
        data = make(ModelPack.load(folder).dimension)
        (folder / _FILE).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        table = f'cohort = {{ file = "{_FILE}", sha256 = "{digest}" }}'
        text = text.replace("[calibration]\n", f"[calibration]\n{table}\n")
    manifest.write_text(text)
    return folder
