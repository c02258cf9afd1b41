"""Who is it, and is it them: 1:1, 1:N and M:N over pictures, remembered faces and templates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeface.engine.pictures import Pictures
from edgeface.engine.probe import Gate, Picture
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import Candidate
from edgeface.results import Comparison, Identification, Verification
from edgeface.telemetry import timed
from edgeface.types import (
    Face,
    FaceOrder,
    Match,
    Template,
)


class Decisions(Pictures):
    """The second part of :class:`edgeface.engine.Engine`: comparisons and searches; nothing is changed."""

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
        similarity = self.space.similarity(first.vector, second.vector)
        fmr = self.scale.fmr(similarity)
        same_person = similarity >= self._decision_similarity()
        return Comparison(self.scale.score(similarity), fmr, same_person=same_person)

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
        return self._search(template, groups, top, self._similarity(threshold), user_id)

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
        found = self._search(face.template, groups, 1, -math.inf, user_id)
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
            similarities = self.space.of_all(template.vector[None], self.space.stored(np.stack(vectors)))[0]
            return tuple(sorted((self.scale.score(float(one)) for one in similarities), reverse=True))

    def threshold(self, threshold: float | None) -> float:
        """The score 0-100 that a match must reach: the given one, or that of the configured FMR."""
        return self.scale.score_at_fmr(self.config.decision.fmr) if threshold is None else threshold

    def _identify(
        self, face: Face, groups: Sequence[str], top: int, threshold: float | None, user_id: str | None
    ) -> Identification:
        assert face.template is not None  # noqa: S101 - _probes() guarantees it
        matches = self._search(face.template, groups, top, self._similarity(threshold), user_id)
        if not matches:
            self._telemetry.rejected("unknown_person")
        return Identification(face, matches, self.threshold(threshold))

    def _search(
        self, template: Template, groups: Sequence[str], top: int, least: float, user_id: str | None
    ) -> tuple[Match, ...]:
        with timed(self._telemetry, "search"):
            candidates = self.gallery.search(template.vector, groups, top, user_id=user_id)
        return tuple(self._match(item) for item in candidates if item.similarity >= least)

    def _match(self, item: Candidate) -> Match:
        return Match(
            group_id=item.group_id,
            user_id=item.user_id,
            user_info=item.user_info,
            score=self.scale.score(item.similarity),
            face_token=item.face_token,
            fmr=self.scale.fmr(item.similarity),
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

    def _similarity(self, threshold: float | None) -> float:
        return self._decision_similarity() if threshold is None else self.scale.similarity_at_score(threshold)

    def _decision_similarity(self) -> float:
        return self.scale.similarity_at_fmr(self.config.decision.fmr)
