"""The figures of docs/demesh.md.

``python -m tests.demesh.measure``: the table. ``python -m tests.demesh.measure FOLDER N``: how many of N pictures of
a folder, none of which has a mesh, are changed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from edgeface.demesh.removal import remove_mesh
from edgeface.engine import Engine
from tests import pictures
from tests.api.running import make_config
from tests.demesh.judging import MESHES, portraits, psnr, ssim


def main() -> None:
    """What the command line asks for."""
    if len(sys.argv) == 3:
        ordinary(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        table()


def ordinary(folder: Path, most: int) -> None:
    """Print what was taken for a mesh, and how often."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".jpg", ".jpeg", ".png"))
    chosen = random.Random(1).sample(files, min(most, len(files)))
    changed = 0
    for file in chosen:
        image = cv2.imread(str(file))
        if image is not None and (answer := remove_mesh(image)).found:
            changed += 1
            _row(f"{file.name}: PSNR {psnr(answer.image, image):.1f} dB")
    _row(f"{changed} of {len(chosen)}")


def table() -> None:
    """Print one row for each portrait and mesh."""
    with tempfile.TemporaryDirectory() as folder, Engine.open(make_config(Path(folder))) as engine:

        def vector(image: np.ndarray) -> np.ndarray | None:
            faces = engine.detect(image).faces
            template = engine.embed(image).template if faces else None
            return None if template is None else template.vector

        _row("| portrait | mesh | PSNR on the lines, dB | SSIM on the lines | cosine to the clean face | s |")
        _row("|---|---|---|---|---|---|")
        for name, clean in portraits().items():
            own = vector(clean)
            assert own is not None
            for title, mesh in MESHES.items():
                meshed, coverage = mesh.over(clean)
                # As it comes from a system that stores photographs: as a JPEG.
                stored = pictures.encoded(meshed, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 92)
                seen = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
                start = time.process_time()
                restored = remove_mesh(seen).image
                seconds = time.process_time() - start
                lines = coverage > 0.05
                cells = [
                    f"{measure(seen, clean, lines):.{digits}f} → {measure(restored, clean, lines):.{digits}f}"
                    for measure, digits in ((psnr, 1), (ssim, 2))
                ]
                cosines = [
                    f"{float(own @ v):.3f}" if (v := vector(image)) is not None else "no face"
                    for image in (seen, restored)
                ]
                _row(f"| {name} | {title} | {cells[0]} | {cells[1]} | {cosines[0]} → {cosines[1]} | {seconds:.1f} |")


def _row(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
