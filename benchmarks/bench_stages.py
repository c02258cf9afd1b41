"""Every stage of the pipeline by itself, one thread and all threads, each precision; peers in the same run."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.pictures import jpeg, portrait
from benchmarks.timing import measure, resident_mib
from edgeface.analysis import Analyzer, Wants
from edgeface.config import Config
from edgeface.image import decode
from edgeface.inference.locate import locate_pack
from edgeface.inference.pack import ModelPack
from edgeface.types import FaceOrder


def run(repeat: int = 100) -> list[dict[str, Any]]:
    """Rows of ``{"what", "threads", "precision", "p50_ms", "p99_ms", "runs"}``."""
    image = portrait()
    data = jpeg(image)
    limits = Config().image
    rows = [{"what": "decode JPEG 640x480", "threads": 1, **measure(lambda: decode(data, limits), repeat=repeat)}]
    for threads in sorted({1, os.cpu_count() or 1}):
        for precision in ("fp32", "int8"):
            rows += _stages(image, threads, precision, repeat)
        rows += _peers(image, threads, repeat)
    rows.append({"what": "resident memory of this process, MiB", "value": resident_mib()})
    return rows


def _stages(image: Any, threads: int, precision: str, repeat: int) -> list[dict[str, Any]]:
    rows = []
    pack = ModelPack.load(locate_pack(None))
    for size in (320, 640):
        times: defaultdict[str, list[float]] = defaultdict(list)
        config = Config.model_validate(
            {"models": {"threads": threads, "precision": precision}, "detection": {"input_size": size}}
        )
        analyzer = Analyzer.open(pack, config, cache_dir=None, observe=lambda s, t, times=times: times[s].append(t))
        everything = Wants(landmarks=True, pose=True, quality=True, template=True)

        def analyse(analyzer: Analyzer = analyzer, wants: Wants = everything) -> None:
            faces = analyzer.analyze(image, wants, max_faces=1, order=FaceOrder.LARGEST, turned=False)
            if len(faces) != 1:
                raise RuntimeError("the portrait's face was not found")

        total = measure(analyse, repeat=repeat)
        common = {"threads": threads, "precision": precision}
        for stage, taken in times.items():
            if stage != "detect" and size != 640:
                continue
            milliseconds = np.asarray(taken[5:]) * 1e3
            rows.append(
                {
                    "what": f"{stage} {size}" if stage == "detect" else stage,
                    **common,
                    "p50_ms": round(float(np.percentile(milliseconds, 50)), 4),
                    "p99_ms": round(float(np.percentile(milliseconds, 99)), 4),
                    "runs": len(milliseconds),
                }
            )
        rows.append({"what": f"whole analysis, detector at {size}", **common, **total})
        analyzer.close()
    return rows


def _peers(image: Any, threads: int, repeat: int) -> list[dict[str, Any]]:
    """OpenCV's FaceDetectorYN (its model comes from the evaluation folder) and face_recognition (dlib)."""
    rows: list[dict[str, Any]] = []
    root = os.environ.get("EDGEFACE_EVAL_DATA")
    model = Path(root) / "zoo/detector/yunet_n.onnx" if root else None
    cv2.setNumThreads(threads)
    for size in (320, 640):
        name = f"peer: OpenCV FaceDetectorYN (yunet_n) {size}"
        if model is None or not model.exists():
            rows.append({"what": name, "threads": threads, "skipped": "EDGEFACE_EVAL_DATA is not set"})
            continue
        height = image.shape[0] * size // image.shape[1]
        scaled = cv2.resize(image, (size, height), interpolation=cv2.INTER_AREA)
        try:
            detector = cv2.FaceDetectorYN.create(str(model), "", (size, height))
            rows.append(
                {"what": name, "threads": threads, **measure(lambda d=detector, i=scaled: d.detect(i), repeat=repeat)}
            )
        except cv2.error as error:
            rows.append({"what": name, "threads": threads, "skipped": f"OpenCV refused the model: {error.err}"})
    try:
        import face_recognition
    except (ImportError, SystemExit):  # it ends the process when its models cannot be imported
        return [
            *rows,
            {"what": "peer: face_recognition (dlib)", "skipped": "not installed: pip install -e '.[bench-dlib]'"},
        ]
    rgb = np.ascontiguousarray(image[:, :, ::-1])
    places = face_recognition.face_locations(rgb)
    rows.append(
        {
            "what": "peer: face_recognition, find face (HOG)",
            "threads": 1,
            **measure(lambda: face_recognition.face_locations(rgb), repeat=min(repeat, 20)),
        }
    )
    rows.append(
        {
            "what": "peer: face_recognition, template (ResNet, 128-d)",
            "threads": 1,
            **measure(lambda: face_recognition.face_encodings(rgb, places), repeat=min(repeat, 20)),
        }
    )
    return rows
