"""The use cases: look at pictures, and add, change, find, compare and erase numbered faces.

A numbered face is a gallery user; see :mod:`edgeface.numbered.numbers`. Users that other APIs enrolled are numbered
faces too, with the best of their faces where they have several. The register of ID photographs is none of the groups.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.analysis import Wants
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import GroupRecord, Page, UserRecord
from edgeface.numbered.numbers import HashedNumbers, new_number, number_of, user_id_of
from edgeface.types import Face, FaceOrder, ImageArray, QualityLevel, Template

LEAST_FACE = 30
"""Pixels, both sides (CloudWalk 2.11: "输入图片中人脸最小限制为 30*30 像素")."""
# The level whose size limit is the document's; the normal one asks for 100 pixels.
_GATE = Gate(QualityLevel.LOW)
# Degrees from the vertical: beyond, the nearest quarter turn is not the upright one.
_UPRIGHT = 45.0
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class NumberedFace:
    """An enrolled face. ``tag``: its text."""

    number: int
    tag: str


@dataclass(frozen=True, slots=True)
class NumberedMatch:
    """An enrolled face and how much a probe is like it: documented score 0-100."""

    number: int
    tag: str
    score: float


class NumberedFaces:
    """Thread-safe; any number of them may look at one engine.

    Unknown groups raise ``GROUP_NOT_FOUND``, unknown numbers ``FACE_NOT_FOUND``.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- pictures

    def upright(
        self, picture: bytes | ImageArray, wants: Wants | None = None, *, most: int | None = None
    ) -> tuple[Face, ...]:
        """The faces of a picture that are not turned by 90, 180 or 270 degrees, largest first, at least one.

        Raises ``NO_FACE``; ``QUALITY`` (``face_width``, ``face_height``) where all are below :data:`LEAST_FACE`.
        """
        # A detector that is not asked for turned faces fires on them all the same, and puts an upright face's points
        # on them: asked for, they are known for what they are, and can be left out.
        seen = self._engine.detect(picture, wants, max_faces=most, order=FaceOrder.LARGEST, turned=True).faces
        found = tuple(face for face in seen if abs(face.box.rotation) <= _UPRIGHT)
        if not found:
            raise EdgeFaceError(ErrorCode.NO_FACE)
        large = tuple(face for face in found if _large(face))
        if not large:
            raise _too_small(found[0])
        return large

    def largest(self, picture: bytes | ImageArray) -> Face:
        """The largest face, turned or not, with its template.

        Raises as :meth:`upright`, and where the configured gate for probes says no.
        """
        face = self._engine.embed(picture, order=FaceOrder.LARGEST, turned=True)
        if not _large(face):
            raise _too_small(face)
        return face

    # --- groups

    def group(self, group_id: str) -> GroupRecord:
        """One group."""
        self._require_visible(group_id)
        return self._engine.gallery.group(group_id)

    def groups(self, start: int, length: int) -> Page[GroupRecord]:
        """Groups in the order in which they were made; positions do not count the register."""
        gallery, register = self._engine.gallery, self._engine.config.id_register.group
        step = self._engine.config.gallery.limits.max_page
        seen: list[GroupRecord] = []
        position, total = 0, 1
        while position < total:
            page = gallery.groups(position, step)
            seen += [record for record in page.items if record.group_id != register]
            position, total = position + step, page.total
        return Page(tuple(seen[start : start + length]), len(seen), start)

    def add_group(self, group_id: str, tag: str) -> None:
        """Raises ``GROUP_EXISTS``, ``LIMIT_GROUPS``; ``FORBIDDEN`` for the register's name."""
        if group_id == self._engine.config.id_register.group:
            raise EdgeFaceError(ErrorCode.FORBIDDEN, "This name is the register's.")
        self._engine.gallery.add_group(group_id, group_info=tag)

    def delete_group(self, group_id: str) -> None:
        """Erase a group with its faces."""
        self._require_visible(group_id)
        self._engine.delete_group(group_id)

    # --- enrolment

    def add(self, picture: bytes | ImageArray, group_id: str, tag: str) -> int:
        """Add the largest face of a picture to a group; its number.

        Raises what :meth:`Engine.enrol` raises; ``FACE_EXISTS`` where the group has this face of this picture,
        whatever its number.
        """
        self.group(group_id)
        engine = self._engine
        face = engine.embed(picture, gate=_GATE, order=FaceOrder.LARGEST)
        if any(record.group_id == group_id for record in engine.gallery.face(face.token)):
            raise EdgeFaceError(ErrorCode.FACE_EXISTS, group_id=group_id)
        assert face.template is not None  # noqa: S101 - embed() guarantees it
        number = self._free_number()
        engine.enrol_template(
            face.template, group_id, str(number), face_token=face.token, user_info=tag, create_group=False
        )
        return number

    def change(self, group_id: str, number: int, *, picture: bytes | ImageArray | None, tag: str | None) -> None:
        """Give a face another picture, another text, or both; it keeps its number.

        All earlier faces of that user are erased with a new picture. Raises what :meth:`add` raises.
        """
        user = self._user(group_id, number)
        if picture is None:
            self._engine.gallery.set_user_info(group_id, user.user_id, tag or "")
            return
        self._engine.enrol_in_groups(
            [picture],
            [group_id],
            user.user_id,
            user_info=tag,
            replace_faces=True,
            create=False,
            gate=_GATE,
            order=FaceOrder.LARGEST,
        )

    def delete(self, group_id: str, number: int) -> None:
        """Erase a face."""
        self._engine.delete_user(group_id, self._user(group_id, number).user_id)

    def find(self, group_id: str, number: int) -> NumberedFace:
        """A face by its number."""
        return NumberedFace(number, self._user(group_id, number).user_info)

    # --- decisions

    def most_alike(self, template: Template, group_id: str, top: int) -> tuple[NumberedMatch, ...]:
        """The faces of a group that are most like a probe, best first; nothing is decided."""
        self._require_visible(group_id)
        found = self._engine.identify_template(template, [group_id], top=top, threshold=0.0)
        return tuple(NumberedMatch(number_of(match.user_id), match.user_info, match.score) for match in found)

    def score(self, template: Template, group_id: str, number: int) -> float:
        """How much a probe is like one face: 0-100."""
        user = self._user(group_id, number)
        return self._engine.face_scores(template, [group_id], user.user_id)[0]

    # --- inside

    def _require_visible(self, group_id: str) -> None:
        if group_id == self._engine.config.id_register.group:
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=group_id)

    def _user(self, group_id: str, number: int) -> UserRecord:
        """The user behind a number, who has a face."""
        self.group(group_id)
        gallery = self._engine.gallery

        def hashed() -> HashedNumbers:
            # Of all users of the group, so made once for all calls until the gallery changes.
            return gallery.derived(f"numbers of {group_id}", lambda: HashedNumbers(gallery.user_ids(group_id)))

        user_id = user_id_of(number, hashed)
        if user_id is not None:
            try:
                (user,) = gallery.user(group_id, user_id)
            except EdgeFaceError as error:
                if error.code is not ErrorCode.USER_NOT_FOUND:
                    raise
            else:
                if user.faces:
                    return user
        raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND, group_id=group_id, number=number)

    def _free_number(self) -> int:
        """A number that nobody has, in whatever group."""
        for _ in range(_ATTEMPTS):
            number = new_number()
            try:
                self._engine.gallery.user(None, str(number))
            except EdgeFaceError as error:
                if error.code is ErrorCode.USER_NOT_FOUND:
                    return number
                raise
        raise EdgeFaceError(ErrorCode.INTERNAL, "No free number was found.")


def _large(face: Face) -> bool:
    return min(face.box.width, face.box.height) >= LEAST_FACE


def _too_small(face: Face) -> EdgeFaceError:
    sides = (("face_width", face.box.width), ("face_height", face.box.height))
    return EdgeFaceError(
        ErrorCode.QUALITY,
        f"A face needs {LEAST_FACE} x {LEAST_FACE} pixels.",
        violations=[
            {"measure": name, "value": round(size, 4), "threshold": LEAST_FACE, "relation": ">="}
            for name, size in sides
            if size < LEAST_FACE
        ],
    )
