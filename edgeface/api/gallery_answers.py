"""What calls on the gallery answer. Times are seconds since 1970, UTC."""

from __future__ import annotations

from pydantic import Field

from edgeface.api.answers import Answer, FaceAnswer


class GroupAnswer(Answer):
    """A group."""

    group_id: str
    users: int | None = None
    faces: int | None = None
    created_at: float | None = Field(None, description="Seconds since 1970, UTC.")


class GroupsAnswer(Answer):
    """A page of groups."""

    groups: list[GroupAnswer]
    total: int
    start: int


class UserAnswer(Answer):
    """A user in a group; times in seconds since 1970, UTC."""

    group_id: str
    user_id: str
    user_info: str
    faces: int
    created_at: float
    updated_at: float


class UsersAnswer(Answer):
    """A page of users."""

    users: list[UserAnswer]
    total: int
    start: int


class UserGroupsAnswer(Answer):
    """A user in every group that has it."""

    users: list[UserAnswer]


class FaceRecordAnswer(Answer):
    """A face of the gallery; ``face_id`` is never used again."""

    face_id: int
    group_id: str
    user_id: str
    face_token: str
    created_at: float


class FaceRecordsAnswer(Answer):
    """Faces of the gallery."""

    faces: list[FaceRecordAnswer]


class EnrolAnswer(Answer):
    """A face that was added; ``face`` is absent when a template was given."""

    record: FaceRecordAnswer
    face: FaceAnswer | None = None


class ErasedAnswer(Answer):
    """How many faces were erased."""

    faces: int


class RegisterAnswer(Answer):
    """How many ID numbers are registered."""

    registered: int


class RegisteredAnswer(Answer):
    """The face of the photograph that was registered."""

    face: FaceAnswer


class VerifyIdAnswer(Answer):
    """The picture against the registered photographs."""

    score: float
    fmr: float
    same_person: bool
    face: FaceAnswer


class CopiedAnswer(Answer):
    """How many faces were copied."""

    faces: int


class ErasedAllAnswer(Answer):
    """What was erased. ``key_destroyed`` is false when the key is kept elsewhere (a systemd credential)."""

    faces: int
    key_destroyed: bool


class ImportedAnswer(Answer):
    """What an archive held, and how much of it was new here."""

    groups: int
    users: int
    faces: int
    faces_added: int
    faces_skipped: int
