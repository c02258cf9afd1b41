"""The models of one pack, each opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from edgeface.attributes import ATTRIBUTES
from edgeface.config import Config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.attribute_model import AttributeGroup, AttributeModel, grouped
from edgeface.inference.detector import Detector
from edgeface.inference.embedder import Embedder
from edgeface.inference.landmarks import LandmarksModel
from edgeface.inference.pack import ModelPack, RoleSpec
from edgeface.inference.precision import PrecisionChoice, PrecisionChooser, example_input
from edgeface.inference.quality_model import QualityModel
from edgeface.inference.roles import DETECTOR, EMBEDDER, LANDMARKS, QUALITY, SWITCHED_OFF
from edgeface.inference.session import ModelSession

_AnyModel = Detector | LandmarksModel | QualityModel | Embedder | AttributeModel
_Model = TypeVar("_Model", Detector, LandmarksModel, QualityModel, Embedder, AttributeModel)


class ModelSet:
    """Opens, keeps and forgets models. Thread-safe: two callers never open one model twice."""

    def __init__(self, pack: ModelPack, config: Config, cache_dir: Path | None) -> None:
        self._pack = pack
        self._detection = config.detection
        self._chooser = PrecisionChooser(
            wanted=config.models.precision, threads=config.models.threads, cache_dir=cache_dir
        )
        self._lock = threading.Lock()
        self._open: dict[str, _AnyModel] = {}
        self._groups = grouped(role for name, role in pack.roles.items() if name in ATTRIBUTES)
        self._choices: dict[str, PrecisionChoice] = {}
        self._closed = False

    @property
    def choices(self) -> tuple[PrecisionChoice, ...]:
        """Which precision runs, for each model that is open."""
        with self._lock:
            return tuple(self._choices.values())

    def has(self, role: str) -> bool:
        """Whether the pack has a model for the role."""
        return self._pack.role(role) is not None

    def spec(self, role: str) -> RoleSpec:
        """The role's description. Raises ``FEATURE_UNAVAILABLE`` saying what does not work without it."""
        spec = self._pack.role(role)
        if spec is None:
            raise EdgeFaceError(
                ErrorCode.FEATURE_UNAVAILABLE,
                f"The pack '{self._pack.name}' has no {role} model: {SWITCHED_OFF[role]}.",
            )
        return spec

    def detector(self) -> Detector:
        """The detector, with the configured operating point or the pack's."""
        settings = self._detection
        return self._get(
            DETECTOR,
            Detector,
            lambda session: Detector.of(session, score_threshold=settings.score_threshold, nms_iou=settings.nms_iou),
        )

    def landmarks(self) -> LandmarksModel:
        """The landmarks model."""
        return self._get(LANDMARKS, LandmarksModel, LandmarksModel)

    def quality(self) -> QualityModel:
        """The quality model."""
        return self._get(QUALITY, QualityModel, QualityModel)

    def embedder(self) -> Embedder:
        """The embedder."""
        return self._get(EMBEDDER, Embedder, Embedder)

    def attributes(self, names: Iterable[str]) -> list[AttributeModel]:
        """The models of those of the named attributes that the pack has; one model may serve several."""
        wanted = frozenset(names)
        return [
            self._attribute(group)
            for group in self._groups
            if not wanted.isdisjoint(role.name for role in group.roles)
        ]

    def warm(self) -> None:
        """Open every model that the pack has."""
        for role, opened in (
            (DETECTOR, self.detector),
            (LANDMARKS, self.landmarks),
            (QUALITY, self.quality),
            (EMBEDDER, self.embedder),
        ):
            if self.has(role):
                opened()
        self.attributes(ATTRIBUTES)

    def close(self) -> None:
        """Forget every model; what is running ends undisturbed."""
        with self._lock:
            self._closed = True
            self._open.clear()

    def _attribute(self, group: AttributeGroup) -> AttributeModel:
        return self._get(group.name, AttributeModel, lambda session: AttributeModel(session, group), group)

    def _get(
        self,
        role: str,
        kind: type[_Model],
        make: Callable[[ModelSession], _Model],
        group: AttributeGroup | None = None,
    ) -> _Model:
        model = self._open.get(role)  # a dict read is atomic; the lock is for opening
        if isinstance(model, kind):
            return model
        with self._lock:
            model = self._open.get(role)
            if isinstance(model, kind):
                return model
            if self._closed:
                raise EdgeFaceError(ErrorCode.SHUTTING_DOWN)
            spec = group.spec if group else self.spec(role)
            session, choice = self._chooser.open(spec, example_input(*self._typical_size(spec)))
            made = make(session)
            self._choices[role] = choice
            self._open[role] = made
            return made

    def _typical_size(self, spec: RoleSpec) -> tuple[int, int]:
        """Height and width of the input with which precisions are compared."""
        if spec.crop.kind != "whole":
            return spec.input.height, spec.input.width
        width = self._detection.input_size // 32 * 32
        return width * 3 // 4 // 32 * 32, width  # a camera's 4:3 picture
