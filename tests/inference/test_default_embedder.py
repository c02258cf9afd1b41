"""The embedder that is shipped answers alike in both precisions, on every processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from skimage import data

PACK = Path(__file__).parents[2] / "models" / "default"


def _template(precision: str, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        str(PACK / f"embedder.{precision}.onnx"), providers=["CPUExecutionProvider"]
    )
    e = session.run(None, {"x": x})[0]
    return e / np.linalg.norm(e, axis=1, keepdims=True)


def test_products_of_the_int8_file_fit_into_16_bits_two_at_a_time() -> None:
    """Without VNNI, x86 adds two products in 16 bits that saturate: a wrong template, and no error (ADR 11)."""
    graph = onnx.load(str(PACK / "embedder.int8.onnx")).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kernels = [value for value in stored.values() if value.dtype == np.int8 and value.ndim > 1]
    largest = max(int(np.abs(kernel.astype(int)).max()) for kernel in kernels)
    activations = {stored[node.input[2]].dtype for node in graph.node if node.op_type == "QuantizeLinear"}
    assert activations == {np.dtype(np.uint8)}
    assert 2 * 255 * largest <= np.iinfo(np.int16).max


def test_both_precisions_give_a_face_nearly_the_same_template() -> None:
    face = data.astronaut()[0:224:2, 168:392:2, ::-1].astype(np.float32)  # BGR, 112x112
    x = np.ascontiguousarray(((face - 127.5) / 128).transpose(2, 0, 1)[None])
    assert float((_template("fp32", x) * _template("int8", x)).sum()) > 0.98


def test_the_pack_keeps_to_its_sizes() -> None:
    """5 MB for the embedder's INT8 file, 8 MB for those of all roles, 40 MB for everything."""
    sizes = {path.name: path.stat().st_size for path in PACK.rglob("*") if path.is_file()}
    assert sizes["embedder.int8.onnx"] <= 5e6
    assert sum(size for name, size in sizes.items() if name.endswith(".int8.onnx")) <= 8e6
    assert sum(sizes.values()) <= 40e6
