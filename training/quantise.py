"""INT8 by calibration: static QDQ, signed weights per channel, 8-bit activations."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.compact import compacted
from training.onnx_export import save_model

Range = Literal["minmax", "percentile", "entropy"]
Activations = Literal["int8", "uint8"]
_METHODS = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}


@dataclass(frozen=True, slots=True)
class QuantisePlan:
    """How a model is quantised.

    `ranges`: how activation ranges are read off the calibration pictures (`percentile` cuts 0.01 % of the
    tails away). `in_float`: names of nodes that stay in float32. `kinds`: operators to quantise, all that
    ONNX Runtime knows when empty. `activations`: both are fast on ARM. x86 multiplies unsigned activations by
    signed weights (VNNI); a graph of signed ones is no faster there than its float original, and slower where its
    convolutions are depthwise, which then stay in float.

    `short_weights`: weights have 7 bits instead of 8. Without VNNI, x86 adds two products of unsigned activations and
    weights in 16 bits that saturate; of 7 bits they fit (ADR 11).
    """

    ranges: Range = "minmax"
    activations: Activations = "int8"
    short_weights: bool = False
    in_float: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    percentile: float = 99.99


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    """Hands the calibration batches to ONNX Runtime one after another."""

    def __init__(self, input_name: str, batches: Sequence[NDArray[np.float32]]) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.float32]]] = iter([{input_name: batch} for batch in batches])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._feeds, None)


def quantise_file(
    source: Path, target: Path, batches: Sequence[NDArray[np.float32]], plan: QuantisePlan | None = None
) -> None:
    """Write the float32 ONNX file `source` as an INT8 one to `target`.

    `batches`: calibration inputs of the model (a few hundred varied pictures in all). `source` must hold
    float32 weights, not the halved ones of `store_halved`. ValueError without batches.
    """
    if not batches:
        raise ValueError("calibration needs at least one batch")
    plan = plan or QuantisePlan()
    extra: dict[str, Any] = {"CalibPercentile": plan.percentile} if plan.ranges == "percentile" else {}
    logging.getLogger().setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        prepared, result = Path(folder) / "prepared.onnx", Path(folder) / "result.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        input_name = onnx.load(str(prepared)).graph.input[0].name
        quantize_static(
            str(prepared),
            str(result),
            _Batches(input_name, batches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(plan.kinds) or None,
            per_channel=True,
            activation_type=QuantType.QUInt8 if plan.activations == "uint8" else QuantType.QInt8,
            weight_type=QuantType.QInt8,
            reduce_range=plan.short_weights,
            nodes_to_exclude=list(plan.in_float),
            calibrate_method=_METHODS[plan.ranges],
            extra_options=extra,
        )
        save_model(compacted(onnx.load(str(result))), target)


def node_names(path: Path, kind: str) -> list[str]:
    """Return the names of the nodes of that operator (`Conv`, `Gemm`, ...) in the file's order."""
    return [node.name for node in onnx.load(str(path)).graph.node if node.op_type == kind]
