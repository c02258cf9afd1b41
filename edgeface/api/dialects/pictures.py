"""The pictures of a vendor call: base64 text, a URL, or the token of a face seen before."""

from __future__ import annotations

from collections.abc import Mapping

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode_base64
from edgeface.types import FaceToken


class WantsUrl(Exception):  # noqa: N818 - a question, not an error
    """The call needs a picture that must be fetched first: not a failure, the handler fetches and asks again."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(url)


class Pictures:
    """Resolves what a call names. A use case resolves all of its pictures before it changes anything, because it
    is asked again from the beginning once a URL has been fetched."""

    def __init__(self, fetched: Mapping[str, bytes | EdgeFaceError] | None = None) -> None:
        self._fetched = fetched or {}

    def base64(self, text: str) -> bytes:
        """Raises ``IMAGE_MISSING`` (empty), ``IMAGE_BASE64``."""
        if not text:
            raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
        return decode_base64(text)

    def url(self, url: str) -> bytes:
        """The fetched picture. Raises :class:`WantsUrl` the first time; ``IMAGE_URL`` or ``IMAGE_TOO_LARGE`` when it
        could not be fetched, ``IMAGE_MISSING`` for the empty text."""
        if not url:
            raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
        if url not in self._fetched:
            raise WantsUrl(url)
        found = self._fetched[url]
        if isinstance(found, EdgeFaceError):
            raise found
        return found

    def token(self, token: str) -> FaceToken:
        """Whether a face is known under it is for the engine to say. Raises ``IMAGE_MISSING`` for the empty text."""
        if not token:
            raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
        return FaceToken(token)
