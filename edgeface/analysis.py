"""A picture in, its faces out, computing only what was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeface.attributes import ATTRIBUTES, LIVENESS, Attributes
from edgeface.config import Config, QualityThresholds
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.geometry import pose_from_points, rotation_of
from edgeface.inference.attribute_model import Value, merged
from edgeface.inference.crop import CropBatch, cut, same_crop
from edgeface.inference.detections import Detections
from edgeface.inference.model_set import ModelSet
from edgeface.inference.pack import ModelPack, RoleSpec
from edgeface.inference.precision import PrecisionChoice
from edgeface.inference.quality_model import QualityEstimate
from edgeface.inference.roles import EMBEDDER, KNOWN_ROLES, LANDMARKS, QUALITY
from edgeface.inference.second_look import righted
from edgeface.quality.gate import Judging
from edgeface.quality.measures import completeness, illumination, interocular_distance
from edgeface.types import (
    BoundingBox,
    Face,
    FaceOrder,
    ImageArray,
    Landmarks,
    Pose,
    Quality,
    QualityLevel,
    Template,
)

Observer = Callable[[str, float], None]
"""Told the name of each stage (``detect``, ``landmarks``, ``quality``, ``attributes``, ``embed``) and its seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What is to be computed of each face besides its box, score and five points.

    attributes: names of :data:`edgeface.attributes.ATTRIBUTES`; those that the pack has no model for stay None.
    """

    landmarks: bool = False
    pose: bool = False
    quality: bool = False
    template: bool = False
    attributes: frozenset[str] = frozenset()


class Analyzer:
    """Runs a pack's models over pictures. Thread-safe; models are opened at their first use."""

    def __init__(self, pack: ModelPack, models: ModelSet, config: Config, observe: Observer | None) -> None:
        self._pack = pack
        self._models = models
        self._config = config
        self._observe = observe

    @classmethod
    def open(
        cls, pack: ModelPack, config: Config, cache_dir: Path | None = None, *, observe: Observer | None = None
    ) -> Analyzer:
        """An analyzer of a loaded pack. `cache_dir`: where precision choices are remembered (None: nowhere)."""
        return cls(pack, ModelSet(pack, config, cache_dir), config, observe)

    @property
    def features(self) -> frozenset[str]:
        """The roles that the pack has: ``detector``, ``landmarks``, ``quality``, ``embedder``, and attributes."""
        return frozenset(role for role in (*KNOWN_ROLES, *ATTRIBUTES) if self._models.has(role))

    @property
    def precisions(self) -> tuple[PrecisionChoice, ...]:
        """Which precision runs, and why, for each model opened so far."""
        return self._models.choices

    def warm(self) -> None:
        """Open every model now. Raises ``PACK_INVALID`` where one cannot be opened."""
        self._models.warm()

    def reconfigure(self, config: Config) -> None:
        """Take over thresholds of detection and quality at the next picture."""
        self._config = config

    def close(self) -> None:
        """Forget the models; later calls raise ``SHUTTING_DOWN``."""
        self._models.close()

    def analyze(
        self,
        image: ImageArray,
        wants: Wants,
        *,
        max_faces: int,
        order: FaceOrder,
        turned: bool,
        level: QualityLevel | None = None,
        thresholds: QualityThresholds | None = None,
        liveness: QualityLevel = QualityLevel.NONE,
        input_size: int | None = None,
    ) -> tuple[Face, ...]:
        """The faces of a BGR picture, at most `max_faces`, largest or most central first.

        input_size: longer side of the detector's input instead of the configured one.

        turned: where no upright face is found, look again at 90, 180 and 270 degrees. level: judge each face; the
        measures that this needs are then taken, wanted or not. thresholds: instead of the configured ones of that
        level. liveness: how sure it must be that a face is a living one (the pack's thresholds for that level).
        Raises ``FEATURE_UNAVAILABLE`` for templates without an embedder, and without a detector always;
        ``LIVENESS`` where liveness is asked for without a model; landmarks, attributes and modelled measures of a
        role that the pack lacks are None.
        """
        wants, judging = self._judging(wants, level, thresholds, liveness)
        found = self._detect(image, max_faces, order, turned=turned, input_size=input_size)
        if not len(found):
            return ()
        return self._faces(image, found, wants, judging)

    def describe(
        self,
        image: ImageArray,
        faces: Sequence[Face],
        wants: Wants,
        *,
        level: QualityLevel | None = None,
        thresholds: QualityThresholds | None = None,
        liveness: QualityLevel = QualityLevel.NONE,
    ) -> tuple[Face, ...]:
        """Faces that were found before, perhaps in a smaller copy of the picture, measured in this BGR picture.

        faces: boxes and five points in pixels of this picture. Nothing is searched for. As :meth:`analyze`.
        """
        if not faces:
            return ()
        wants, judging = self._judging(wants, level, thresholds, liveness)
        found = Detections(
            np.array([(face.box.left, face.box.top, face.box.right, face.box.bottom) for face in faces], np.float32),
            np.array([face.score for face in faces], np.float32),
            np.stack([face.points for face in faces]),
        )
        return self._faces(image, found, wants, judging)

    def liveness_threshold(self, level: QualityLevel) -> float | None:
        """From which number on a face counts as living; None for NONE.

        Raises ``LIVENESS`` where the pack has no liveness model (what cannot be told is refused), and
        ``INVALID_PARAMETER`` for CUSTOM.
        """
        if level is QualityLevel.NONE:
            return None
        if level is QualityLevel.CUSTOM:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "A liveness level is NONE, LOW, NORMAL or HIGH.")
        if not self._models.has(LIVENESS):
            raise EdgeFaceError(ErrorCode.LIVENESS, "The active model pack has no liveness model.")
        return self._models.spec(LIVENESS).liveness[level]

    def _judging(
        self,
        wants: Wants,
        level: QualityLevel | None,
        thresholds: QualityThresholds | None,
        liveness: QualityLevel,
    ) -> tuple[Wants, Judging]:
        """What must be measured to judge so, and the thresholds."""
        if wants.template:
            self._models.spec(EMBEDDER)  # refused before anything is computed
        least = self.liveness_threshold(liveness)
        if least is not None:
            wants = replace(wants, attributes=wants.attributes | {LIVENESS})
        if level is None:
            return wants, Judging(None, None, least)
        if level is not QualityLevel.NONE:
            wants = replace(wants, quality=True, pose=True)
        return wants, Judging(level, thresholds or self._config.quality.thresholds(level), least)

    def _detect(
        self, image: ImageArray, max_faces: int, order: FaceOrder, *, turned: bool, input_size: int | None
    ) -> Detections:
        settings = self._config.detection
        with self._stage("detect"):
            detector = self._models.detector()
            found = detector.detect(
                image,
                input_size=input_size or settings.input_size,
                turned=turned,
                min_face=settings.min_face,
            )
            height, width = image.shape[:2]
            first = found.first(max_faces, order, width, height)
            return righted(image, first, detector) if turned else first

    def _faces(
        self,
        image: ImageArray,
        found: Detections,
        wants: Wants,
        judging: Judging,
    ) -> tuple[Face, ...]:
        shapes: list[tuple[Landmarks | None, Pose | None]] = [(None, None)] * len(found)
        crops: CropBatch | None = None
        if wants.landmarks or wants.pose:
            with self._stage("landmarks"):
                shapes, crops = self._shapes(image, found)
        measured: list[Quality | None] = [None] * len(found)
        if wants.quality:
            with self._stage("quality"):
                measured = self._qualities(image, found, [shape[0] for shape in shapes], crops)
        shown: list[Attributes | None] = [None] * len(found)
        if wants.attributes:
            shown = self._attributes(image, found, wants.attributes)
        templates: list[Template | None] = [None] * len(found)
        if wants.template:
            with self._stage("embed"):
                templates = self._templates(image, found)
        faces = []
        for index in range(len(found)):
            landmarks, pose = shapes[index]
            quality = measured[index]
            faces.append(
                Face(
                    box=_box(found, index),
                    score=float(found.scores[index]),
                    points=found.points[index],
                    landmarks=landmarks if wants.landmarks else None,
                    pose=pose if wants.pose else None,
                    quality=quality,
                    verdict=judging.verdict(quality, pose, shown[index]),
                    template=templates[index],
                    attributes=shown[index],
                )
            )
        return tuple(faces)

    def _shapes(
        self, image: ImageArray, found: Detections
    ) -> tuple[list[tuple[Landmarks | None, Pose | None]], CropBatch | None]:
        """Landmarks and pose of each face, and the crops they were read from."""
        if not self._models.has(LANDMARKS):
            return [(None, pose_from_points(points)) for points in found.points], None
        crops = cut(image, found, self._models.spec(LANDMARKS))
        return list(self._models.landmarks().predict(crops)), crops

    def _qualities(
        self,
        image: ImageArray,
        found: Detections,
        landmarks: list[Landmarks | None],
        crops: CropBatch | None,
    ) -> list[Quality | None]:
        estimates: list[QualityEstimate | None] = [None] * len(found)
        if self._models.has(QUALITY):
            spec = self._models.spec(QUALITY)
            if crops is None or not same_crop(spec, self._models.spec(LANDMARKS)):
                crops = cut(image, found, spec)
            estimates = list(self._models.quality().predict(crops))
        return [
            _quality(image, found, index, dense, estimate)
            for index, (dense, estimate) in enumerate(zip(landmarks, estimates, strict=True))
        ]

    def _attributes(self, image: ImageArray, found: Detections, names: frozenset[str]) -> list[Attributes | None]:
        models = self._models.attributes(names)
        if not models:
            return [Attributes()] * len(found)
        parts: list[list[dict[str, Value]]] = [[] for _ in range(len(found))]
        made: list[tuple[RoleSpec, CropBatch]] = []
        with self._stage("attributes"):
            for model in models:
                spec = model.session.spec
                crops = next((crops for other, crops in made if same_crop(spec, other)), None)
                if crops is None:
                    crops = cut(image, found, spec)
                    made.append((spec, crops))
                for part, values in zip(parts, model.predict(crops), strict=True):
                    part.append({name: value for name, value in values.items() if name in names})
        return [merged(part) for part in parts]

    def _templates(self, image: ImageArray, found: Detections) -> list[Template | None]:
        embedder = self._models.embedder()
        vectors = embedder.embed(cut(image, found, embedder.session.spec))
        return [Template(vector, self._pack.contract_id) for vector in vectors]

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            if self._observe is not None:
                self._observe(name, time.perf_counter() - start)


def _box(found: Detections, index: int) -> BoundingBox:
    left, top, right, bottom = (float(value) for value in found.boxes[index])
    return BoundingBox(left, top, right - left, bottom - top, rotation_of(found.points[index]))


def _quality(
    image: ImageArray, found: Detections, index: int, dense: Landmarks | None, estimate: QualityEstimate | None
) -> Quality:
    box, points = _box(found, index), found.points[index]
    height, width = image.shape[:2]
    outline = points if dense is None else np.concatenate([points, dense.points])
    return Quality(
        illumination=illumination(image, box),
        completeness=completeness(box, outline, width, height),
        face_width=box.width,
        face_height=box.height,
        interocular_distance=interocular_distance(points),
        occlusion=estimate.occlusion if estimate else None,
        blur=estimate.blur if estimate else None,
        covering=estimate.covering if estimate else None,
    )
