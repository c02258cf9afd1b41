"""From a PyTorch module to an ONNX file: export, weights in half precision, comparison with PyTorch."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.whole_file import whole_file

OPSET = 17
# Tensors smaller than this stay in float32: halving them saves nothing worth a node.
_SMALLEST_HALVED = 64


def export_model(
    model: nn.Module,
    example: Tensor,
    path: Path,
    *,
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    input_name: str = "x",
) -> None:
    """Write `model` as a float32 ONNX file with batch normalisation folded into the convolutions.

    `example` is an input of the right shape. `dynamic` names the axes that may vary, by input or output name,
    for example `{"x": {0: "batch"}}`; all others are fixed to the example's. The model itself is not changed.
    """
    frozen = copy.deepcopy(model).cpu().float().eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = path.with_name(path.name + ".raw")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter announces its successor
        torch.onnx.export(
            frozen,
            (example.cpu().float(),),
            str(raw),
            input_names=[input_name],
            output_names=list(outputs),
            dynamic_axes={name: dict(axes) for name, axes in (dynamic or {}).items()},
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    proto = onnx.load(str(raw))
    proto.doc_string = ""
    for node in proto.graph.node:
        node.doc_string = ""
    save_model(proto, path)
    raw.unlink()


def store_halved(source: Path, target: Path) -> None:
    """Write the float32 ONNX file `source` to `target` with its weights stored as float16.

    Each weight is cast back to float32 in the graph (the runtime does so once, on loading), so every
    calculation stays in float32; only the file is half the size and the weights are rounded.
    """
    proto = onnx.load(str(source))
    graph = proto.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _SMALLEST_HALVED:
            continue
        if float(np.abs(values).max(initial=0.0)) > float(np.finfo(np.float16).max):
            continue
        name = tensor.name
        halved = numpy_helper.from_array(values.astype(np.float16), name + "_half")
        graph.initializer[index].CopyFrom(halved)
        casts.append(helper.make_node("Cast", [halved.name], [name], name=name + "_cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    save_model(proto, target)


def save_model(proto: onnx.ModelProto, path: Path) -> None:
    """Check a model and write it, the same bytes each time; ONNX's ValidationError leaves what was there."""
    onnx.checker.check_model(proto)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_bytes(proto.SerializeToString(deterministic=True))


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """Return an ONNX Runtime session on the CPU with `threads` threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_file(path: Path, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return all outputs of the ONNX file for `batch`, fed to its only input."""
    session = open_session(path)
    outputs = session.run(None, {session.get_inputs()[0].name: batch})
    return [np.asarray(output, np.float32) for output in outputs]


def largest_difference(model: nn.Module, path: Path, batch: Tensor) -> float:
    """Return the largest absolute difference between the outputs of `model` and of the ONNX file."""
    frozen = copy.deepcopy(model).cpu().float().eval()
    with torch.no_grad():
        expected = frozen(batch.cpu().float())
    wanted = [expected] if isinstance(expected, Tensor) else list(expected)
    found = run_file(path, batch.cpu().float().numpy())
    return max(float(np.abs(w.numpy() - f).max()) for w, f in zip(wanted, found, strict=True))
