"""Frozen records that leave the gallery. Times are seconds since 1970 (wall clock), similarities are those of
:class:`edgeface.similarity.TemplateSpace`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from edgeface.types import FloatArray

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group and how many users and faces it holds. ``group_info``: its own text (CloudWalk ``tag``)."""

    group_id: str
    created_at: float
    users: int
    faces: int
    group_info: str = ""


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user of one group. The same ``user_id`` in another group is another record."""

    group_id: str
    user_id: str
    user_info: str
    created_at: float
    updated_at: float
    faces: int


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A user seen across its groups; ``face_tokens``: its faces, each once, wherever they are."""

    user_id: str
    user_info: str
    group_ids: tuple[str, ...]
    face_tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One enrolled face. ``face_id`` is unique in the gallery and never used again."""

    face_id: int
    group_id: str
    user_id: str
    face_token: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best face of one user for a probe; ``similarity`` about -1 to 1 (:mod:`edgeface.similarity`)."""

    group_id: str
    user_id: str
    user_info: str
    face_token: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Part of a list: ``items`` from position ``start`` of ``total``."""

    items: tuple[Item, ...]
    total: int
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face for bulk enrolment; ``vector`` float32 (dimension,), L2 norm 1, of the gallery's contract.

    ``user_info`` and ``created_at``: ``None`` keeps what is there, or takes the empty text and the present time.
    """

    group_id: str
    user_id: str
    face_token: str
    vector: FloatArray
    user_info: str | None = None
    created_at: float | None = None


class IndexState(str, Enum):
    """Where a group's HNSW index stands. In every state but ``READY`` the exact scan answers."""

    UNLOADED = "unloaded"
    """No HNSW index is wanted (a small group), or its turn has not come."""
    BUILDING = "building"
    READY = "ready"
    DIRTY = "dirty"
    """A change could not be applied, or too many were: a rebuild is due."""
    REBUILDING = "rebuilding"
    FAILED = "failed"
    """Building failed repeatedly; ``detail`` says why. Tried again at the group's next change."""


@dataclass(frozen=True, slots=True)
class IndexStats:
    """One group's index. Recall compares sampled HNSW answers with the exact scan; ``None``: none sampled."""

    group_id: str
    faces: int
    state: IndexState
    audits: int
    recall_at_1: float | None
    recall_at_top: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GalleryStats:
    """Sizes and health of the whole gallery."""

    groups: int
    users: int
    faces: int
    revision: int
    """Grows by one with every committed change."""
    damaged_faces: int
    """Rows whose seal does not open: never searched, still deletable."""
    erasure_pending: bool
    """Deleted rows still stand in the write-ahead log, because it could not be truncated yet."""
    read_only: bool
    exact_searches: int
    hnsw_searches: int
    audits: int
    audit_recall_at_1: float | None
    indexes: tuple[IndexStats, ...]
    """One entry per group that has, or should have, an HNSW index."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erase destroyed. ``key_destroyed`` is false when the key came from outside the state directory's
    owner (a systemd credential, or passed in): whoever keeps that key destroys it."""

    faces: int
    key_destroyed: bool


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What an archive held. ``faces_added`` and ``faces_skipped`` differ on import only."""

    groups: int
    users: int
    faces: int
    faces_added: int
    faces_skipped: int
