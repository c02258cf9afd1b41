"""A file sealed in pieces: AES-256-GCM, each piece bound to its place, the end bound to be the end.

Layout after the caller's header: pieces of flag (1 byte: 0 more follow, 1 the last), length (4 bytes, big
endian) and ciphertext || tag. The nonce is the piece's number and its flag, so pieces cannot be swapped, left
out or cut off; the header is associated data of every piece. A key must serve one file only.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edgeface.gallery.crypto import TAG_BYTES

PIECE_BYTES = 256 * 1024
_FRAME = struct.Struct(">BI")


class SealBrokenError(Exception):
    """The file was not sealed with this key and header, or was changed or cut."""


def _nonce(number: int, flag: int) -> bytes:
    return struct.pack(">QBxxx", number, flag)


class SealedWriter:
    """Writes plaintext into a sealed file. :meth:`finish` makes it valid."""

    def __init__(self, raw: BinaryIO, key: bytes, header: bytes) -> None:
        self._raw = raw
        self._cipher = AESGCM(key)
        self._header = header
        self._pending = bytearray()
        self._number = 0

    def write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        for start in range(0, len(view), PIECE_BYTES):
            self._pending += view[start : start + PIECE_BYTES]
            while len(self._pending) > PIECE_BYTES:
                self._emit(bytes(self._pending[:PIECE_BYTES]), flag=0)
                del self._pending[:PIECE_BYTES]

    def finish(self) -> None:
        """Write the last piece."""
        self._emit(bytes(self._pending), flag=1)
        self._pending.clear()

    def _emit(self, plain: bytes, flag: int) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, flag), plain, self._header)
        self._raw.write(_FRAME.pack(flag, len(sealed)))
        self._raw.write(sealed)
        self._number += 1


class SealedReader:
    """Reads what :class:`SealedWriter` wrote; each byte it returns is authentic.

    Only :meth:`read_to_end` and :meth:`expect_end` prove that the file is whole.
    """

    def __init__(self, raw: BinaryIO, key: bytes, header: bytes) -> None:
        self._raw = raw
        self._cipher = AESGCM(key)
        self._header = header
        self._pending = bytearray()
        self._number = 0
        self._last = False

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes. Raises :class:`SealBrokenError` when the file has fewer."""
        while len(self._pending) < size:
            self._refill()
        data = bytes(self._pending[:size])
        del self._pending[:size]
        return data

    def read_line(self, longest: int) -> bytes:
        """Up to and with the next newline, at most ``longest`` bytes."""
        while (at := self._pending.find(b"\n")) < 0:
            if len(self._pending) > longest:
                raise SealBrokenError
            self._refill()
        return self.read(at + 1)

    def read_to_end(self, into: BinaryIO) -> None:
        """Write all that is left into a file."""
        into.write(self._pending)
        self._pending.clear()
        while not self._last:
            self._refill()
            into.write(self._pending)
            self._pending.clear()

    def expect_end(self) -> None:
        """Raises :class:`SealBrokenError` unless everything was read."""
        if not self._last:
            self._refill()
        if self._pending:
            raise SealBrokenError

    def _refill(self) -> None:
        frame = self._raw.read(_FRAME.size)
        if self._last or len(frame) != _FRAME.size:
            raise SealBrokenError
        flag, length = _FRAME.unpack(frame)
        if flag not in (0, 1) or not TAG_BYTES <= length <= PIECE_BYTES + TAG_BYTES:
            raise SealBrokenError
        sealed = self._raw.read(length)
        try:
            self._pending += self._cipher.decrypt(_nonce(self._number, flag), sealed, self._header)
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError from error
        self._number += 1
        self._last = flag == 1
        if self._last and self._raw.read(1):
            raise SealBrokenError
