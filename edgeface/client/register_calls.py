"""The client's calls on the register of ID photographs. Numbers and names travel in bodies, never in addresses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import IO, Any

from typing_extensions import Unpack

from edgeface.client import encoding, reading
from edgeface.client.encoding import Judging
from edgeface.results import IdComparison
from edgeface.types import Face


class RegisterCalls(ABC):
    """A part of :class:`~edgeface.client.client.Client`; not for use by itself."""

    def registered(self) -> int:
        """How many ID numbers are registered."""
        return int(self._get("/v1/register")["registered"])

    def register_id(
        self,
        picture: bytes,
        id_number: str,
        name: str,
        *,
        replace: bool = True,
        **judging: Unpack[Judging],
    ) -> Face:
        """Register a photograph; returns its face. ``replace=False``: one more photograph of the same person."""
        options = {
            "id_number": id_number,
            "name": name,
            "replace": replace,
            **encoding.judged(judging),
        }
        return reading.face(self._send_body("/v1/register", picture, options)["face"])

    def remove_id(self, id_number: str) -> int:
        """Erase what is registered under a number; returns the number of photographs."""
        return int(self._post("/v1/register/remove", {"id_number": id_number})["faces"])

    def verify_id(
        self,
        picture: bytes,
        id_number: str,
        name: str,
        **judging: Unpack[Judging],
    ) -> IdComparison:
        """1:1 of the first face against the photographs under number and name."""
        options = {"id_number": id_number, "name": name, **encoding.judged(judging)}
        return reading.id_comparison(self._send_body("/v1/register/verify", picture, options))

    def _send_body(self, path: str, picture: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
        if "thresholds" in options:  # an object, which only JSON can spell
            return self._post(path, {**encoding.given(options), "image": encoding.base64(picture)})
        body, content_type = encoding.multipart(encoding.texts(options), {"image": picture})
        return self._json("POST", path, body=body, headers={"Content-Type": content_type})

    # ------------------------------------------------------------------ the other part

    @abstractmethod
    def _get(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _post(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]: ...

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
