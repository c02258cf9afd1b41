"""What the embedder's tests share: settings of a tiny network, drawn faces, and a folder with gathered ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.augment.geometry import TEMPLATE_112
from training.embedder.targets import gather, shown_in

SETTINGS: dict[str, Any] = {
    "seed": 5,
    "targets": {
        "blends": 20,
        "reshaped": 10,
        "seam_share": 0.3,
        "template_size": 16,
        "person_share": 0.3,
        "both_sides": True,
    },
    "damage": {
        "rotation_deg": 1.0,
        "scale": 0.01,
        "shift_px": 0.5,
        "mirror_share": 0.5,
        "clean_share": 0.3,
        "light_share": 0.3,
        "occluder_share": 0.1,
        "noise_share": 0.1,
        "low_light_share": 0.1,
    },
    "model": {"early": 0, "widths": [8, 8, 16, 16], "blocks": [1, 1, 1, 1], "added": [0, 0, 0, 0]},
    "cohort": {
        "cohort": 10,
        "samples": 30,
        "share": 0.2,
        "skipped": 1,
        "strength": 1.0,
        "hidden": 4,
        "passes": 3,
        "batch": 8,
        "peak_rate": 1e-2,
        "weight_decay": 1e-2,
    },
    "train": {
        "batch": 8,
        "blend_share": 1.0,
        "steps": 24,
        "peak_rate": 1e-2,
        "warm_share": 0.1,
        "weight_decay": 1e-3,
        "relation_weight": 1.0,
        "average_decay": 0.9,
        "checkpoint_every": 4,
    },
}


def face(seed: int) -> np.ndarray:
    """A drawing with two eyes and a mouth on the template, colours by seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((128, 128, 3), rng.integers(60, 200, 3), np.uint8)
    colour = rng.integers(0, 255, 3).tolist()
    for x, y in TEMPLATE_112 + 8:
        cv2.circle(picture, (round(x), round(y)), int(rng.integers(3, 11)), colour, -1)
    return picture


def gathered(tmp_path: Path) -> Path:
    """Ten gathered drawings of five people, and made-up teachers' templates of 40 samples."""
    folder = tmp_path / "data"
    for number in range(10):
        place = folder / f"person{number // 2}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), face(number))
    work = tmp_path / "work"
    (work / "templates").mkdir(parents=True)
    gather(folder, work)
    shown = shown_in(work, SETTINGS)
    canvases = np.stack([shown.canvas(k) for k in range(40)]).reshape(40, -1).astype(np.float32)
    projection = np.random.default_rng(0).normal(size=(canvases.shape[1], 24)).astype(np.float32)
    np.save(work / "templates" / "00000.npy", ((canvases - canvases.mean()) @ projection).astype(np.float32))
    return work
