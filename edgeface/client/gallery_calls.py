"""The client's calls on the gallery: groups, users, faces, and the gallery as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote

from edgeface.client import reading
from edgeface.client.transport import Transport, failure_of
from edgeface.gallery.records import ArchiveSummary, Erasure, FaceRecord, GroupRecord, Page, UserRecord
from edgeface.storage.failures import os_failure

_ARCHIVE_MEDIA = "application/vnd.edgeface.archive"
_CHUNK = 256 * 1024


class GalleryCalls(ABC):
    """Half of :class:`~edgeface.client.client.Client`; not for use by itself."""

    _transport: Transport

    # ------------------------------------------------------------------ groups

    def groups(self, start: int = 0, length: int = 100) -> Page[GroupRecord]:
        """A page of the groups."""
        data = self._get(f"/v1/groups?start={start}&length={length}")
        return Page(tuple(reading.group_record(item) for item in data["groups"]), data["total"], data["start"])

    def add_group(self, group_id: str) -> None:
        """Make an empty group."""
        self._post("/v1/groups", {"group_id": group_id})

    def delete_group(self, group_id: str) -> int:
        """Erase a group with its users; returns the number of faces erased."""
        return int(self._delete(_group(group_id))["faces"])

    # ------------------------------------------------------------------ users

    def users(self, group_id: str, start: int = 0, length: int = 100) -> Page[UserRecord]:
        """A page of a group's users."""
        data = self._get(f"{_group(group_id)}/users?start={start}&length={length}")
        return Page(tuple(reading.user_record(item) for item in data["users"]), data["total"], data["start"])

    def user(self, group_id: str | None, user_id: str) -> tuple[UserRecord, ...]:
        """The user in one group, or in every group that has it."""
        if group_id is not None:
            return (reading.user_record(self._get(_user(group_id, user_id))),)
        data = self._get(f"/v1/users/{_id(user_id)}")
        return tuple(reading.user_record(item) for item in data["users"])

    def set_user_info(self, group_id: str, user_id: str, user_info: str) -> UserRecord:
        """Change what is kept with a user."""
        data = self._send_json("PATCH", _user(group_id, user_id), {"user_info": user_info})
        return reading.user_record(data)

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        """Erase a user of one group, or of every group; returns the number of faces erased."""
        path = _user(group_id, user_id) if group_id is not None else f"/v1/users/{_id(user_id)}"
        return int(self._delete(path)["faces"])

    def copy_user(self, user_id: str, source_group: str, target_group: str) -> int:
        """Copy a user's faces to another group; returns their number."""
        return int(self._post(f"{_user(source_group, user_id)}/copy", {"to": target_group})["faces"])

    # ------------------------------------------------------------------ faces

    def faces(self, group_id: str, user_id: str) -> tuple[FaceRecord, ...]:
        """The faces of a user."""
        data = self._get(f"{_user(group_id, user_id)}/faces")
        return tuple(reading.face_record(item) for item in data["faces"])

    def face(self, face_token: str) -> tuple[FaceRecord, ...]:
        """Where a face is enrolled."""
        data = self._get(f"/v1/faces/{_id(face_token)}")
        return tuple(reading.face_record(item) for item in data["faces"])

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        """Erase one face."""
        self._delete(f"{_user(group_id, user_id)}/faces/{_id(face_token)}")

    # ------------------------------------------------------------------ everything

    def export_gallery(self, target: IO[bytes], passphrase: str) -> int:
        """Write the whole gallery as a sealed archive; returns its size in bytes."""
        size = 0
        headers = {"X-EdgeFace-Passphrase": quote(passphrase, safe="")}
        with self._transport.exchange("POST", "/v1/gallery/export", None, headers) as response:
            if response.status != 200:
                raise failure_of(response.status, response.read())
            while chunk := response.read(_CHUNK):
                _write(target, chunk)
                size += len(chunk)
        return size

    def import_gallery(self, source: IO[bytes], passphrase: str) -> ArchiveSummary:
        """Add a sealed archive's content."""
        headers = {"X-EdgeFace-Passphrase": quote(passphrase, safe=""), "Content-Type": _ARCHIVE_MEDIA}
        return reading.archive_summary(self._json("POST", "/v1/gallery/import", body=source, headers=headers))

    def erase_gallery(self) -> Erasure:
        """Erase everything, the key first. There is no way back."""
        return reading.erasure(self._post("/v1/gallery/erase", {"confirm": "erase"}))

    # ------------------------------------------------------------------ the other half

    @abstractmethod
    def _get(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _delete(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _post(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def _send_json(self, method: str, path: str, value: Mapping[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def _json(
        self,
        method: str,
        path: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: tuple[int, ...] = (200, 201),
    ) -> dict[str, Any]: ...


def _write(target: IO[bytes], chunk: bytes) -> None:
    try:
        target.write(chunk)
    except OSError as error:
        # Within the exchange a bare OSError would read as the socket's.
        raise os_failure(error) from error


def _id(value: str) -> str:
    return quote(value, safe="")


def _group(group_id: str) -> str:
    return f"/v1/groups/{_id(group_id)}"


def _user(group_id: str, user_id: str) -> str:
    return f"{_group(group_id)}/users/{_id(user_id)}"
