"""The default pack with models for attributes: small networks made here, whose answers a test chooses.

Each answers with numbers that grow with the light of the crop, so that a test can see that pictures reach them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeface.attributes import LIVENESS
from tests.packs import copied_pack

_SIZE = 48
_OPSET = 17
_TEMPLATE = "[[16.5, 20.0], [31.5, 20.0], [24.0, 28.0], [18.0, 36.0], [30.0, 36.0]]"


@dataclass(frozen=True, slots=True)
class Head:
    """One role's output: ``numbers`` + ``per_light`` * light, where light is the crop's mean, 0 to 1."""

    role: str
    numbers: Sequence[float]
    per_light: Sequence[float] = ()
    classes: Sequence[str] = ()
    logits: bool = False
    factor: float = 1.0
    thresholds: tuple[float, float, float] = (0.05, 0.3, 0.9)
    """Liveness only: low, normal, high (the example of Baidu v3 faceverify)."""

    @property
    def format(self) -> str:
        if self.classes:
            return "likelihoods"
        return "eye_openness2" if self.role == "eye_status" else "scalar"


ALL_HEADS: tuple[Head, ...] = (
    Head("age", (0.31,), factor=100.0),
    Head("beauty", (64.5,)),
    Head("spoofing", (0.02,)),
    Head("liveness", (0.95,)),
    Head("gender", (0.2, 0.8), classes=("female", "male")),
    Head("glasses", (0.1, 0.7, 0.2), classes=("none", "common", "sun")),
    Head("expression", (0.25, 0.7, 0.05), classes=("none", "smile", "laugh")),
    Head("emotion", (0.0, 3.0, 0.0), classes=("angry", "happy", "neutral"), logits=True),
    Head(
        "face_shape",
        (0.05, 0.05, 0.6, 0.2, 0.1),
        classes=("square", "triangle", "oval", "heart", "round"),
    ),
    Head("face_type", (0.99, 0.01), classes=("human", "cartoon")),
    Head("eye_status", (0.9, 0.8)),
)
"""One answer for every attribute: 31 years, 64.5 beautiful, a living smiling man with common glasses."""


def pack_with(target: Path, *heads: Head, one_file: bool = False) -> Path:
    """A copy of the default pack in `target` with a role for each head; `one_file`: one network serves them all."""
    folder = copied_pack(target)
    groups = [list(heads)] if one_file else [[head] for head in heads]
    tables = []
    for group in groups:
        file = f"{'-'.join(head.role for head in group)}.onnx"
        data = network(group)
        (folder / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        tables += [_table(head, file, digest) for head in group]
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text() + "\n" + "\n".join(tables))
    return folder


def network(heads: Sequence[Head]) -> bytes:
    """An ONNX file with one output for each head, named after its role."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["rgb"]),
    ]
    weights, outputs = [], []
    for head in heads:
        wide = len(head.numbers)
        slope = np.tile(np.asarray(head.per_light or [0.0] * wide, np.float32) / 3, (3, 1))
        weights.append(numpy_helper.from_array(slope, f"{head.role}_w"))
        weights.append(numpy_helper.from_array(np.asarray(head.numbers, np.float32), f"{head.role}_b"))
        nodes.append(helper.make_node("Gemm", ["rgb", f"{head.role}_w", f"{head.role}_b"], [head.role]))
        outputs.append(helper.make_tensor_value_info(head.role, TensorProto.FLOAT, ["n", wide]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, _SIZE, _SIZE])
    graph = helper.make_graph(nodes, "attributes", [x], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _table(head: Head, file: str, digest: str) -> str:
    scale = 1 / 255
    lines = [
        f"[roles.{head.role}]",
        'licence = "test"',
        'provenance = "made by a test"',
        f'input = {{ name = "x", width = {_SIZE}, height = {_SIZE}, colour = "rgb", mean = [0.0, 0.0, 0.0], '
        f"scale = [{scale}, {scale}, {scale}] }}",
        f'crop = {{ kind = "five_points", template = {_TEMPLATE} }}',
        f"[roles.{head.role}.output]",
        f'format = "{head.format}"',
        f'names = ["{head.role}"]',
    ]
    if head.factor != 1.0:
        lines.append(f"factor = {head.factor}")
    if head.classes:
        lines.append(f"classes = {list(head.classes)}")
    if head.logits:
        lines.append("logits = true")
    lines += [f"[roles.{head.role}.variants]", f'fp32 = {{ file = "{file}", sha256 = "{digest}" }}']
    if head.role == LIVENESS:
        low, normal, high = head.thresholds
        lines += [f"[roles.{head.role}.liveness]", f"low = {low}", f"normal = {normal}", f"high = {high}"]
    return "\n".join(lines) + "\n"
