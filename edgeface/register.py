"""The local register of ID photographs: what a cloud asks a police database, the device asks its operator.

Documents: Baidu v3 "身份验证" (``person/verify``) and Baidu v4 "人脸实名认证" (``mingjing/verify``) compare a picture
with the photograph registered under an ID number and a name. The register is one group of the gallery
(``id_register.group``), so that its photographs are templates only, sealed, exported and erased like every other
face. Its users' ids are keyed hashes of the ID numbers; names and numbers stand in the sealed ``user_info`` alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator

from edgeface.engine import Engine, Gate, Picture
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import NewFace, UserRecord
from edgeface.results import Enrolment, IdComparison
from edgeface.types import FaceOrder

__all__ = ["MOST_NAME_BYTES", "IdComparison", "IdRegister"]

# GB 11643: 17 digits and a check character; 15 digits before 1999. The check character is not verified: the
# documents' own example, 110233112299822211, has a wrong one.
_ID_NUMBER = re.compile(r"[0-9]{15}|[0-9]{17}[0-9X]")
MOST_NAME_BYTES = 200
"""UTF-8, folded; with the number it fits into the 256 bytes of ``user_info`` (Baidu v3 user_info: 256B)."""
_SEPARATOR = "\n"  # a folded name has none


class IdRegister:
    """Enrolled by the operator. Thread-safe; any number of them may look at one engine.

    Every method that takes an ID number or a name raises ``INVALID_PARAMETER`` (context ``parameter``: ``id_number``
    or ``name``) for one that cannot be: 15 digits, or 17 digits and a digit or X; 1 to 200 bytes of UTF-8. Full-width
    digits, a small x and surrounding white space are accepted.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._group = engine.config.id_register.group

    def add(
        self,
        picture: Picture,
        id_number: str,
        name: str,
        *,
        replace: bool = True,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Enrolment:
        """Register a photograph. ``replace``: it and the name take the place of what is there; else it is one more
        photograph of the same person, whose name must be the same (``ID_NAME_MISMATCH``).

        Raises what :meth:`Engine.enrol` raises: ``NO_FACE``, ``QUALITY``, ``FACE_EXISTS``, ``LIMIT_*``...
        """
        number, folded = _checked_number(id_number), _checked_name(name)
        user_id = self._user_id(number)
        if not replace and (there := self._find(user_id)) is not None:
            _require_name(there, folded)
        return self._engine.enrol(
            picture,
            self._group,
            user_id,
            user_info=folded + _SEPARATOR + number,
            replace_faces=replace,
            gate=gate,
            order=order,
        )

    def remove(self, id_number: str) -> int:
        """Erase the photographs (how many those were), the name and the number. Raises ``ID_NOT_REGISTERED``."""
        user_id = self._user_id(_checked_number(id_number))
        try:
            return self._engine.delete_user(self._group, user_id)
        except EdgeFaceError as error:
            raise _not_registered(error) from None

    def has(self, id_number: str) -> bool:
        """Whether a photograph is registered under the number."""
        return self._find(self._user_id(_checked_number(id_number))) is not None

    def count(self) -> int:
        """How many ID numbers are registered."""
        if not self._engine.gallery.has_group(self._group):
            return 0
        return self._engine.gallery.users(self._group, 0, 1).total

    def verify(
        self,
        picture: Picture,
        id_number: str,
        name: str,
        *,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> IdComparison:
        """Compare the first face of a picture with the photographs under a number; the best of them counts.

        Raises ``ID_NOT_REGISTERED``, ``ID_NAME_MISMATCH``, ``NO_FACE``, ``QUALITY``, ``FACE_TOKEN_UNKNOWN`` and the
        ``IMAGE_*`` errors.
        """
        number, folded = _checked_number(id_number), _checked_name(name)
        user_id = self._user_id(number)
        there = self._find(user_id)
        if there is None or not there.faces:
            raise EdgeFaceError(ErrorCode.ID_NOT_REGISTERED)
        _require_name(there, folded)
        engine = self._engine
        face = engine.embed(picture, gate=gate, order=order)
        assert face.template is not None  # noqa: S101 - embed() guarantees it
        try:
            best = engine.gallery.search(face.template.vector, [self._group], 1, user_id=user_id)
        except EdgeFaceError as error:  # removed in the meantime
            raise _not_registered(error) from None
        if not best:
            raise EdgeFaceError(ErrorCode.ID_NOT_REGISTERED)
        similarity = best[0].similarity
        scale = engine.scale
        same_person = similarity >= scale.similarity_at_fmr(engine.config.decision.fmr)
        return IdComparison(scale.score(similarity), scale.fmr(similarity), same_person, face)

    def adopt(self) -> int:
        """Take over entries that came in an archive of a device with another key; how many those were.

        Their ids are hashes under that device's key, so nobody finds them here. An ID number that is registered
        here already stays as it is, and the other device's entry goes. A repeated call finishes one that broke off.
        """
        gallery = self._engine.gallery
        foreign = [(user, number) for user, number in self._numbered() if not self._is_user_id(user.user_id, number)]
        for user, number in foreign:
            user_id = self._user_id(number)
            if self._find(user_id) is None:
                gallery.add_faces(
                    NewFace(
                        self._group,
                        user_id,
                        face.face_token,
                        gallery.template(face.face_id).vector,
                        user.user_info,
                        face.created_at,
                    )
                    for face in gallery.faces(self._group, user.user_id)
                )
            gallery.delete_user(self._group, user.user_id)
        return len(foreign)

    def _numbered(self) -> Iterator[tuple[UserRecord, str]]:
        """Every entry with its ID number; what else an operator put into the group is passed over."""
        gallery = self._engine.gallery
        if not gallery.has_group(self._group):
            return
        length = self._engine.config.gallery.limits.max_page
        start, total = 0, 1
        while start < total:
            page = gallery.users(self._group, start, length)
            for user in page.items:
                number = user.user_info.rpartition(_SEPARATOR)[2]
                if _ID_NUMBER.fullmatch(number):
                    yield user, number
            start, total = start + length, page.total

    def _find(self, user_id: str) -> UserRecord | None:
        try:
            return self._engine.gallery.user(self._group, user_id)[0]
        except EdgeFaceError as error:
            _not_registered(error)
            return None

    def _user_id(self, number: str) -> str:
        # Keyed, because every ID number can be tried: a bare hash of one is no secret.
        key = self._engine.gallery.subkey("id-register")
        return hmac.new(key, number.encode("ascii"), hashlib.sha256).hexdigest()

    def _is_user_id(self, user_id: str, number: str) -> bool:
        return hmac.compare_digest(user_id, self._user_id(number))


def _checked_number(text: str) -> str:
    number = _plain(text, "id_number").strip().upper()
    if not _ID_NUMBER.fullmatch(number):
        raise _invalid("id_number", "must be 15 digits, or 17 digits and a digit or X")
    return number


def _checked_name(text: str) -> str:
    folded = " ".join(_plain(text, "name").split())
    if not folded:
        raise _invalid("name", "is empty")
    if len(folded.encode("utf-8")) > MOST_NAME_BYTES:
        raise _invalid("name", f"has more than {MOST_NAME_BYTES} bytes")
    return folded


def _plain(text: str, parameter: str) -> str:
    """NFKC, without control characters and lone surrogates."""
    if not isinstance(text, str):
        raise _invalid(parameter, "must be text")
    if len(text) > MOST_NAME_BYTES:  # before NFKC, which can make one character eighteen
        raise _invalid(parameter, "is too long")
    plain = unicodedata.normalize("NFKC", text)
    if any(unicodedata.category(char) in ("Cc", "Cs") and not char.isspace() for char in plain):
        raise _invalid(parameter, "must be printable Unicode")
    return plain


def _require_name(there: UserRecord, folded: str) -> None:
    registered = there.user_info.rpartition(_SEPARATOR)[0]
    # Digests, so that the work tells neither the length of the registered name nor where the two begin to differ.
    digests = [hashlib.sha256(name.encode("utf-8")).digest() for name in (registered, folded)]
    if not hmac.compare_digest(*digests):
        raise EdgeFaceError(ErrorCode.ID_NAME_MISMATCH)


def _not_registered(error: EdgeFaceError) -> EdgeFaceError:
    """What an unknown group or user means here; any other failure is raised as it is."""
    if error.code not in (ErrorCode.GROUP_NOT_FOUND, ErrorCode.USER_NOT_FOUND):
        raise error
    return EdgeFaceError(ErrorCode.ID_NOT_REGISTERED)


def _invalid(parameter: str, why: str) -> EdgeFaceError:
    # Never with the value: details are logged and shown.
    return EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{parameter} {why}.", parameter=parameter)
