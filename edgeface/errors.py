"""The closed catalogue of errors.

Every failure that a caller can see is one entry of :class:`ErrorCode`. Dialects translate entries to their
vendor's numbers; nobody invents a code elsewhere. ``docs/errors.md`` lists the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """What a code means. ``status`` is the HTTP status, ``exit_code`` the CLI's exit status."""

    message: str
    status: int
    retryable: bool = False
    exit_code: int = 1


class ErrorCode(Enum):
    """Name = the wire code in lower case."""

    # --- request (exit 2: the call was wrong)
    INVALID_REQUEST = ErrorSpec("The request is malformed.", 400, exit_code=2)
    INVALID_PARAMETER = ErrorSpec("A parameter is missing, unknown or out of range.", 400, exit_code=2)
    INVALID_ID = ErrorSpec("An id must be 1 to 128 letters, digits or underscores.", 400, exit_code=2)
    NOT_FOUND = ErrorSpec("There is no such endpoint.", 404, exit_code=2)
    METHOD_NOT_ALLOWED = ErrorSpec("This endpoint does not take that method.", 405, exit_code=2)
    UNSUPPORTED_MEDIA_TYPE = ErrorSpec("This content type is not accepted here.", 415, exit_code=2)
    REQUEST_TOO_LARGE = ErrorSpec("The request body exceeds the limit.", 413, exit_code=2)
    FORBIDDEN = ErrorSpec("This peer's role does not allow the call.", 403, exit_code=7)
    UNAUTHORIZED = ErrorSpec("The caller could not be identified.", 401, exit_code=7)
    ACCESS_TOKEN_INVALID = ErrorSpec("The access token is not one of this device's.", 401, exit_code=7)
    ACCESS_TOKEN_EXPIRED = ErrorSpec("The access token has expired.", 401, exit_code=7)
    KEY_UNKNOWN = ErrorSpec("There is no such application or key.", 401, exit_code=7)
    SIGNATURE_MISSING = ErrorSpec("The request is not signed.", 401, exit_code=7)
    SIGNATURE_INVALID = ErrorSpec("The signature does not fit the request.", 401, exit_code=7)
    SIGNATURE_EXPIRED = ErrorSpec("The signature has expired, or is of the future.", 401, exit_code=7)
    SIGNATURE_REPLAYED = ErrorSpec("This signature was used before.", 401, exit_code=7)
    QUOTA_QPS = ErrorSpec("The key has no more calls in this second.", 429, True, exit_code=8)
    QUOTA_DAY = ErrorSpec("The key has no more calls today.", 429, True, exit_code=8)
    QUOTA_TOTAL = ErrorSpec("The key has used all of its calls.", 429, exit_code=8)

    # --- picture (exit 3: the picture cannot be used)
    IMAGE_MISSING = ErrorSpec("No image was given.", 400, exit_code=3)
    IMAGE_TOO_LARGE = ErrorSpec("The image has too many bytes or pixels.", 413, exit_code=3)
    IMAGE_TOO_SMALL = ErrorSpec("The image is too small to hold a face.", 422, exit_code=3)
    IMAGE_FORMAT = ErrorSpec("The image format is not supported (JPEG, PNG, BMP and WebP are).", 415, exit_code=3)
    IMAGE_CORRUPT = ErrorSpec("The image could not be decoded.", 422, exit_code=3)
    IMAGE_BASE64 = ErrorSpec("The image is not valid base64.", 400, exit_code=3)
    IMAGE_URL = ErrorSpec("The image could not be fetched from its URL.", 422, exit_code=3)
    FACE_TOKEN_UNKNOWN = ErrorSpec("No face is remembered or enrolled under this token.", 404, exit_code=3)

    # --- faces (exit 4: no identity decision possible from this picture)
    NO_FACE = ErrorSpec("No face was found in the image.", 422, exit_code=4)
    MULTIPLE_FACES = ErrorSpec("More than one face where exactly one is required.", 422, exit_code=4)
    QUALITY = ErrorSpec("The face does not pass the quality gate.", 422, exit_code=4)
    LIVENESS = ErrorSpec("The face did not pass the liveness check.", 422, exit_code=4)

    # --- gallery (exit 5: the gallery says no)
    GROUP_NOT_FOUND = ErrorSpec("The group does not exist.", 404, exit_code=5)
    GROUP_EXISTS = ErrorSpec("The group already exists.", 409, exit_code=5)
    USER_NOT_FOUND = ErrorSpec("The user does not exist.", 404, exit_code=5)
    USER_EXISTS = ErrorSpec("The user already exists.", 409, exit_code=5)
    FACE_NOT_FOUND = ErrorSpec("The face does not exist.", 404, exit_code=5)
    FACE_EXISTS = ErrorSpec("This face is already enrolled for the user.", 409, exit_code=5)
    FACE_NEARLY_IDENTICAL = ErrorSpec("An almost identical face is already enrolled for the user.", 409, exit_code=5)
    PERSON_KNOWN = ErrorSpec("This person is already enrolled under another id.", 409, exit_code=5)
    LIMIT_GROUPS = ErrorSpec("The gallery holds as many groups as its limit allows.", 409, exit_code=5)
    LIMIT_USERS = ErrorSpec("The group holds as many users as its limit allows.", 409, exit_code=5)
    LIMIT_FACES = ErrorSpec("The user holds as many faces as the limit allows.", 409, exit_code=5)
    ID_NOT_REGISTERED = ErrorSpec("No photograph is registered under this ID number.", 404, exit_code=5)
    ID_NAME_MISMATCH = ErrorSpec("The name is not the one registered under this ID number.", 409, exit_code=5)
    ARCHIVE_INVALID = ErrorSpec("The archive is damaged, or the passphrase is wrong.", 422, exit_code=5)

    # --- templates and models (exit 6: this device's state does not allow it)
    TEMPLATE_INVALID = ErrorSpec("The template is malformed.", 400, exit_code=2)
    CONTRACT_MISMATCH = ErrorSpec("Templates of another embedding contract cannot be compared.", 409, exit_code=6)
    PACK_INVALID = ErrorSpec("The model pack is invalid.", 500, exit_code=6)
    FEATURE_UNAVAILABLE = ErrorSpec("The active model pack has no model for this feature.", 501, exit_code=6)
    GALLERY_VERSION = ErrorSpec("The gallery was written by a newer version of EdgeFace.", 500, exit_code=6)
    GALLERY_CORRUPT = ErrorSpec("The gallery database is damaged.", 500, exit_code=6)
    GALLERY_KEY = ErrorSpec("The gallery key is missing or does not open this gallery.", 500, exit_code=6)
    GALLERY_LOCKED = ErrorSpec("Another EdgeFace process uses this state directory.", 503, True, exit_code=6)
    STORAGE_FULL = ErrorSpec("The storage is full; nothing was written.", 507, True, exit_code=6)
    STORAGE_READ_ONLY = ErrorSpec("The state directory cannot be written; nothing was written.", 500, exit_code=6)
    CONFIG_INVALID = ErrorSpec("The configuration is invalid.", 500, exit_code=78)
    SOCKET_IN_USE = ErrorSpec("Another daemon answers on this socket.", 500, exit_code=6)

    # --- camera
    CAMERA_UNAVAILABLE = ErrorSpec("No camera delivers pictures.", 503, True, exit_code=6)
    NOBODY = ErrorSpec("No usable face came before the camera in time.", 408, True, exit_code=4)

    # --- load (exit 8: try again)
    BUSY = ErrorSpec("The device is busy.", 503, True, exit_code=8)
    DEADLINE = ErrorSpec("The call did not finish in time.", 504, True, exit_code=8)
    SHUTTING_DOWN = ErrorSpec("The daemon is stopping.", 503, True, exit_code=8)
    UNREACHABLE = ErrorSpec("The daemon's socket does not answer.", 503, True, exit_code=8)
    INTERNAL = ErrorSpec("An internal error; the log has the request id.", 500, True, exit_code=70)

    @property
    def code(self) -> str:
        """The wire code, e.g. ``no_face``."""
        return self.name.lower()

    @property
    def spec(self) -> ErrorSpec:
        return self.value

    @classmethod
    def from_wire(cls, code: str) -> ErrorCode:
        """The entry of a wire code; ``INTERNAL`` for one this version does not know."""
        return cls.__members__.get(code.upper(), cls.INTERNAL)


class EdgeFaceError(Exception):
    """A failure from the catalogue.

    ``detail`` says what exactly was wrong (one sentence, safe to show); ``context`` holds JSON-ready facts,
    e.g. ``{"violations": [...]}`` for ``QUALITY``.
    """

    def __init__(self, code: ErrorCode, detail: str = "", **context: Any) -> None:
        self.code = code
        self.detail = detail
        self.context = context
        super().__init__(f"{code.code}: {self.message}")

    @property
    def message(self) -> str:
        """The catalogue's sentence, with the detail behind it where there is one."""
        return f"{self.code.spec.message} {self.detail}".rstrip() if self.detail else self.code.spec.message

    def as_dict(self, request_id: str = "") -> dict[str, Any]:
        """The native API's error object (the value of ``error``)."""
        body: dict[str, Any] = {
            "code": self.code.code,
            "message": self.message,
            "retryable": self.code.spec.retryable,
            "request_id": request_id,
        }
        if self.context:
            body["details"] = self.context
        return body
