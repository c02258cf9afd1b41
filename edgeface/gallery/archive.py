"""The sealed archive: the whole gallery in one file, opened by a passphrase and not by this device's key.

Layout: magic, header length, header (JSON: version, contract, dimension, counts, key derivation), then a sealed
stream of lines (JSON), each face's followed by its vector (little-endian float32). The key comes from the
passphrase by scrypt. The header is authenticated with every piece of the stream.
"""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows, group_rows, user_rows
from edgeface.gallery.admission import check_contract, check_face, check_id, check_user_info
from edgeface.gallery.changes import Pending
from edgeface.gallery.crypto import KEY_BYTES, TEMPLATE_DTYPE
from edgeface.gallery.enrolment import Rules
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.records import ArchiveSummary, NewFace
from edgeface.gallery.sealed_stream import SealBrokenError, SealedReader, SealedWriter
from edgeface.storage.failures import os_failure
from edgeface.storage.files import sync_folder

VERSION = 1
_MAGIC = b"EdgeFace archive\n"
_LENGTH = struct.Struct(">I")
_LONGEST_HEADER = 16 * 1024
_LONGEST_LINE = 64 * 1024
# scrypt: RFC 7914's r and p; n = 2^15 takes 32 MiB, which a 512 MiB board has. An archive may not ask for more than
# the second figure, or it could exhaust the device before its passphrase is even wrong.
_SCRYPT_N, _SCRYPT_MOST_N, _SCRYPT_R, _SCRYPT_P = 2**15, 2**17, 8, 1

Progress = Callable[[int, int], None]
Checked = TypeVar("Checked")


def export_archive(ledger: Ledger, file: Path, passphrase: str, progress: Progress) -> ArchiveSummary:
    """Write everything, as it stands at one moment, into a new file (mode 0600).

    The file appears under its name only when it is complete; one that is there is replaced. Raises
    ``INVALID_PARAMETER`` for an empty passphrase, ``STORAGE_*``, ``GALLERY_CORRUPT`` for a damaged row.
    """
    salt = os.urandom(16)
    key = _derive(passphrase, salt, _SCRYPT_N)
    temporary = file.with_name(f".{file.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw, ledger.store.reading() as connection:
                totals = group_rows.totals(connection)
                facts = {
                    "version": VERSION,
                    "contract": ledger.contract_id,
                    "dimension": ledger.dimension,
                    "created_at": time.time(),
                    "groups": totals.groups,
                    "users": totals.users,
                    "faces": totals.faces,
                    "scrypt": {"n": _SCRYPT_N, "r": _SCRYPT_R, "p": _SCRYPT_P, "salt": salt.hex()},
                }
                text = json.dumps(facts).encode("utf-8")
                header = _MAGIC + _LENGTH.pack(len(text)) + text
                raw.write(header)
                writer = SealedWriter(raw, key, header)
                done = 0
                for record, vector in _records(ledger, connection):
                    writer.write(json.dumps(record).encode("utf-8") + b"\n")
                    if vector is not None:
                        writer.write(vector)
                        done += 1
                        progress(done, totals.faces)
                writer.write(b'{"kind": "end"}\n')
                writer.finish()
                raw.flush()
                os.fsync(raw.fileno())
            temporary.replace(file)
            sync_folder(file.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise os_failure(error) from error
    return ArchiveSummary(totals.groups, totals.users, totals.faces, 0, 0)


def import_archive(ledger: Ledger, file: Path, passphrase: str, progress: Progress) -> ArchiveSummary:
    """Merge an archive into the gallery in one transaction: all of it or nothing.

    Groups and users that exist stay as they are; a face that its user has already (same token) is passed over.
    Raises ``ARCHIVE_INVALID`` (damaged, or a wrong passphrase), ``CONTRACT_MISMATCH``, ``LIMIT_*``, ``STORAGE_*``,
    ``INVALID_PARAMETER`` when the file cannot be read.
    """
    try:
        raw = file.open("rb")
    except OSError as error:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{file.name}: {error.strerror}.") from error
    with raw:
        try:
            return _merge(ledger, raw, passphrase, progress)
        except (SealBrokenError, InvalidTag, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            # ValueError covers broken JSON and Unicode: an authentic archive has neither.
            raise EdgeFaceError(ErrorCode.ARCHIVE_INVALID) from error


def _merge(ledger: Ledger, raw: BinaryIO, passphrase: str, progress: Progress) -> ArchiveSummary:
    header, facts = _read_header(raw)
    if facts["version"] != VERSION:
        raise EdgeFaceError(ErrorCode.ARCHIVE_INVALID, f"It has version {facts['version']}.")
    scrypt = facts["scrypt"]
    if scrypt["r"] != _SCRYPT_R or scrypt["p"] != _SCRYPT_P or not 2**10 <= scrypt["n"] <= _SCRYPT_MOST_N:
        raise SealBrokenError
    reader = SealedReader(raw, _derive(passphrase, bytes.fromhex(scrypt["salt"]), scrypt["n"]), header)
    line = reader.read_line(_LONGEST_LINE)  # from here on the header is known to be authentic
    check_contract(facts["contract"], ledger.contract_id)
    group: Pending | None = None
    groups = users = added = skipped = 0
    group_id = user_id = ""
    with ledger.changing() as (connection, changes):
        enrolment = ledger.enrolment(connection, changes, Rules(ledger.limits, skip_existing=True))
        while True:
            record = json.loads(line)
            kind = record["kind"]
            if kind == "group":
                group_id = _authentic(check_id, record["group_id"], "group_id")
                # Archives made before groups had a text lack it.
                text = _authentic(check_user_info, record.get("group_info", ""), ledger.limits)
                group = enrolment.group(group_id, text)
                groups += 1
            elif kind == "user":
                user_id = _authentic(check_id, record["user_id"], "user_id")
                info = _authentic(check_user_info, record["user_info"], ledger.limits)
                if group is None:
                    raise SealBrokenError
                enrolment.user_if_new(group, user_id, info, float(record["created_at"]))
                users += 1
            elif kind == "face":
                vector = np.frombuffer(reader.read(ledger.dimension * TEMPLATE_DTYPE.itemsize), dtype=TEMPLATE_DTYPE)
                created = float(record["created_at"])
                face = NewFace(group_id, user_id, record["face_token"], vector, None, created)
                number = enrolment.face(_authentic(check_face, face, ledger.dimension, ledger.limits))
                added += number is not None
                skipped += number is None
                progress(added + skipped, int(facts["faces"]))
            elif kind == "end":
                reader.expect_end()
                break
            else:
                raise SealBrokenError
            line = reader.read_line(_LONGEST_LINE)
    return ArchiveSummary(groups, users, added + skipped, added, skipped)


def _records(ledger: Ledger, connection: sqlite3.Connection) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Each group, followed by its users, each followed by its faces with their vectors."""
    vault = ledger.vault
    for group in group_rows.every(connection):
        text = vault.open_group_info(group.info, group.name)
        yield {"kind": "group", "group_id": group.name, "group_info": text}, None
        for user in user_rows.of_group(connection, group.number):
            info = vault.open_info(user.info, user.name)
            yield {"kind": "user", "user_id": user.name, "user_info": info, "created_at": user.created_at}, None
            for face in face_rows.of_user(connection, user.number):
                vector = face_rows.template(connection, vault, face.number)
                record = {"kind": "face", "face_token": face.token, "created_at": face.created_at}
                yield record, vector.astype(TEMPLATE_DTYPE).tobytes()


def _read_header(raw: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    start = raw.read(len(_MAGIC) + _LENGTH.size)
    if not start.startswith(_MAGIC):
        raise EdgeFaceError(ErrorCode.ARCHIVE_INVALID, "It is not an EdgeFace archive.")
    (length,) = _LENGTH.unpack(start[len(_MAGIC) :])
    if length > _LONGEST_HEADER:
        raise SealBrokenError
    text = raw.read(length)
    facts = json.loads(text)
    if not isinstance(facts, dict):
        raise SealBrokenError
    return start + text, facts


def _authentic(check: Callable[..., Checked], *arguments: object) -> Checked:
    """What a check returns; its refusal means that the archive holds what no gallery can."""
    try:
        return check(*arguments)
    except EdgeFaceError as error:
        raise EdgeFaceError(ErrorCode.ARCHIVE_INVALID, error.message) from error


def _derive(passphrase: str, salt: bytes, n: int) -> bytes:
    if not passphrase:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "The passphrase is empty.", parameter="passphrase")
    return Scrypt(salt=salt, length=KEY_BYTES, n=n, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase.encode("utf-8"))
