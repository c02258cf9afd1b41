"""Write the trained detector as ONNX.

python -m training.detector.export --data DIR --teachers DIR --work DIR [--out DIR]
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.detector.model import OUTPUT_NAMES, Detector
from training.detector.mosaic import Composer
from training.detector.runner import normalise
from training.detector.scenes import kept_out, list_scenes, load_labels
from training.detector.train import load_pictures, shape_from
from training.onnx_export import export_model, largest_difference, store_halved
from training.quantise import QuantisePlan, node_names, quantise_file
from training.runtime import load_checkpoint, read_config

_CALIBRATION_PICTURES = 300
_CALIBRATION_SEED = 11
# Largest difference between PyTorch and ONNX Runtime, both float32, in logits and strides.
_TOLERANCE = 1e-3


def export_float(model: Detector, path: Path, side: int = 320) -> None:
    """Write `model` to `path` in float32 with free height and width; ValueError when the file disagrees."""
    axes = {name: {2: f"height_{name}", 3: f"width_{name}"} for name in OUTPUT_NAMES}
    export_model(
        model,
        torch.zeros(1, 3, side, side),
        path,
        outputs=OUTPUT_NAMES,
        dynamic={"x": {2: "height", 3: "width"}, **axes},
    )
    example = torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(1)) * 2 - 1
    difference = largest_difference(model, path, example)
    if difference > _TOLERANCE:
        raise ValueError(f"the exported file differs from the model by {difference:.2e}")


def quantise_detector(source: Path, target: Path, batches: Sequence[NDArray[np.float32]]) -> None:
    """Write the INT8 variant of the float32 file `source`; the three heads stay in float.

    Their outputs mix a logit with offsets of other ranges, which one scale for all would round away.
    """
    heads = tuple(name for name in node_names(source, "Conv") if "/heads." in name)
    if len(heads) != len(OUTPUT_NAMES):
        raise ValueError(f"expected {len(OUTPUT_NAMES)} heads, found {heads}")
    quantise_file(source, target, batches, QuantisePlan(in_float=heads, activations="uint8"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Export the averaged weights of the last checkpoint."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=here / "config.toml")
    parser.add_argument("--data", type=Path, required=True, help="pictures to calibrate on, as for training")
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with checkpoint.pt")
    parser.add_argument("--out", type=Path, default=here.parents[1] / "models" / "default")
    options = parser.parse_args(arguments)

    config = read_config(options.config)
    checkpoint = load_checkpoint(options.work / "checkpoint.pt")
    if checkpoint is None:
        raise SystemExit(f"no checkpoint in {options.work}")
    model = Detector(shape_from(config)).eval()
    model.load_state_dict(checkpoint.parts["average"]["model"])
    plain = options.work / "detector.onnx"
    export_float(model, plain)
    store_halved(plain, options.out / "detector.fp32.onnx")

    scenes = [scene for scene in list_scenes(options.data, options.work) if not kept_out(scene.name)]
    scenes = scenes[:: max(1, len(scenes) // _CALIBRATION_PICTURES)]
    labels = load_labels(scenes, options.teachers, options.work / "labels.npz")
    composer = Composer(load_pictures(scenes, labels), config["train"]["side"])
    rng = np.random.default_rng(_CALIBRATION_SEED)
    batches = [normalise(composer.draw(rng).seen) for _ in range(_CALIBRATION_PICTURES)]
    quantise_detector(plain, options.out / "detector.int8.onnx", batches)

    print(f"step {checkpoint.step}, {sum(p.numel() for p in model.parameters())} parameters")
    for path in (options.out / "detector.fp32.onnx", options.out / "detector.int8.onnx"):
        content = path.read_bytes()
        print(f"{path.name} {len(content)} bytes sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
