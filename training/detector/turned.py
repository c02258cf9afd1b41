"""What the engine's second look makes of turned faces at several values of the pack's sure_score.

python -m training.detector.turned --data DIR --teachers DIR [--models DIR] [--work DIR]

A line a value: of faces in upright pictures how many are looked at again (a few milliseconds each), and of faces in
pictures turned by 90, 180 and 270 degrees how many are found and righted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeface.geometry import rotate_right_angle, rotation_of
from edgeface.inference.detections import Detections
from edgeface.inference.detector import Detector
from edgeface.inference.pack import ModelPack
from edgeface.inference.second_look import righted
from edgeface.inference.session import ModelSession
from training.detector.evaluate import CERTAIN
from training.detector.matching import make_reference
from training.detector.scenes import kept_out, list_scenes, load_labels

_SURE_SCORES = (0.8, 0.85, 0.9, 0.93, 0.96)
_INPUT_SIZE = 640
_SMALLEST = 48.0  # pixels: a face that somebody shows to a terminal
_RIGHT_WAY = 30.0  # degrees that the eyes may lie off the picture's turn
_TURNS = (0, 1, 2, 3)


def opened(models: Path, sure_score: float) -> Detector:
    """The float detector of the pack `models`, with another `sure_score`."""
    spec = ModelPack.load(models).role("detector")
    if spec is None:
        raise SystemExit(f"no detector in {models}")
    session = ModelSession(replace(spec, sure_score=sure_score), spec.variants["fp32"], threads=1)
    return Detector.of(session, score_threshold=None, nms_iou=None)


def is_righted(found: Detections, turns: int) -> bool:
    """Whether there is one face and its eyes lie as the picture was turned (quarters, clockwise)."""
    if len(found) != 1:
        return False
    off = (rotation_of(found.points[0]) - 90.0 * turns + 180.0) % 360.0 - 180.0
    return abs(off) <= _RIGHT_WAY


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison."""
    root = Path(__file__).parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with scenes.csv and scenes.tar")
    parser.add_argument("--teachers", type=Path, required=True, help="folder with detector/yunet_n.onnx")
    parser.add_argument("--models", type=Path, default=root / "models" / "default")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "edgeface-detector")
    options = parser.parse_args(arguments)

    scenes = [scene for scene in list_scenes(options.data, options.work) if kept_out(scene.name)]
    labels = load_labels(scenes, options.teachers, options.work / "labels.npz")
    pictures = []
    for scene, label in zip(scenes, labels, strict=True):
        wanted = make_reference(label, CERTAIN, _SMALLEST).wanted
        if len(label.faces) == 1 and wanted.all():
            pictures.append(scene.read())
    first = opened(options.models, 1.0)
    views = [(turns, rotate_right_angle(picture, turns)) for picture in pictures for turns in _TURNS]
    looks = [(turns, image, first.detect(image, input_size=_INPUT_SIZE, turned=True)) for turns, image in views]
    for sure_score in _SURE_SCORES:
        detector = opened(options.models, sure_score)
        again, right = 0, dict.fromkeys(_TURNS, 0)
        for turns, image, found in looks:
            again += turns == 0 and bool((found.scores < sure_score).any())
            right[turns] += is_righted(righted(image, found, detector), turns)
        shares = {f"right_at_{turns * 90}": round(right[turns] / len(pictures), 3) for turns in _TURNS}
        line = {"sure_score": sure_score, "pictures": len(pictures), "seen_again": round(again / len(pictures), 3)}
        print(json.dumps(line | shares))


if __name__ == "__main__":
    main()
