"""Sealing: AES-256-GCM per row, keys derived from the one gallery key."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import Item
from edgeface.types import FloatArray

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits, random; good for 2^32 rows under one key
TAG_BYTES = 16
_CHECK = b"edgeface gallery key check"

TEMPLATE_DTYPE = np.dtype("<f4")


class Vault:
    """Seals and opens what the gallery stores. Immutable, safe from several threads.

    A sealed value is nonce || ciphertext || tag. A template's associated data are its face token and the contract
    id, a user_info's are the user id and the contract id, a group_info's the group id and the contract id: a value
    moved to another token does not open.
    """

    __slots__ = ("_contract", "_group_info", "_info", "_key", "_template")

    def __init__(self, key: bytes, contract_id: str) -> None:
        """``key``: 32 bytes, else ``GALLERY_KEY``."""
        if len(key) != KEY_BYTES:
            raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"The key must have {KEY_BYTES} bytes.")
        self._key = key
        self._contract = contract_id.encode("utf-8")
        self._template = AESGCM(derive_key(key, "template"))
        self._info = AESGCM(derive_key(key, "user_info"))
        self._group_info = AESGCM(derive_key(key, "group_info"))

    def seal_template(self, vector: FloatArray, token: str) -> bytes:
        """Seal float32 (dimension,) as little-endian bytes."""
        nonce = os.urandom(NONCE_BYTES)
        plain = np.ascontiguousarray(vector, dtype=TEMPLATE_DTYPE).tobytes()
        return nonce + self._template.encrypt(nonce, plain, self._bound("face", token))

    def open_template(self, sealed: bytes, token: str) -> FloatArray:
        """The vector. Raises ``cryptography.exceptions.InvalidTag`` when anything about it is wrong."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if len(body) < TAG_BYTES:
            raise InvalidTag
        plain = self._template.decrypt(nonce, body, self._bound("face", token))
        return np.frombuffer(plain, dtype=TEMPLATE_DTYPE).astype(np.float32, copy=False)

    def open_templates(
        self, rows: Iterable[tuple[Item, str, bytes]], into: FloatArray
    ) -> tuple[list[Item], list[Item]]:
        """Open many rows (name, token, sealed) into the first rows of ``into`` (n, dimension).

        Returns the names of the opened rows, in the order of ``into``, and the names of those that do not open.
        """
        opened: list[Item] = []
        damaged: list[Item] = []
        for name, token, sealed in rows:
            try:
                into[len(opened)] = self.open_template(sealed, token)
            except (InvalidTag, ValueError):  # ValueError: a vector of another length
                damaged.append(name)
            else:
                opened.append(name)
        return opened, damaged

    def seal_info(self, text: str, user_id: str) -> bytes:
        """Seal a user's text; the empty text stays empty."""
        if not text:
            return b""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._info.encrypt(nonce, text.encode("utf-8"), self._bound("user", user_id))

    def open_info(self, sealed: bytes, user_id: str) -> str:
        """The text. Raises ``GALLERY_CORRUPT`` when it does not open."""
        if not sealed:
            return ""
        try:
            body = sealed[NONCE_BYTES:]
            return self._info.decrypt(sealed[:NONCE_BYTES], body, self._bound("user", user_id)).decode("utf-8")
        except (InvalidTag, ValueError) as error:
            raise EdgeFaceError(ErrorCode.GALLERY_CORRUPT, "A user_info does not open.", user_id=user_id) from error

    def seal_group_info(self, text: str, group_id: str) -> bytes:
        """Seal a group's text; the empty text stays empty."""
        if not text:
            return b""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._group_info.encrypt(nonce, text.encode("utf-8"), self._bound("group", group_id))

    def open_group_info(self, sealed: bytes, group_id: str) -> str:
        """The text. Raises ``GALLERY_CORRUPT`` when it does not open."""
        if not sealed:
            return ""
        try:
            plain = self._group_info.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound("group", group_id)
            )
            return plain.decode("utf-8")
        except (InvalidTag, ValueError) as error:
            raise EdgeFaceError(
                ErrorCode.GALLERY_CORRUPT, "A group_info does not open.", group_id=group_id
            ) from error

    def seal_check(self) -> bytes:
        """A value by which a later start knows that it has the same key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(derive_key(self._key, "check")).encrypt(nonce, _CHECK, None)

    def opens_check(self, sealed: bytes) -> bool:
        """Whether this is the key that made the check value."""
        try:
            body = sealed[NONCE_BYTES:]
            return AESGCM(derive_key(self._key, "check")).decrypt(sealed[:NONCE_BYTES], body, None) == _CHECK
        except (InvalidTag, ValueError):
            return False

    def file_key(self, purpose: str, salt: bytes) -> bytes:
        """A key of its own for one file (32 bytes)."""
        return derive_key(self._key, purpose, salt)

    def subkey(self, purpose: str) -> bytes:
        """A key for a purpose outside the gallery (32 bytes); never one of the gallery's own."""
        return derive_key(self._key, f"outside/{purpose}")

    def _bound(self, kind: str, name: str) -> bytes:
        # NUL cannot occur in a token or an id, so that no two pairs give the same bytes.
        return b"\0".join((kind.encode("ascii"), name.encode("utf-8"), self._contract))


def derive_key(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """HKDF-SHA256: a 32-byte key for one purpose."""
    info = f"edgeface/1/{purpose}".encode("ascii")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key)
