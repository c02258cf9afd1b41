"""The backend that asks the running daemon through its socket."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli.backend import Look
from edgeface.client import Client, Comparison, Detection, Enrolment, IdComparison, Identification, Verification
from edgeface.client.encoding import Judging
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import ArchiveSummary, Erasure, FaceRecord, GroupRecord, Page, UserRecord

if TYPE_CHECKING:
    from edgeface.analysis import Wants
    from edgeface.config import Config
    from edgeface.types import Face

_MARGIN_S = 5.0
_ARCHIVE_TIMEOUT_S = 3600.0


class DaemonBackend:
    """Owns a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    def open(cls, config: Config) -> DaemonBackend:
        """A client of the configured socket, as patient as the daemon's own deadline."""
        return cls(Client(config.server.socket, timeout=config.server.deadline_s + _MARGIN_S))

    @property
    def place(self) -> str:
        return f"daemon at {self._client.socket}"

    def close(self) -> None:
        self._client.close()

    # ------------------------------------------------------------------ pictures

    def detect(self, picture: bytes, wants: Wants, look: Look, *, max_faces: int | None) -> Detection:
        return self._client.detect(
            picture,
            landmarks=wants.landmarks,
            pose=wants.pose,
            quality=wants.quality,
            attributes=bool(wants.attributes),
            max_faces=max_faces,
            **_judging(look),
        )

    def compare(self, first: bytes, second: bytes, look: Look) -> Comparison:
        return self._client.compare(first, second, **_judging(look))

    def identify(
        self,
        picture: bytes,
        groups: Sequence[str],
        look: Look,
        *,
        top: int,
        threshold: float | None,
        every_face: bool,
    ) -> tuple[Identification, ...]:
        if every_face:
            return self._client.identify_all(picture, groups, top=top, threshold=threshold, **_judging(look))
        return (self._client.identify(picture, groups, top=top, threshold=threshold, **_judging(look)),)

    def verify(
        self, picture: bytes, group_id: str, user_id: str, look: Look, *, threshold: float | None
    ) -> Verification:
        return self._client.verify(picture, group_id, user_id, threshold=threshold, **_judging(look))

    # ------------------------------------------------------------------ gallery

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
    ) -> Enrolment:
        return self._client.enrol(
            picture,
            group_id,
            user_id,
            user_info=user_info,
            replace_faces=replace_faces,
            single_face=single_face,
            **_judging(look),
        )

    def groups(self, start: int, length: int) -> Page[GroupRecord]:
        return self._client.groups(start, length)

    def add_group(self, group_id: str) -> None:
        self._client.add_group(group_id)

    def delete_group(self, group_id: str) -> int:
        return self._client.delete_group(group_id)

    def users(self, group_id: str, start: int, length: int) -> Page[UserRecord]:
        return self._client.users(group_id, start, length)

    def user(self, group_id: str | None, user_id: str) -> tuple[UserRecord, ...]:
        return self._client.user(group_id, user_id)

    def set_user_info(self, group_id: str, user_id: str, user_info: str) -> None:
        self._client.set_user_info(group_id, user_id, user_info)

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        return self._client.delete_user(group_id, user_id)

    def erase_events(self, user_id: str) -> int:
        return self._client.erase_events_of_user(user_id)

    def copy_user(self, user_id: str, source_group: str, target_group: str) -> int:
        return self._client.copy_user(user_id, source_group, target_group)

    def faces(self, group_id: str, user_id: str) -> tuple[FaceRecord, ...]:
        return self._client.faces(group_id, user_id)

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        self._client.delete_face(group_id, user_id, face_token)

    def register_id(self, picture: bytes, id_number: str, name: str, look: Look, *, replace: bool) -> Face:
        return self._client.register_id(picture, id_number, name, replace=replace, **_judging(look))

    def remove_id(self, id_number: str) -> int:
        return self._client.remove_id(id_number)

    def registered(self) -> int:
        return self._client.registered()

    def verify_id(self, picture: bytes, id_number: str, name: str, look: Look) -> IdComparison:
        return self._client.verify_id(picture, id_number, name, **_judging(look))

    def export_archive(self, file: Path, passphrase: str) -> None:
        # Whole or not at all, and readable by nobody else: into a private file beside it, then renamed.
        partial: Path | None = None
        try:
            handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
            partial = Path(name)
            with os.fdopen(handle, "wb") as target, Client(self._client.socket, _ARCHIVE_TIMEOUT_S) as client:
                client.export_gallery(target, passphrase)
                target.flush()
                os.fsync(target.fileno())
            partial.replace(file)
        except OSError as error:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{file}: {error.strerror or error}.") from error
        finally:
            if partial is not None:
                partial.unlink(missing_ok=True)

    def import_archive(self, file: Path, passphrase: str) -> ArchiveSummary:
        try:
            source = file.open("rb")
        except OSError as error:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{file}: {error.strerror or error}.") from error
        with source, Client(self._client.socket, _ARCHIVE_TIMEOUT_S) as client:
            return client.import_gallery(source, passphrase)

    def erase(self) -> Erasure:
        return self._client.erase_gallery()


def _judging(look: Look) -> Judging:
    return {"order": look.order, "quality_control": look.level, "liveness_control": look.liveness}
