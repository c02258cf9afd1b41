"""Write the trained student as `embedder.fp32.onnx` and `embedder.int8.onnx`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.embedder.both_sides import see_both_sides
from training.embedder.damage import damage_from
from training.embedder.inputs import CALIBRATION_CROPS, calibration_batches
from training.embedder.model import Embedder
from training.embedder.targets import shown_in
from training.embedder.train import model_from
from training.onnx_export import export_model, largest_difference, store_halved
from training.quantise import QuantisePlan, quantise_file
from training.runtime import read_config

# The joined template's rounding in float16 must stay far below what a decision depends on.
_TOLERANCE = 1e-3


def write_models(
    model: Embedder,
    batches: list[NDArray[np.float32]],
    folder: Path,
    plan: QuantisePlan,
    *,
    both_sides: bool = False,
) -> dict[str, float]:
    """Write both files into `folder`; returns their sizes in bytes and the largest FP32 difference.

    both_sides: the files add the template of the crop's mirror image (both_sides.py); the network itself does not.
    Raises ValueError when the exported file does not compute what the network does.
    """
    example = torch.from_numpy(batches[0][:2])
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        export_model(model, example, full, outputs=["e"], dynamic={"x": {0: "batch"}, "e": {0: "batch"}})
        difference = largest_difference(model, full, torch.from_numpy(batches[0]))
        if difference > _TOLERANCE:
            raise ValueError(f"the exported network differs by {difference:.2g}")
        store_halved(full, folder / "embedder.fp32.onnx")
        quantise_file(full, folder / "embedder.int8.onnx", batches, plan)
    if both_sides:
        for precision in ("fp32", "int8"):
            see_both_sides(folder / f"embedder.{precision}.onnx")
    sizes = {name: (folder / f"embedder.{name}.onnx").stat().st_size for name in ("fp32", "int8")}
    return {"fp32_bytes": sizes["fp32"], "int8_bytes": sizes["int8"], "difference": difference}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--work", type=Path, required=True, help="folder of training.embedder.train")
    parser.add_argument("--weights", type=Path, help="another state dict than WORK/embedder.pt")
    parser.add_argument("--output", type=Path, required=True, help="folder for the ONNX files")
    parser.add_argument("--ranges", choices=("minmax", "percentile", "entropy"), default="minmax")
    parser.add_argument("--in-float", nargs="*", default=[], help="nodes that stay in float32")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    settings = read_config(arguments.config)
    model = model_from(settings)
    weights = arguments.weights or arguments.work / "embedder.pt"
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    batches = calibration_batches(
        shown_in(arguments.work, settings),
        damage_from(settings),
        crops=CALIBRATION_CROPS,
        seed=int(settings["seed"]),
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    # ADR 11: signed activations would be no faster than float on x86, and weights of 8 bits wrong on some of it.
    plan = QuantisePlan(
        ranges=arguments.ranges, activations="uint8", short_weights=True, in_float=tuple(arguments.in_float)
    )
    both_sides = bool(settings["model"]["both_sides"])
    print(json.dumps(write_models(model, batches, arguments.output, plan, both_sides=both_sides)))


if __name__ == "__main__":
    main()
