"""Write the quality role's ONNX files: python -m training.quality.export --data DIR --work DIR --pack DIR."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.landmarks.frame import SIDE
from training.onnx_export import export_model, largest_difference, store_halved
from training.quality.examples import network_input
from training.quality.model import Quality, QualityForExport
from training.quality.stock import batches, damage_from, open_stock
from training.quality.train import shape_from
from training.quantise import QuantisePlan, Range, node_names, quantise_file
from training.runtime import load_checkpoint, read_config

OUTPUTS: Final = ("occlusion", "blur", "covering")
_CALIBRATION_BATCH: Final = 50


def write_float(model: Quality, path: Path) -> None:
    """Write the network with float32 weights and a free batch dimension."""
    dynamic = {name: {0: "batch"} for name in ("x", *OUTPUTS)}
    example = torch.zeros(1, 3, SIDE, SIDE)
    export_model(QualityForExport(model), example, path, outputs=OUTPUTS, dynamic=dynamic)


def write_pack(
    model: Quality, pack: Path, pictures: Sequence[NDArray[np.float32]], ranges: Range
) -> tuple[float, float]:
    """Write `quality.fp32.onnx` and `quality.int8.onnx`; returns the largest differences from PyTorch.

    The first figure is that of the float32 file before its weights are rounded to half precision, the second
    that of the file as stored. pictures: network inputs that show the ranges of the activations.
    """
    frozen = QualityForExport(model).eval()
    probe = torch.from_numpy(pictures[0])
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "quality.onnx"
        write_float(model, whole)
        exact = largest_difference(frozen, whole, probe)
        store_halved(whole, pack / "quality.fp32.onnx")
        # The last layer and what follows stay in float: they cost nothing, and steps of 1/255 of the range of
        # all logits would be seen in the answers.
        last = node_names(whole, "Gemm")[-1]
        plan = QuantisePlan(ranges=ranges, kinds=("Conv", "Gemm", "Add", "Relu"), in_float=(last,))
        quantise_file(whole, pack / "quality.int8.onnx", pictures, plan)
    return exact, largest_difference(frozen, pack / "quality.fp32.onnx", probe)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export the averaged weights of the last checkpoint in the work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True, help="the folder that was trained on")
    parser.add_argument("--teachers", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder with the checkpoint")
    parser.add_argument("--checkpoint", type=Path, help="another checkpoint than the work folder's")
    parser.add_argument("--pack", type=Path, default=Path("models/default"), help="where the files go")
    options = parser.parse_args(arguments)

    cv2.setNumThreads(1)
    config = read_config(options.config)
    path = options.checkpoint or options.work / "checkpoint.pt"
    checkpoint = load_checkpoint(path)
    if checkpoint is None:
        raise SystemExit(f"no checkpoint at {path}")
    ranges: Range = config["quantise"]["ranges"]
    if ranges not in get_args(Range):
        raise SystemExit(f"unknown ranges: {ranges}")
    model = Quality(shape_from(config))
    model.load_state_dict(checkpoint.parts["average"]["model"])
    damage = damage_from(config["damage"])
    stock = open_stock(options.data, options.teachers, options.work, damage, landmarks=None, kept_out=False)
    source = batches(stock, _CALIBRATION_BATCH, float(config["train"]["masked_share"]), int(config["seed"]))
    count = max(1, int(config["quantise"]["pictures"]) // _CALIBRATION_BATCH)
    pictures = [network_input(next(source).pictures) for _ in range(count)]
    exact, halved = write_pack(model, options.pack, pictures, ranges)
    print(f"step {checkpoint.step}: largest difference from PyTorch {exact:.2e}, half-precision weights {halved:.2e}")


if __name__ == "__main__":
    main()
