"""Identify and verify against the next good face before the camera: what a gate or a card reader asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.live.waiting import Look, OneGoodFace, Patience, WaitingRoom
from edgeface.results import Identification, Verification
from edgeface.types import Face, Template


class CameraCalls:
    """Calls of any thread; each waits for its own look.

    One good look decides: the caller asked about this very moment, and may ask again. No policy is asked and no
    door opened. The face's token stands for it in later calls for as long as detected faces are remembered.
    """

    def __init__(self, engine: Engine, waiting: WaitingRoom) -> None:
        self._engine = engine
        self._waiting = waiting

    def identify(
        self, groups: Sequence[str], patience: Patience, *, top: int = 1, threshold: float | None = None
    ) -> Identification:
        """1:N of the next good face. Raises ``NOBODY`` (with the last hint), ``CAMERA_UNAVAILABLE`` and what
        :meth:`Engine.identify_template` raises."""
        limit = self._engine.threshold(threshold)
        for group_id in groups:  # a wrong group is told at once, not after the time-out
            self._engine.gallery.check_ids(group_id)
            if not self._engine.gallery.has_group(group_id):
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id)
        face, template = self._next(patience)
        matches = self._engine.identify_template(template, groups, top=top, threshold=threshold)
        return Identification(self._engine.remember(face), matches, limit)

    def verify(
        self, group_id: str, user_id: str, patience: Patience, *, threshold: float | None = None
    ) -> Verification:
        """1:1 of the next good face against a user's faces. Raises as :meth:`identify`, ``USER_NOT_FOUND``."""
        limit = self._engine.threshold(threshold)
        self._engine.gallery.user(group_id, user_id)
        face, template = self._next(patience)
        found = self._engine.identify_template(template, [group_id], user_id=user_id, threshold=0.0)
        if not found:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, f"{group_id}/{user_id} has no face.")
        accepted = found[0].score >= limit
        return Verification(self._engine.remember(face), found[0], accepted=accepted, threshold=limit)

    def _next(self, patience: Patience) -> tuple[Face, Template]:
        waiter = OneGoodFace(self._engine.config.live)
        self._waiting.wait(waiter, patience)
        assert waiter.look is not None  # noqa: S101 - that is what was waited for
        return embedded(waiter.look)


def embedded(look: Look) -> tuple[Face, Template]:
    """A look's face with its template; computed on the caller's thread, the live loop goes on meanwhile."""
    template = look.embed(look.face)
    return replace(look.face, template=template), template
