"""Sealing: events name people, so what they say is kept encrypted."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edgeface.events.event import Event

_NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits, random; good for 2^32 events under one key
_MARK_BYTES = 16
_CHECK = b"edgeface event log key check"


class Unopened(Exception):  # noqa: N818 - a finding about one row, not a failure of the log
    """A sealed payload does not open."""


class Vault:
    """Seals payloads with AES-256-GCM, and marks the people in them. Immutable, safe from several threads.

    The associated data are the event's id and everything that stands beside the payload in the clear, so that a
    row whose time or kind was changed does not open. A person's mark is a keyed hash of the user id: events of
    somebody can be found and erased without opening the others, and nobody without the key learns who it is.
    """

    __slots__ = ("_cipher", "_mark_key")

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes that nothing else uses."""
        self._cipher = AESGCM(_derive(key, b"payload"))
        self._mark_key = _derive(key, b"mark")

    def seal(self, event: Event) -> bytes:
        """nonce || ciphertext || tag of source and data."""
        plain = json.dumps([event.source, event.data], ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        nonce = os.urandom(_NONCE_BYTES)
        clear = beside(
            event.sequence,
            event.event_id,
            event.kind.value,
            event.wall_at,
            event.monotonic_at,
            event.boot_id,
            event.clock_trusted,
            event.expires_at_monotonic,
        )
        return nonce + self._cipher.encrypt(nonce, plain.encode("utf-8"), clear)

    def open(self, clear: bytes, sealed: bytes) -> tuple[str, Mapping[str, Any]]:
        """Source and data; ``clear``: :func:`beside` of the same event. Raises :class:`Unopened`."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], clear)
            source, data = json.loads(plain)
        except (InvalidTag, ValueError) as error:
            raise Unopened from error
        return str(source), data

    def marks(self, data: Mapping[str, Any]) -> frozenset[bytes]:
        """The marks of everybody who stands in the data under ``user_id``."""
        return frozenset(self.mark(user_id) for user_id, _ in people(data))

    def mark(self, user_id: str) -> bytes:
        """A person's mark."""
        return hmac.new(self._mark_key, user_id.encode("utf-8"), hashlib.sha256).digest()[:_MARK_BYTES]

    def seal_check(self) -> bytes:
        """A value by which a later start knows that it has the same key."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _CHECK, b"check")

    def opens_check(self, sealed: bytes) -> bool:
        """Whether this is the key that made the check value."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], b"check") == _CHECK
        except (InvalidTag, ValueError):
            return False


def people(data: Any) -> Iterator[tuple[str, str | None]]:
    """Every (user id, group id) that JSON data names, at any depth."""
    if isinstance(data, Mapping):
        user_id, group_id = data.get("user_id"), data.get("group_id")
        if isinstance(user_id, str):
            yield user_id, group_id if isinstance(group_id, str) else None
        for value in data.values():
            yield from people(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from people(value)


def beside(
    sequence: int,
    event_id: str,
    kind: str,
    wall_at: float,
    monotonic_at: float,
    boot_id: str,
    clock_trusted: bool,
    expires_at: float | None,
) -> bytes:
    """What stands beside a sealed payload in the clear. Floats by repr: exact, as SQLite's eight bytes are."""
    return (
        f"{event_id}|{sequence}|{kind}|{wall_at!r}|{monotonic_at!r}|{boot_id}|{clock_trusted}|{expires_at!r}"
    ).encode()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"edgeface/events/1/" + purpose).derive(key)
