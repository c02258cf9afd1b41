"""What one transaction does to the indexes, kept until it is committed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgeface.gallery.group_rows import GroupRow
from edgeface.gallery.index import GroupChange
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray


@dataclass(slots=True)
class Pending:
    """Changes to one group's faces; ``group`` is its row before them."""

    group: GroupRow
    removed: list[int] = field(default_factory=list)
    face_ids: list[int] = field(default_factory=list)
    user_ids: list[int] = field(default_factory=list)
    vectors: list[FloatArray] = field(default_factory=list)

    def change(self, revision: int, space: TemplateSpace) -> GroupChange:
        """What the group's index has to do, now that ``revision`` is committed."""
        templates = np.stack(self.vectors) if self.vectors else np.zeros((0, space.dimension), dtype=np.float32)
        return GroupChange(
            group=self.group.number,
            previous=self.group.revision,
            revision=revision,
            removed=np.array(self.removed, dtype=np.int64),
            face_ids=np.array(self.face_ids, dtype=np.int64),
            user_ids=np.array(self.user_ids, dtype=np.int64),
            vectors=space.stored(templates),
        )


@dataclass(slots=True)
class Changes:
    """Everything one transaction does: faces by group, and groups (name -> row number) made and removed."""

    pending: dict[str, Pending] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    def group(self, row: GroupRow) -> Pending:
        """The changes to a group's faces."""
        return self.pending.setdefault(row.name, Pending(row))

    @property
    def touched(self) -> list[Pending]:
        """Groups whose faces change."""
        return [pending for pending in self.pending.values() if pending.removed or pending.face_ids]

    @property
    def erases(self) -> bool:
        """Whether anything stored goes away."""
        return bool(self.dropped) or any(pending.removed for pending in self.touched)
