"""What the detector and its teacher take for a face in pictures that show none.

python -m training.detector.false_faces --teachers DIR [--models DIR]

The pictures: sample pictures of scikit-image, which no training shows, each from four sides and with a longer side of
640 and 320 pixels; and things drawn as training draws them, by another seed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from edgeface.geometry import rotate_right_angle
from training.detector.evaluate import Find, finders_of
from training.detector.matching import FLOOR
from training.detector.runner import DetectorFile
from training.detector.teacher import Teacher
from training.detector.things import KINDS, finished
from training.runtime import read_config

Image = NDArray[np.uint8]

# Those of the package's pictures, in it without a download, that are large enough and show nobody.
SAMPLES = (
    "brick",
    "cell",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "colorwheel",
    "grass",
    "gravel",
    "horse",
    "hubble_deep_field",
    "immunohistochemistry",
    "logo",
    "microaneurysms",
    "moon",
    "page",
    "retina",
    "rocket",
    "text",
)
_LONG_SIDES = (640, 320)
_TURNS = (0, 1, 2, 3)
_SCORES = (0.6, 0.7, 0.75, 0.8, 0.85)
_SEED = 1_000_003  # training's seeds are small
_DRAWN = 150


def sample(name: str) -> Image:
    """One of `SAMPLES`, h x w x 3 BGR uint8."""
    image = np.asarray(getattr(skimage.data, name)())
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., 2::-1], dtype=np.uint8)


def views(image: Image) -> list[Image]:
    """The picture from four sides at two sizes; never enlarged."""
    sizes = []
    for long_side in _LONG_SIDES:
        zoom = min(1.0, long_side / max(image.shape[:2]))
        size = (round(image.shape[1] * zoom), round(image.shape[0] * zoom))
        sizes.append(cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))
    if sizes[0].shape == sizes[1].shape:
        del sizes[1]
    return [rotate_right_angle(one, turns) for one in sizes for turns in _TURNS]


def best_score(find: Find, image: Image) -> float:
    """The highest score of any finding, 0 without one."""
    return float(find(image, FLOOR).scores.max(initial=0))


def shares_at_scores(best: Sequence[float]) -> dict[str, float]:
    """The share of pictures in which something is found at each score."""
    return {f"at_{score}": round(float(np.mean(np.array(best) >= score)), 3) for score in _SCORES}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison, a line a group of pictures and detector."""
    root = Path(__file__).parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teachers", type=Path, required=True, help="folder with detector/yunet_n.onnx")
    parser.add_argument("--models", type=Path, default=root / "models" / "default")
    options = parser.parse_args(arguments)

    iou = float(read_config(options.models / "manifest.toml")["roles"]["detector"]["detection"]["nms_iou"])
    teacher = Teacher(options.teachers)
    ours = {name: DetectorFile(options.models / f"detector.{name}.onnx") for name in ("fp32", "int8")}
    finders = finders_of(teacher, ours, iou)
    groups: dict[str, list[Image]] = {name: views(sample(name)) for name in SAMPLES}
    everything: dict[str, list[float]] = {name: [] for name in finders}
    for group, images in groups.items():
        line: dict[str, object] = {"sample": group, "views": len(images)}
        for name, find in finders.items():
            best = [best_score(find, image) for image in images]
            everything[name] += best
            line[name] = round(max(best), 3)
        print(json.dumps(line), flush=True)
    for name, best in everything.items():
        print(json.dumps({"samples": len(SAMPLES), "views": len(best), "detector": name} | shares_at_scores(best)))
    for kind in dict.fromkeys(KINDS):
        rng = np.random.default_rng(_SEED)
        drawn = [finished(kind(rng), rng) for _ in range(_DRAWN)]
        for name, find in finders.items():
            best = [best_score(find, image) for image in drawn]
            line = {"drawn": kind.__name__, "pictures": _DRAWN, "detector": name}
            print(json.dumps(line | shares_at_scores(best)), flush=True)


if __name__ == "__main__":
    main()
