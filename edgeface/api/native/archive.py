"""Moving and erasing the whole gallery: export, import, erase.

Archives are sealed with the caller's passphrase before they touch a disk or the socket. They pass through a file
in the state directory, so that an export fails before its first byte is sent or not at all; its name is gone before
the first byte too, and what a killed daemon left is swept at the next start.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import unquote_to_bytes

from aiohttp import web

from edgeface.api.bodies import spool
from edgeface.api.gallery_answers import ErasedAllAnswer, ImportedAnswer
from edgeface.api.native.endpoint import Call, Endpoint, Handler, Report
from edgeface.api.native.gallery import WRITTEN
from edgeface.api.options import EraseOptions
from edgeface.api.services import Services
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import ArchiveSummary
from edgeface.register import IdRegister
from edgeface.storage.failures import os_failure
from edgeface.types import Role

T = TypeVar("T")

PASSPHRASE_HEADER = "X-EdgeFace-Passphrase"  # noqa: S105 - a name, not a secret
MEDIA = "application/vnd.edgeface.archive"
_CHUNK = 256 * 1024
_FOLDER = "transfer"
_PASSPHRASE = ((PASSPHRASE_HEADER, "The archive's passphrase, UTF-8, percent-encoded."),)


def passphrase_of(request: web.Request) -> str:
    """The passphrase. It comes in a header, because addresses get logged and the body is the archive."""
    try:
        passphrase = unquote_to_bytes(request.headers.get(PASSPHRASE_HEADER, "")).decode("utf-8")
    except UnicodeDecodeError:
        passphrase = ""
    if not passphrase:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            f"{PASSPHRASE_HEADER}: must be the archive's passphrase, percent-encoded UTF-8.",
            parameter=PASSPHRASE_HEADER,
        )
    return passphrase


def _export(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        passphrase = passphrase_of(request)
        engine = services.engine
        loop = asyncio.get_running_loop()

        def write() -> IO[bytes]:
            with _named(services) as path:
                engine.gallery.export_archive(path, passphrase)
                return path.open("rb")  # the name goes, the open file stays

        file = await services.upkeep.run(lambda: _stored(write), Priority.BULK)
        with file:
            size = file.seek(0, 2)
            file.seek(0)
            response = web.StreamResponse()
            response.content_type = MEDIA
            response.content_length = size
            await response.prepare(request)
            while chunk := await loop.run_in_executor(None, file.read, _CHUNK):
                await response.write(chunk)
            await response.write_eof()
        return response

    return handle


def _import(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        passphrase = passphrase_of(request)
        engine = services.engine
        server = services.config.server
        if services.upkeep.running:
            raise EdgeFaceError(ErrorCode.BUSY, "Another archive is being written or read.")
        with ExitStack() as held:
            path = _stored(lambda: held.enter_context(_named(services)))
            try:
                with path.open("wb") as file:
                    await spool(request, file, most_bytes=server.max_archive_bytes, idle_s=server.body_timeout_s)
            except OSError as error:
                raise os_failure(error) from error
            upload = held.pop_all()

        def read() -> ArchiveSummary:
            with upload:  # the thread's own: a caller that hangs up must not remove the file under the import
                summary = engine.gallery.import_archive(path, passphrase)
                IdRegister(engine).adopt()
                return summary

        try:
            summary = await services.upkeep.run(read, Priority.BULK)
        except EdgeFaceError:
            upload.close()  # refused before the thread had it
            raise
        answer = ImportedAnswer(
            groups=summary.groups,
            users=summary.users,
            faces=summary.faces,
            faces_added=summary.faces_added,
            faces_skipped=summary.faces_skipped,
        )
        return web.Response(body=answer.as_json(), content_type="application/json")

    return handle


def _erase(engine: Engine, call: Submission[EraseOptions]) -> ErasedAllAnswer:  # noqa: ARG001 - confirm is parsed
    erasure = engine.erase()
    return ErasedAllAnswer(faces=erasure.faces, key_destroyed=erasure.key_destroyed)


def sweep(state_dir: Path) -> None:
    """Remove what a killed daemon left half-way. Only for the holder of the state directory's lock."""
    shutil.rmtree(state_dir / _FOLDER, ignore_errors=True)


@contextmanager
def _named(services: Services) -> Iterator[Path]:
    folder = services.config.state_dir / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / secrets.token_hex(8)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _stored(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise os_failure(error) from error


ARCHIVES = (
    Report(
        Endpoint(
            "POST",
            "/v1/gallery/export",
            "export_gallery",
            "The whole gallery as a sealed archive.",
            Role.ADMIN,
            None,
            media=MEDIA,
            headers=_PASSPHRASE,
            failures=(ErrorCode.INVALID_PARAMETER, *WRITTEN),
        ),
        _export,
    ),
    Report(
        Endpoint(
            "POST",
            "/v1/gallery/import",
            "import_gallery",
            "Add a sealed archive's groups, users and faces.",
            Role.ADMIN,
            ImportedAnswer,
            accepts=MEDIA,
            headers=_PASSPHRASE,
            failures=(
                ErrorCode.INVALID_PARAMETER,
                ErrorCode.ARCHIVE_INVALID,
                ErrorCode.CONTRACT_MISMATCH,
                *WRITTEN,
            ),
        ),
        _import,
    ),
)

CALLS = (
    Call(
        Endpoint(
            "POST",
            "/v1/gallery/erase",
            "erase_gallery",
            "Erase everything, the key first. There is no way back.",
            Role.ADMIN,
            ErasedAllAnswer,
            options=EraseOptions,
            failures=WRITTEN,
        ),
        Priority.BULK,
        _erase,
    ),
)
