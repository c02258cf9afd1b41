"""Write the trained network as the pack's ONNX files: python -m training.landmarks.export --work DIR --target DIR."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.landmarks.frame import SIDE
from training.landmarks.model import LandmarkNet
from training.landmarks.samples import Face, Randomness, SampleMaker
from training.onnx_export import export_model, largest_difference, store_halved
from training.quantise import QuantisePlan, node_names, quantise_file

OUTPUTS = ("points", "pose")
CALIBRATION_FACES = 400
_BATCH = 20
# Half-precision weights move a coordinate by less than a twentieth of a pixel and an angle by less than this.
_LARGEST_DIFFERENCE = 0.05


def calibration_batches(faces: Sequence[Face], count: int = CALIBRATION_FACES) -> list[NDArray[np.float32]]:
    """Varied network inputs: faces moved, covered, darkened and blurred as in training."""
    maker, rng = SampleMaker(faces, Randomness()), np.random.default_rng(11)
    pictures = np.stack([maker.draw(rng).picture for _ in range(count)]).transpose(0, 3, 1, 2)
    inputs = (pictures.astype(np.float32) - np.float32(127.5)) / np.float32(128)
    return [inputs[start : start + _BATCH] for start in range(0, count, _BATCH)]


def write_models(model: LandmarkNet, faces: Sequence[Face], folder: Path) -> None:
    """Write landmarks.fp32.onnx and landmarks.int8.onnx below `folder`; ValueError when export changed the model."""
    full = folder / "landmarks.full.onnx"
    batch = {0: "batch"}
    example = torch.zeros(1, 3, SIDE, SIDE)
    dynamic = {"x": batch, "points": batch, "pose": batch}
    export_model(model, example, full, outputs=OUTPUTS, dynamic=dynamic)
    batches = calibration_batches(faces)
    probe = torch.from_numpy(batches[0])
    if (gap := largest_difference(model, full, probe)) > _LARGEST_DIFFERENCE:
        raise ValueError(f"the exported file differs from the network by {gap:.4f}")
    store_halved(full, folder / "landmarks.fp32.onnx")
    # The two heads answer in fractions of a pixel and are small: they stay in float, unlike the layer before.
    plan = QuantisePlan(in_float=tuple(node_names(full, "Gemm")[-2:]))
    quantise_file(full, folder / "landmarks.int8.onnx", batches, plan)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export the averaged weights of the last checkpoint and copy the files to the pack."""
    from training.landmarks.faces import Selection, chosen_rows, load_faces
    from training.landmarks.labels import LABELS_FILE, load
    from training.landmarks.train import shape_from
    from training.runtime import load_checkpoint, read_config

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=Path("models/default"))
    options = parser.parse_args(arguments)
    config = read_config(options.config)
    checkpoint = load_checkpoint(options.work / "checkpoint.pt")
    if checkpoint is None:
        raise FileNotFoundError(f"no checkpoint in {options.work}")
    model = LandmarkNet(shape_from(config))
    model.load_state_dict(checkpoint.parts["average"]["model"])
    labels = load(options.work / LABELS_FILE)
    rows = chosen_rows(labels, Selection("train", float(config["labels"]["largest_apart"])))
    faces = load_faces(labels, options.data, rows[: 4 * CALIBRATION_FACES])
    write_models(model, faces, options.work)
    options.target.mkdir(parents=True, exist_ok=True)
    for name in ("landmarks.fp32.onnx", "landmarks.int8.onnx"):
        shutil.copyfile(options.work / name, options.target / name)


if __name__ == "__main__":
    main()
