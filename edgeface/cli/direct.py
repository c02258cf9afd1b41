"""The backend without a daemon: the engine on the state directory, locked while a command runs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.analysis import Wants
from edgeface.cli.backend import Look
from edgeface.config import Config
from edgeface.engine import Engine, Gate
from edgeface.events.log import EventLog
from edgeface.gallery.records import ArchiveSummary, Erasure, FaceRecord, GroupRecord, Page, UserRecord
from edgeface.register import IdRegister
from edgeface.results import Comparison, Detection, Enrolment, IdComparison, Identification, Verification
from edgeface.types import Face, QualityLevel

if TYPE_CHECKING:
    TemporaryFolder = tempfile.TemporaryDirectory[str]


class DirectBackend:
    """Owns an engine, and the temporary state directory that it may stand on."""

    def __init__(self, engine: Engine, temporary: TemporaryFolder | None = None) -> None:
        self._engine = engine
        self._temporary = temporary

    @classmethod
    def open(cls, config: Config, temporary: TemporaryFolder | None = None) -> DirectBackend:
        """Raises what ``Engine.open`` raises, ``GALLERY_LOCKED`` among it."""
        return cls(Engine.open(config), temporary)

    @property
    def place(self) -> str:
        return "this process" if self._temporary else f"state directory {self._engine.config.state_dir}"

    @property
    def engine(self) -> Engine:
        """For commands that need more than calls: exports, checks."""
        return self._engine

    def close(self) -> None:
        self._engine.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    # ------------------------------------------------------------------ pictures

    def detect(self, picture: bytes, wants: Wants, look: Look, *, max_faces: int | None) -> Detection:
        return self._engine.detect(picture, wants, max_faces=max_faces, order=look.order, gate=_gate(look))

    def compare(self, first: bytes, second: bytes, look: Look) -> Comparison:
        return self._engine.compare(first, second, gate=_gate(look), order=look.order)

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
        gate = _gate(look)
        if every_face:
            return self._engine.identify_all(
                picture, groups, top=top, threshold=threshold, gate=gate, order=look.order
            )
        return (self._engine.identify(picture, groups, top=top, threshold=threshold, gate=gate, order=look.order),)

    def verify(
        self, picture: bytes, group_id: str, user_id: str, look: Look, *, threshold: float | None
    ) -> Verification:
        return self._engine.verify(
            picture, group_id, user_id, threshold=threshold, gate=_gate(look), order=look.order
        )

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
        return self._engine.enrol(
            picture,
            group_id,
            user_id,
            user_info=user_info,
            replace_faces=replace_faces,
            single_face=single_face,
            gate=_gate(look),
            order=look.order,
        )

    def groups(self, start: int, length: int) -> Page[GroupRecord]:
        return self._engine.gallery.groups(start, length)

    def add_group(self, group_id: str) -> None:
        self._engine.gallery.add_group(group_id)

    def delete_group(self, group_id: str) -> int:
        return self._engine.delete_group(group_id)

    def users(self, group_id: str, start: int, length: int) -> Page[UserRecord]:
        return self._engine.gallery.users(group_id, start, length)

    def user(self, group_id: str | None, user_id: str) -> tuple[UserRecord, ...]:
        return self._engine.gallery.user(group_id, user_id)

    def set_user_info(self, group_id: str, user_id: str, user_info: str) -> None:
        self._engine.gallery.set_user_info(group_id, user_id, user_info)

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        return self._engine.delete_user(group_id, user_id)

    def erase_events(self, user_id: str) -> int:
        engine = self._engine
        config, key = engine.config, engine.gallery.subkey("events")
        with EventLog.open(config.state_dir, config.events, key=key) as log:
            return log.erase_user(user_id)

    def copy_user(self, user_id: str, source_group: str, target_group: str) -> int:
        return self._engine.gallery.copy_user(user_id, source_group, target_group)

    def faces(self, group_id: str, user_id: str) -> tuple[FaceRecord, ...]:
        return self._engine.gallery.faces(group_id, user_id)

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        self._engine.delete_face(group_id, user_id, face_token)

    def register_id(self, picture: bytes, id_number: str, name: str, look: Look, *, replace: bool) -> Face:
        register = IdRegister(self._engine)
        return register.add(picture, id_number, name, replace=replace, gate=_gate(look), order=look.order).face

    def remove_id(self, id_number: str) -> int:
        return IdRegister(self._engine).remove(id_number)

    def registered(self) -> int:
        return IdRegister(self._engine).count()

    def verify_id(self, picture: bytes, id_number: str, name: str, look: Look) -> IdComparison:
        return IdRegister(self._engine).verify(picture, id_number, name, gate=_gate(look), order=look.order)

    def export_archive(self, file: Path, passphrase: str) -> None:
        self._engine.gallery.export_archive(file, passphrase)

    def import_archive(self, file: Path, passphrase: str) -> ArchiveSummary:
        summary = self._engine.gallery.import_archive(file, passphrase)
        IdRegister(self._engine).adopt()
        return summary

    def erase(self) -> Erasure:
        return self._engine.erase()


def _gate(look: Look) -> Gate | None:
    if look.level is None and look.liveness is None:
        return None
    return Gate(look.level, liveness=look.liveness or QualityLevel.NONE)
