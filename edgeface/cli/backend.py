"""The seam between the commands and where their work is done: the running daemon, or the state directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgeface.analysis import Wants
    from edgeface.gallery.records import ArchiveSummary, Erasure, FaceRecord, GroupRecord, Page, UserRecord
    from edgeface.results import Comparison, Detection, Enrolment, IdComparison, Identification, Verification
    from edgeface.types import Face, FaceOrder, QualityLevel


@dataclass(frozen=True, slots=True)
class Look:
    """How a call looks at a picture: gate level, which face comes first, liveness level; ``None``: as configured."""

    level: QualityLevel | None = None
    order: FaceOrder | None = None
    liveness: QualityLevel | None = None


class Backend(Protocol):
    """What a command can have done. Every method raises ``EdgeFaceError``."""

    @property
    def place(self) -> str:
        """Where the work is done, for people."""

    def detect(self, picture: bytes, wants: Wants, look: Look, *, max_faces: int | None) -> Detection: ...

    def compare(self, first: bytes, second: bytes, look: Look) -> Comparison: ...

    def identify(
        self,
        picture: bytes,
        groups: Sequence[str],
        look: Look,
        *,
        top: int,
        threshold: float | None,
        every_face: bool,
    ) -> Sequence[Identification]: ...

    def verify(
        self, picture: bytes, group_id: str, user_id: str, look: Look, *, threshold: float | None
    ) -> Verification: ...

    def enrol(
        self,
        picture: bytes,
        group_id: str,
        user_id: str,
        look: Look,
        *,
        user_info: str | None,
        replace_faces: bool,
        single_face: bool,
    ) -> Enrolment: ...

    def groups(self, start: int, length: int) -> Page[GroupRecord]: ...

    def add_group(self, group_id: str) -> None: ...

    def delete_group(self, group_id: str) -> int:
        """Faces erased."""

    def users(self, group_id: str, start: int, length: int) -> Page[UserRecord]: ...

    def user(self, group_id: str | None, user_id: str) -> tuple[UserRecord, ...]: ...

    def set_user_info(self, group_id: str, user_id: str, user_info: str) -> None: ...

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        """Faces erased."""

    def erase_events(self, user_id: str) -> int:
        """Events erased."""

    def copy_user(self, user_id: str, source_group: str, target_group: str) -> int:
        """Faces copied."""

    def faces(self, group_id: str, user_id: str) -> tuple[FaceRecord, ...]: ...

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None: ...

    def register_id(self, picture: bytes, id_number: str, name: str, look: Look, *, replace: bool) -> Face: ...

    def remove_id(self, id_number: str) -> int:
        """Photographs erased."""

    def registered(self) -> int: ...

    def verify_id(self, picture: bytes, id_number: str, name: str, look: Look) -> IdComparison: ...

    def export_archive(self, file: Path, passphrase: str) -> None:
        """Write the file whole or not at all."""

    def import_archive(self, file: Path, passphrase: str) -> ArchiveSummary: ...

    def erase(self) -> Erasure: ...

    def close(self) -> None: ...
