"""The use cases. Everything a caller can do is a method of :class:`Engine`; every API, the CLI and the live
loop are thin doors onto it.

The engine is synchronous and thread-safe; doors bound its concurrency.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeAlias

import numpy as np

from edgeface.analysis import Analyzer, Wants
from edgeface.config import Config, QualityThresholds
from edgeface.demesh.removal import Demeshed, remove_mesh
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.files import erased_with
from edgeface.events.log import EventLog
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import Candidate, Erasure, FaceRecord
from edgeface.image import decode
from edgeface.inference.locate import locate_pack
from edgeface.inference.pack import ModelPack
from edgeface.native_threads import bound_native_threads
from edgeface.quality.gate import judge
from edgeface.remembered import RememberedFaces
from edgeface.results import Comparison, Detection, Enrolment, Identification, Verification
from edgeface.scoring import ScoreScale
from edgeface.telemetry import NoTelemetry, Telemetry, timed
from edgeface.types import (
    BoundingBox,
    Face,
    FaceOrder,
    FaceToken,
    ImageArray,
    Match,
    QualityLevel,
    Template,
    Verdict,
)

Picture: TypeAlias = "bytes | ImageArray | FaceToken"
"""Encoded bytes, a BGR array, or the token of a face that :meth:`Engine.detect` remembered or that is enrolled."""

_EVERYTHING = Wants(landmarks=True, pose=True, quality=True, template=True)


@dataclass(frozen=True, slots=True)
class Gate:
    """How strictly a call judges a face: a level, and thresholds of one's own for level CUSTOM."""

    level: QualityLevel
    thresholds: QualityThresholds | None = None


class Engine:
    """The engine: one model pack, one gallery, one score scale.

    Example::

        with Engine.open(load_config()) as engine:
            engine.enrol(portrait, "staff", "ada")
            print(engine.identify(photo, ["staff"]).matches)
    """

    def __init__(
        self,
        config: Config,
        *,
        pack: ModelPack,
        analyzer: Analyzer,
        gallery: Gallery,
        scale: ScoreScale,
        telemetry: Telemetry,
    ) -> None:
        self.config = config
        self.pack = pack
        self.analyzer = analyzer
        self.gallery = gallery
        self.scale = scale
        self._telemetry = telemetry
        tokens = config.tokens
        self._remembered = RememberedFaces(most=tokens.most, lifetime_s=tokens.remember_s)
        self.events: EventLog | None = None
        """The event log of this state directory, where somebody has it open: it is erased with the gallery."""

    @classmethod
    def open(cls, config: Config, telemetry: Telemetry | None = None) -> Engine:
        """Load the pack and open the gallery. Bounds the threads of BLAS and OpenCV in this process.

        Raises ``PACK_INVALID``, ``FEATURE_UNAVAILABLE`` (a pack without detector or embedder), and the
        ``GALLERY_*`` and ``STORAGE_*`` errors.
        """
        telemetry = telemetry or NoTelemetry()
        bound_native_threads(config.models.threads)
        pack = ModelPack.load(locate_pack(config.models.pack, config.state_dir))
        if missing := {"detector", "embedder"} - set(pack.roles):
            raise EdgeFaceError(
                ErrorCode.FEATURE_UNAVAILABLE, f"The pack '{pack.name}' lacks {', '.join(sorted(missing))}."
            )
        gallery = Gallery.open(
            config.state_dir,
            contract_id=pack.contract_id,
            dimension=pack.dimension,
            config=config.gallery,
        )
        try:
            analyzer = Analyzer.open(pack, config, cache_dir=config.state_dir, observe=telemetry.stage)
            return cls(
                config,
                pack=pack,
                analyzer=analyzer,
                gallery=gallery,
                scale=ScoreScale.from_points(pack.calibration),
                telemetry=telemetry,
            )
        except BaseException:
            gallery.close()
            raise

    def reconfigure(self, config: Config) -> None:
        """Take over thresholds: detection, quality, decision, and the profiles. What was opened with the old
        configuration (gallery, models, sockets, camera) stays as it is."""
        self.config = config
        self.analyzer.reconfigure(config)

    def close(self) -> None:
        """Close gallery and sessions. Idempotent."""
        self._remembered.clear()
        self.gallery.close()
        self.analyzer.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ pictures

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

        A remembered face is judged by ``gate`` as its picture would be; an enrolled one was judged at enrolment.
        Raises ``FACE_TOKEN_UNKNOWN``, ``INVALID_ID``.
        """
        found = self._remembered.get(token.value)
        if found is None:
            template = self.gallery.templates_of_token(token.value)
            if template is None:
                raise EdgeFaceError(ErrorCode.FACE_TOKEN_UNKNOWN)
            nowhere = np.zeros((5, 2), np.float32)
            found = Face(BoundingBox(0, 0, 0, 0), 0.0, nowhere, token.value, template=template, located=False)
        if gate is None or gate.level is QualityLevel.NONE:
            return replace(found, verdict=None)
        if found.quality is None:
            return replace(found, verdict=Verdict(gate.level, not_measured=("everything",)))
        thresholds = gate.thresholds or self.config.quality.thresholds(gate.level)
        return replace(found, verdict=judge(found.quality, found.pose, gate.level, thresholds))

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

    def compare(
        self,
        first: Picture,
        second: Picture,
        *,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Comparison:
        """1:1 of two pictures. Raises ``NO_FACE``, ``QUALITY`` (``context["picture"]`` says which: 1 or 2)."""
        faces = []
        for number, picture in enumerate((first, second), start=1):
            try:
                faces.append(self.embed(picture, gate=gate, order=order))
            except EdgeFaceError as error:
                raise EdgeFaceError(error.code, error.detail, **{**error.context, "picture": number}) from error
        a, b = faces
        assert a.template is not None and b.template is not None  # noqa: S101 - embed() guarantees it
        return replace(self.compare_templates(a.template, b.template), first=a, second=b)

    def compare_templates(self, first: Template, second: Template) -> Comparison:
        """1:1 of two templates. Raises ``CONTRACT_MISMATCH``, ``TEMPLATE_INVALID``."""
        self.check_template(first)
        self.check_template(second)
        cosine = float(np.dot(first.vector, second.vector))
        fmr = self.scale.fmr(cosine)
        return Comparison(self.scale.score(cosine), fmr, same_person=cosine >= self._decision_cosine())

    def check_template(self, template: Template) -> None:
        """Raise unless the template is a unit vector of the active contract."""
        if template.contract_id != self.pack.contract_id:
            raise EdgeFaceError(ErrorCode.CONTRACT_MISMATCH, "Enrol again with the active model pack.")
        vector = template.vector
        if vector.shape != (self.pack.dimension,) or not np.all(np.isfinite(vector)):
            raise EdgeFaceError(
                ErrorCode.TEMPLATE_INVALID, f"A template has {self.pack.dimension} finite components."
            )
        if abs(float(np.linalg.norm(vector)) - 1.0) > 1e-3:
            raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, "A template has L2 norm 1.")

    # ------------------------------------------------------------------ decisions

    def identify(
        self,
        picture: Picture,
        groups: Sequence[str],
        *,
        top: int = 1,
        threshold: float | None = None,
        user_id: str | None = None,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Identification:
        """1:N of the first face in the groups (only ``user_id``'s faces where given).

        ``threshold``: score 0-100 that a match must reach; default: the configured FMR's score.
        Raises ``NO_FACE``, ``QUALITY``, ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``.
        """
        self._check_search(groups, top, threshold)
        face = self._probes(picture, 1, gate, order)[0]
        return self._identify(face, groups, top, threshold, user_id)

    def identify_all(
        self,
        picture: Picture,
        groups: Sequence[str],
        *,
        max_faces: int | None = None,
        top: int = 1,
        threshold: float | None = None,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> tuple[Identification, ...]:
        """M:N: every face of the picture in the groups, first face first.

        With a gate, faces that fail it are left out; when none passes, ``QUALITY`` is raised for the first.
        """
        self._check_search(groups, top, threshold)
        faces = self._probes(picture, max_faces, gate, order)
        return tuple(self._identify(face, groups, top, threshold, None) for face in faces)

    def identify_template(
        self,
        template: Template,
        groups: Sequence[str],
        *,
        top: int = 1,
        threshold: float | None = None,
        user_id: str | None = None,
    ) -> tuple[Match, ...]:
        """1:N of a template made earlier."""
        self._check_search(groups, top, threshold)
        self.check_template(template)
        return self._search(template, groups, top, self._cosine(threshold), user_id)

    def verify(
        self,
        picture: Picture,
        group_id: str | Sequence[str],
        user_id: str,
        *,
        threshold: float | None = None,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Verification:
        """1:1 of the first face against the user's enrolled faces; the score is that of the best of them.

        ``group_id``: one group, or several in which the user may be. Raises ``NO_FACE``, ``QUALITY``,
        ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``.
        """
        groups = [group_id] if isinstance(group_id, str) else list(group_id)
        self._check_search(groups, 1, threshold)
        for name in groups:
            if not self.gallery.has_group(name):
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, name)
        face = self._probes(picture, 1, gate, order)[0]
        assert face.template is not None  # noqa: S101 - _probes() guarantees it
        found = self._search(face.template, groups, 1, -1.0, user_id)
        if not found:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, f"{', '.join(groups)}/{user_id} has no face.")
        limit = self.threshold(threshold)
        accepted = found[0].score >= limit
        if not accepted:
            self._telemetry.rejected("not_the_user")
        return Verification(face, found[0], accepted=accepted, threshold=limit)

    def face_scores(self, template: Template, group_ids: Sequence[str], user_id: str) -> tuple[float, ...]:
        """The score of every face that a user has in these groups, best first; nothing is decided.

        Raises ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND`` where none of the groups knows the user.
        """
        self._check_search(group_ids, 1, None)
        self.check_template(template)
        for group_id in group_ids:
            if not self.gallery.has_group(group_id):
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id)
        groups = set(group_ids)
        vectors = [
            enrolled.vector
            for user in self.gallery.user(None, user_id)
            if user.group_id in groups
            for enrolled in self.gallery.templates(user.group_id, user_id)
        ]
        if not vectors:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id)
        with timed(self._telemetry, "search"):
            cosines = np.stack(vectors) @ template.vector
            return tuple(sorted((self.scale.score(float(cosine)) for cosine in cosines), reverse=True))

    def threshold(self, threshold: float | None) -> float:
        """The score 0-100 that a match must reach: the given one, or that of the configured FMR."""
        return self.scale.score_at_fmr(self.config.decision.fmr) if threshold is None else threshold

    # ------------------------------------------------------------------ gallery

    def enrol(
        self,
        picture: Picture,
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
        single_face: bool = False,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Enrolment:
        """Add the first face of the picture to a user (made when new); with ``replace_faces`` it replaces all.

        ``single_face``: refuse pictures with several faces (``MULTIPLE_FACES``). The gate's level is the
        configured enrolment level unless one is given.
        Raises ``NO_FACE``, ``QUALITY``, ``FACE_EXISTS`` (the same picture), ``FACE_NEARLY_IDENTICAL``,
        ``LIMIT_*``, ``INVALID_ID``, ``GROUP_NOT_FOUND`` (with ``create_group=False``), ``STORAGE_*``.
        """
        gate = gate or Gate(self.config.quality.enrol_level)
        self.gallery.check_ids(group_id, user_id)
        faces = self._probes(picture, 2 if single_face else 1, gate, order, judged=1)
        if single_face and len(faces) > 1:
            self._telemetry.rejected(ErrorCode.MULTIPLE_FACES.code)
            raise EdgeFaceError(ErrorCode.MULTIPLE_FACES)
        face = faces[0]
        assert face.template is not None  # noqa: S101 - _probes() guarantees it
        record = self.enrol_template(
            face.template,
            group_id,
            user_id,
            face_token=face.token,
            user_info=user_info,
            replace_faces=replace_faces,
            create_group=create_group,
        )
        return Enrolment(face, record)

    def enrol_template(
        self,
        template: Template,
        group_id: str,
        user_id: str,
        *,
        face_token: str | None = None,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
    ) -> FaceRecord:
        """Add a template made earlier on this contract; without a token one is derived from the template."""
        self.check_template(template)
        token = face_token or self._token(hashlib.sha256(template.vector.tobytes()).digest(), b"template")
        with timed(self._telemetry, "store"), self._forgetting([group_id], user_id, {token}, replaced=replace_faces):
            return self.gallery.add_face(
                group_id,
                user_id,
                template,
                token,
                user_info=user_info,
                create_group=create_group,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def enrol_in_groups(
        self,
        pictures: Sequence[Picture],
        group_ids: Sequence[str],
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create: bool = True,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> tuple[FaceRecord, ...]:
        """Add the first face of each picture to a user in each group: all of it or nothing.

        ``create``: make the groups and the user where they are missing, else ``GROUP_NOT_FOUND``,
        ``USER_NOT_FOUND``. Raises what :meth:`enrol` raises.
        """
        gate = gate or Gate(self.config.quality.enrol_level)
        for group_id in group_ids:
            self.gallery.check_ids(group_id, user_id)
        tokened = []
        for picture in pictures:
            face = self._probes(picture, 1, gate, order)[0]
            assert face.template is not None  # noqa: S101 - _probes() guarantees it
            tokened.append((face.template, face.token))
        kept = {token for _, token in tokened}
        with timed(self._telemetry, "store"), self._forgetting(group_ids, user_id, kept, replaced=replace_faces):
            return self.gallery.memberships.enrol(
                group_ids,
                user_id,
                tokened,
                user_info=user_info,
                create_group=create,
                create_user=create,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def enrol_templates(
        self,
        faces: Sequence[tuple[Template, str]],
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
    ) -> tuple[FaceRecord, ...]:
        """Add templates made earlier, each with its token, to a user (made when new): all of them or none."""
        for template, _ in faces:
            self.check_template(template)
        kept = {token for _, token in faces}
        with timed(self._telemetry, "store"), self._forgetting([group_id], user_id, kept, replaced=replace_faces):
            return self.gallery.memberships.enrol(
                [group_id],
                user_id,
                faces,
                user_info=user_info,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def leave_groups(self, user_id: str, group_ids: Sequence[str] | None, *, keep_one: bool = False) -> None:
        """Erase a user with its faces in these groups, or in every group for ``None``: all of them or none.

        The register of ID photographs is none of them. ``keep_one``: refuse to take the user's last group.
        Raises ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``, ``INVALID_PARAMETER`` (context ``rule``: ``one_group``).
        """
        register = self.config.id_register.group
        self.forget(self.gallery.memberships.leave(user_id, group_ids, besides=register, keep_one=keep_one))

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        """Erase one face, and what is remembered of it. Raises ``FACE_NOT_FOUND`` and the gallery's errors."""
        self.gallery.delete_face(group_id, user_id, face_token)
        self.forget([face_token])

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        """Erase a user with its faces in one group, or in every group for ``None``; how many faces that were."""
        tokens = [
            face.face_token
            for user in self.gallery.user(group_id, user_id)
            for face in self.gallery.faces(user.group_id, user_id)
        ]
        erased = self.gallery.delete_user(group_id, user_id)
        self.forget(tokens)
        return erased

    def delete_group(self, group_id: str) -> int:
        """Erase a group with its users; how many faces that were. Every remembered face is forgotten."""
        erased = self.gallery.delete_group(group_id)
        self._remembered.clear()
        return erased

    def erase(self) -> Erasure:
        """Erase everything: the gallery, its key where it is ours, the event log, and what is remembered."""
        erased = self._erase_with_events(self.events) if self.events else self._erase_with_event_files()
        self._remembered.clear()
        return erased

    # ------------------------------------------------------------------ inside

    def _erase_with_events(self, events: EventLog) -> Erasure:
        erased: list[Erasure] = []

        def gallery_too() -> bytes:
            erased.append(self.gallery.erase())
            return self.gallery.subkey("events")

        events.erase(gallery_too)
        return erased[0]

    def _erase_with_event_files(self) -> Erasure:
        # Nobody has the log open: this process holds the state directory's lock.
        with erased_with(self.config.state_dir):
            return self.gallery.erase()

    @contextmanager
    def _forgetting(
        self, group_ids: Sequence[str], user_id: str, kept: set[str], *, replaced: bool
    ) -> Iterator[None]:
        """Forget the user's earlier faces once they have been replaced; ``kept``: tokens that are enrolled again."""
        earlier: set[str] = set()
        for group_id in group_ids if replaced else ():
            with suppress(EdgeFaceError):  # neither the group nor the user need be there
                earlier |= {face.face_token for face in self.gallery.faces(group_id, user_id)}
        yield
        self.forget(earlier - kept)

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
        if gate is not None and gate.level is QualityLevel.NONE:
            gate = None
        faces = self.analyzer.analyze(
            image,
            wants,
            max_faces=limit,
            order=order or settings.order,
            turned=settings.turned if turned is None else turned,
            level=gate.level if gate else None,
            thresholds=gate.thresholds if gate else None,
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
        gate = gate or Gate(self.config.quality.probe_level)
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

    def _identify(
        self, face: Face, groups: Sequence[str], top: int, threshold: float | None, user_id: str | None
    ) -> Identification:
        assert face.template is not None  # noqa: S101 - _probes() guarantees it
        matches = self._search(face.template, groups, top, self._cosine(threshold), user_id)
        if not matches:
            self._telemetry.rejected("unknown_person")
        return Identification(face, matches, self.threshold(threshold))

    def _search(
        self, template: Template, groups: Sequence[str], top: int, least_cosine: float, user_id: str | None
    ) -> tuple[Match, ...]:
        with timed(self._telemetry, "search"):
            candidates = self.gallery.search(template.vector, groups, top, user_id=user_id)
        return tuple(self._match(item) for item in candidates if item.cosine >= least_cosine)

    def _match(self, item: Candidate) -> Match:
        return Match(
            group_id=item.group_id,
            user_id=item.user_id,
            user_info=item.user_info,
            score=self.scale.score(item.cosine),
            face_token=item.face_token,
            fmr=self.scale.fmr(item.cosine),
        )

    def _check_search(self, groups: Sequence[str], top: int, threshold: float | None) -> None:
        limits = self.config.gallery.limits
        if not 1 <= len(groups) <= limits.max_groups_per_search:
            raise EdgeFaceError(
                ErrorCode.INVALID_PARAMETER, f"Name 1 to {limits.max_groups_per_search} groups to search."
            )
        if not 1 <= top <= limits.max_top:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"top must be 1 to {limits.max_top}.")
        if threshold is not None and not 0.0 <= threshold <= 100.0:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "threshold must be a score from 0 to 100.")
        for group_id in groups:
            self.gallery.check_ids(group_id)
            if group_id == self.config.id_register.group:
                # A search in it would turn any picture into a name and an ID number; edgeface.register has verify().
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, "The register of ID photographs is not searched.")

    def _cosine(self, threshold: float | None) -> float:
        return self._decision_cosine() if threshold is None else self.scale.cosine_at_score(threshold)

    def _decision_cosine(self) -> float:
        return self.scale.cosine_at_fmr(self.config.decision.fmr)

    def _token(self, digest: bytes, what: bytes) -> str:
        # Keyed, so that a token reveals nothing of the picture and devices cannot be linked by it.
        return hmac.new(self.gallery.subkey("face-token"), digest + what, hashlib.sha256).hexdigest()[:32]


def _box_key(face: Face) -> bytes:
    box = face.box
    return b"%d,%d,%d,%d" % (round(box.left), round(box.top), round(box.width), round(box.height))


def _quality_error(face: Face) -> EdgeFaceError:
    violations = face.verdict.violations if face.verdict else ()
    return EdgeFaceError(
        ErrorCode.QUALITY,
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
