"""Storage that is full or cannot be written."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gallery_samples import OpenGallery, Pick, new_faces, refused, unit_vectors

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.storage_errors import sqlite_failure
from edgeface.storage.failures import os_failure


def mount(*arguments: str) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("batch", [1, 7])
def test_full_disk_refuses_the_change_and_nothing_else(
    open_gallery: OpenGallery, small_disk: Path, batch: int
) -> None:
    gallery = open_gallery(small_disk / "state")
    faces = new_faces(unit_vectors(8000))
    kept = 0
    progress = True
    while progress:  # a refusal is worth a retry as long as one more change finds room afterwards
        progress = False
        with refused(ErrorCode.STORAGE_FULL):
            while kept < len(faces):
                gallery.add_faces(faces[kept : kept + batch])
                kept += batch
                progress = True
    assert 1000 < kept < len(faces)
    assert gallery.stats().faces == kept
    for number in (0, kept // 2, kept - 1):
        assert gallery.search(faces[number].vector, ["staff"], 1)[0].face_token == f"t{number}"
    assert gallery.search(faces[kept].vector, ["staff"], 1)[0].similarity < 0.99
    with refused(ErrorCode.STORAGE_FULL):
        gallery.add_faces(faces[kept:])
    gallery.close()
    again = open_gallery(small_disk / "state")
    assert again.stats().faces == kept
    assert again.users("staff", 0, 1000).total == kept


def test_full_disk_that_gets_space_again(open_gallery: OpenGallery, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3_800_000))
    gallery = open_gallery(small_disk / "state")
    faces = new_faces(unit_vectors(2000))
    with refused(ErrorCode.STORAGE_FULL):
        gallery.add_faces(faces)
    assert gallery.stats().groups == 0
    ballast.unlink()
    gallery.add_faces(faces[:100])
    assert gallery.search(faces[99].vector, ["staff"], 1)[0].face_token == "t99"


def test_disk_too_full_to_begin(open_gallery: OpenGallery, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(4 * 1024 * 1024 - 3 * 4096))
    with refused(ErrorCode.STORAGE_FULL):
        open_gallery(small_disk / "state")


_LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from gallery_samples import new_faces, unit_vectors
from edgeface.config import GalleryConfig
from edgeface.errors import EdgeFaceError
from edgeface.gallery.gallery import Gallery
from edgeface.similarity import TemplateSpace
gallery = Gallery.open(Path(sys.argv[1]), contract_id="c", space=TemplateSpace(64), config=GalleryConfig())
faces = new_faces(unit_vectors(3000))
gallery.add_faces(faces[:10])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    gallery.add_faces(faces[10:])
except EdgeFaceError as error:
    print(error.code.code)
print(gallery.stats().faces, gallery.search(faces[3].vector, ["staff"], 1)[0].face_token)
"""


def test_file_size_limit_loses_nothing(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "state"), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert answer.stdout.split() == ["storage_read_only", "10", "t3"], answer.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.fixture
def read_only(open_gallery: OpenGallery, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A gallery with faces on a file system that is then mounted read-only; ``param``: closed before, or not."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place))
    gallery = open_gallery(place / "state")
    gallery.add_faces(new_faces(unit_vectors(20)))
    if request.param == "closed":
        gallery.close()
    else:  # as a crash would leave it: the log still holds everything
        shutil.copytree(place / "state", place / "copy")
        gallery.close()
        shutil.rmtree(place / "state")
        (place / "copy").rename(place / "state")
        assert (place / "state" / "gallery.db-wal").stat().st_size
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    yield place / "state"
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("read_only", ["closed", "crashed"], indirect=True)
def test_read_only_storage(open_gallery: OpenGallery, template: Pick, read_only: Path) -> None:
    with refused(ErrorCode.STORAGE_READ_ONLY):
        open_gallery(read_only)
    gallery = open_gallery(read_only, read_only_ok=True)
    assert gallery.stats().read_only
    assert gallery.stats().faces == 20
    assert gallery.search(unit_vectors(20)[7], ["staff"], 1)[0].face_token == "t7"
    for change in (
        lambda: gallery.add_group("other"),
        lambda: gallery.delete_group("staff"),
        lambda: gallery.add_face("staff", "u0", template(0), "new", duplicate_similarity=0.98),
        gallery.erase,
    ):
        with refused(ErrorCode.STORAGE_READ_ONLY):
            change()
    assert gallery.search(unit_vectors(20)[7], ["staff"], 1)[0].face_token == "t7"
    with refused(ErrorCode.STORAGE_READ_ONLY):
        open_gallery(read_only.parent / "elsewhere", read_only_ok=True)


def test_storage_that_becomes_read_only_while_running(open_gallery: OpenGallery, tmp_path: Path) -> None:
    """As after an I/O error: the kernel turns the file system read-only under a running daemon."""
    gallery = open_gallery()
    gallery.add_faces(new_faces(unit_vectors(20)))
    gallery._ledger.store._writer.execute("PRAGMA query_only = ON")
    with refused(ErrorCode.STORAGE_READ_ONLY):
        gallery.delete_user("staff", "u7")
    assert gallery.search(unit_vectors(20)[7], ["staff"], 1)[0].face_token == "t7"
    gallery._ledger.store._writer.execute("PRAGMA query_only = OFF")
    assert gallery.delete_user("staff", "u7") == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database or disk is full", ErrorCode.STORAGE_FULL),
        ("attempt to write a readonly database", ErrorCode.STORAGE_READ_ONLY),
        ("unable to open database file", ErrorCode.STORAGE_READ_ONLY),
        ("database disk image is malformed", ErrorCode.GALLERY_CORRUPT),
        ("file is not a database", ErrorCode.GALLERY_CORRUPT),
        ("database is locked", ErrorCode.GALLERY_LOCKED),
        ("disk I/O error", ErrorCode.STORAGE_READ_ONLY),
        ("no such table: x", ErrorCode.INTERNAL),
    ],
)
def test_sqlite_errors_have_their_entry(tmp_path: Path, text: str, code: ErrorCode) -> None:
    assert sqlite_failure(sqlite3.OperationalError(text), tmp_path).code is code


def test_os_errors_have_their_entry() -> None:
    codes = {28: ErrorCode.STORAGE_FULL, 122: ErrorCode.STORAGE_FULL, 30: ErrorCode.STORAGE_READ_ONLY}
    for number, code in {**codes, 13: ErrorCode.STORAGE_READ_ONLY, 5: ErrorCode.STORAGE_READ_ONLY}.items():
        error = os_failure(OSError(number, os.strerror(number)))
        assert isinstance(error, EdgeFaceError)
        assert error.code is code
