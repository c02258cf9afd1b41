"""From a picture to faces: decode, find, judge, and remember for a while."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from edgeface.analysis import Analyzer, Wants
from edgeface.attributes import ATTRIBUTES, LIVENESS
from edgeface.config import Config
from edgeface.demesh.removal import Demeshed, remove_mesh
from edgeface.engine.probe import Gate, Picture
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.log import EventLog
from edgeface.gallery.gallery import Gallery
from edgeface.image import decode
from edgeface.inference.pack import ModelPack
from edgeface.quality.gate import judge, judge_liveness
from edgeface.remembered import RememberedFaces
from edgeface.results import Detection
from edgeface.scoring import ScoreScale
from edgeface.similarity import TemplateSpace
from edgeface.telemetry import Telemetry, timed
from edgeface.types import (
    BoundingBox,
    Face,
    FaceOrder,
    FaceToken,
    ImageArray,
    QualityLevel,
    Verdict,
)

_EVERYTHING = Wants(landmarks=True, pose=True, quality=True, template=True, attributes=frozenset(ATTRIBUTES))


class Pictures:
    """The first part of :class:`edgeface.engine.Engine`: what it holds, and the faces of a picture."""

    def __init__(
        self,
        config: Config,
        *,
        pack: ModelPack,
        analyzer: Analyzer,
        gallery: Gallery,
        space: TemplateSpace,
        scale: ScoreScale,
        telemetry: Telemetry,
    ) -> None:
        self.config = config
        self.pack = pack
        self.analyzer = analyzer
        self.gallery = gallery
        self.space = space
        self.scale = scale
        self._telemetry = telemetry
        tokens = config.tokens
        self._remembered = RememberedFaces(most=tokens.most, lifetime_s=tokens.remember_s)
        self.events: EventLog | None = None
        """The event log of this state directory, where somebody has it open: it is erased with the gallery."""

    def reconfigure(self, config: Config) -> None:
        """Take over thresholds: detection, quality, decision, and the profiles. What was opened with the old
        configuration (gallery, models, sockets, camera) stays as it is."""
        self.config = config
        self.analyzer.reconfigure(config)

    def detect(
        self,
        picture: bytes | ImageArray,
        wants: Wants | None = None,
        *,
        max_faces: int | None = None,
        order: FaceOrder | None = None,
        turned: bool | None = None,
        gate: Gate | None = None,
        remember: bool = False,
    ) -> Detection:
        """Find faces; an empty tuple when there are none. ``picture``: encoded bytes or a BGR array.

        ``remember``: keep each face's measures and template for a while, so that its token can stand for it in
        other calls; everything is then measured, wanted or not, because a later call may judge it.
        """
        image, digest = self._decode(picture)
        faces = self._analyse(
            image, digest, _EVERYTHING if remember else wants or Wants(), max_faces, order, turned, gate
        )
        if remember:
            self._remembered.add(faces)
        return Detection(width=image.shape[1], height=image.shape[0], faces=faces)

    def recall(self, token: FaceToken, *, gate: Gate | None = None) -> Face:
        """The face behind a token: remembered with all its measures, or enrolled (then its template only).

        A remembered face is judged by ``gate`` as its picture would be; an enrolled one was judged at enrolment,
        and its liveness is not known any more. Raises ``FACE_TOKEN_UNKNOWN``, ``INVALID_ID``, ``LIVENESS``.
        """
        found = self._remembered.get(token.value)
        if found is None:
            template = self.gallery.templates_of_token(token.value)
            if template is None:
                raise EdgeFaceError(ErrorCode.FACE_TOKEN_UNKNOWN)
            nowhere = np.zeros((5, 2), np.float32)
            found = Face(BoundingBox(0, 0, 0, 0), 0.0, nowhere, token.value, template=template, located=False)
        verdict = self._judged_again(found, gate)
        least = self.analyzer.liveness_threshold(gate.liveness) if gate else None
        if least is not None:
            if found.attributes is None or found.attributes.liveness is None:
                raise EdgeFaceError(ErrorCode.LIVENESS, "The liveness of an enrolled face is not known.")
            verdict = judge_liveness(verdict or Verdict(QualityLevel.NONE), found.attributes.liveness, least)
        return replace(found, verdict=verdict)

    def _judged_again(self, face: Face, gate: Gate | None) -> Verdict | None:
        if gate is None or gate.level in (None, QualityLevel.NONE):
            return None
        if face.quality is None:
            return Verdict(gate.level, not_measured=("everything",))
        thresholds = gate.thresholds or self.config.quality.thresholds(gate.level)
        return judge(face.quality, face.pose, gate.level, thresholds)

    def remember(self, face: Face) -> Face:
        """Keep a face that was seen live for a while; the face with the token that now stands for it in calls."""
        face = replace(face, token=secrets.token_hex(16))
        self._remembered.add([face])
        return face

    def forget(self, tokens: Iterable[str]) -> None:
        """Forget remembered faces, because they were erased."""
        self._remembered.forget(tokens)

    def embed(
        self,
        picture: Picture,
        *,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
        turned: bool | None = None,
    ) -> Face:
        """The first face with its template. ``turned``: instead of the configured choice, whether faces turned by 90,
        180 and 270 degrees count. Raises ``NO_FACE``, ``QUALITY``."""
        return self._probes(picture, 1, gate, order, turned=turned)[0]

    def without_mesh(self, picture: bytes | ImageArray) -> Demeshed:
        """The picture without the mesh that is laid over ID photographs; see :mod:`edgeface.demesh`."""
        image, _ = self._decode(picture)
        with timed(self._telemetry, "demesh"):
            return remove_mesh(image)

    def _decode(self, picture: bytes | ImageArray) -> tuple[ImageArray, bytes]:
        if isinstance(picture, np.ndarray):
            return picture, hashlib.sha256(np.ascontiguousarray(picture).data).digest()
        with timed(self._telemetry, "decode"):
            try:
                return decode(picture, self.config.image), hashlib.sha256(picture).digest()
            except EdgeFaceError as error:
                self._telemetry.rejected(error.code.code)
                raise

    def _analyse(
        self,
        image: ImageArray,
        digest: bytes,
        wants: Wants,
        max_faces: int | None,
        order: FaceOrder | None,
        turned: bool | None,
        gate: Gate | None,
    ) -> tuple[Face, ...]:
        settings = self.config.detection
        limit = settings.max_faces if max_faces is None else max_faces
        if not 1 <= limit <= settings.max_faces:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"max_faces must be 1 to {settings.max_faces}.")
        level = gate.level if gate and gate.level is not QualityLevel.NONE else None
        faces = self.analyzer.analyze(
            image,
            wants,
            max_faces=limit,
            order=order or settings.order,
            turned=settings.turned if turned is None else turned,
            level=level,
            thresholds=gate.thresholds if gate and level else None,
            liveness=gate.liveness if gate else QualityLevel.NONE,
        )
        return tuple(replace(face, token=self._token(digest, _box_key(face))) for face in faces)

    def _probes(
        self,
        picture: Picture,
        max_faces: int | None,
        gate: Gate | None,
        order: FaceOrder | None,
        judged: int | None = None,
        turned: bool | None = None,
    ) -> tuple[Face, ...]:
        """Faces with templates that passed the gate; at least one. ``judged``: only so many must pass."""
        gate = (gate or Gate()).at(self.config.quality.probe_level)
        if isinstance(picture, FaceToken):
            faces: tuple[Face, ...] = (self.recall(picture, gate=gate),)
        else:
            image, digest = self._decode(picture)
            faces = self._analyse(image, digest, Wants(template=True), max_faces, order, turned, gate)
        if not faces:
            self._telemetry.rejected(ErrorCode.NO_FACE.code)
            raise EdgeFaceError(ErrorCode.NO_FACE)
        for face in faces:
            if face.verdict is not None:
                for violation in face.verdict.violations:
                    self._telemetry.rejected(violation.measure)
        must_pass = faces if judged is None else faces[:judged]
        passed = tuple(face for face in must_pass if face.verdict is None or face.verdict.passed)
        if not passed:
            raise _quality_error(must_pass[0])
        return passed + faces[len(must_pass) :]

    def _token(self, digest: bytes, what: bytes) -> str:
        # Keyed, so that a token reveals nothing of the picture and devices cannot be linked by it.
        return hmac.new(self.gallery.subkey("face-token"), digest + what, hashlib.sha256).hexdigest()[:32]


def _box_key(face: Face) -> bytes:
    box = face.box
    return b"%d,%d,%d,%d" % (round(box.left), round(box.top), round(box.width), round(box.height))


def _quality_error(face: Face) -> EdgeFaceError:
    """The gate's refusal: of the picture's quality, or, where nothing but that is wrong, of the liveness."""
    violations = face.verdict.violations if face.verdict else ()
    only_liveness = all(item.measure == LIVENESS for item in violations)
    return EdgeFaceError(
        ErrorCode.LIVENESS if only_liveness else ErrorCode.QUALITY,
        "; ".join(str(violation) for violation in violations) + ".",
        violations=[
            {
                "measure": item.measure,
                "value": round(item.value, 4),
                "threshold": item.threshold,
                "relation": item.relation,
            }
            for item in violations
        ],
    )
