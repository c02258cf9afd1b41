"""Opening: the key, the lock, and every kind of gallery that must be refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from gallery_samples import CONTRACT, OpenGallery, Pick, refused

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import schema
from edgeface.similarity import TemplateSpace


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def closed(open_gallery: OpenGallery, template: Pick, state: Path) -> Path:
    """A closed gallery with one face."""
    gallery = open_gallery()
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    gallery.close()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_gallery_is_private(open_gallery: OpenGallery, state: Path) -> None:
    old = os.umask(0)
    try:
        open_gallery().add_group("staff")
        assert mode(state) == 0o700
        assert {mode(path) for path in state.iterdir()} == {0o600}
        assert {"gallery.db", "gallery.db-wal", "gallery.key"} <= {path.name for path in state.iterdir()}
    finally:
        os.umask(old)


def test_second_process_is_refused(open_gallery: OpenGallery, state: Path) -> None:
    open_gallery()
    code = (
        "import sys; from pathlib import Path\n"
        "from edgeface.config import GalleryConfig\n"
        "from edgeface.errors import EdgeFaceError\n"
        "from edgeface.gallery.gallery import Gallery\n"
        "from edgeface.similarity import TemplateSpace\n"
        "try: Gallery.open(Path(sys.argv[1]), contract_id='c', space=TemplateSpace(64), config=GalleryConfig())\n"
        "except EdgeFaceError as error: print(error.code.code, error.detail)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(state)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert answer.stdout.split()[0] == "gallery_locked"
    assert str(os.getpid()) in answer.stdout
    with refused(ErrorCode.GALLERY_LOCKED):
        open_gallery()


def test_lock_is_free_after_close_and_after_a_refusal(open_gallery: OpenGallery, closed: Path) -> None:
    with refused(ErrorCode.CONTRACT_MISMATCH):
        open_gallery(contract_id="another")
    open_gallery().close()
    open_gallery()


def test_other_contract_is_refused(open_gallery: OpenGallery, closed: Path) -> None:
    with refused(ErrorCode.CONTRACT_MISMATCH) as error:
        open_gallery(contract_id="another")
    assert error.value.context == {"found": CONTRACT, "expected": "another"}
    with refused(ErrorCode.CONTRACT_MISMATCH):
        open_gallery(space=TemplateSpace(128))


def test_newer_gallery_is_refused_unchanged(open_gallery: OpenGallery, closed: Path) -> None:
    with sqlite3.connect(closed / "gallery.db") as database:
        database.execute(f"PRAGMA user_version = {schema.SCHEMA.version + 1}")
    database.close()
    before = (closed / "gallery.db").read_bytes()
    with refused(ErrorCode.GALLERY_VERSION):
        open_gallery()
    assert (closed / "gallery.db").read_bytes() == before


def test_older_gallery_is_migrated_or_left_alone(
    open_gallery: OpenGallery, template: Pick, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (*schema.SCHEMA.migrations, ("ALTER TABLE users ADD COLUMN note TEXT", "CREATE TABLE broken (id"))
    newer = replace(schema.SCHEMA, migrations=steps)
    monkeypatch.setattr(schema, "SCHEMA", newer)
    with pytest.raises(EdgeFaceError):
        open_gallery()
    monkeypatch.setattr(schema, "SCHEMA", replace(newer, migrations=(*steps[:-1], steps[-1][:1])))
    gallery = open_gallery()  # the failed attempt left no column behind
    assert gallery.search(template(0), ["staff"], 1)[0].user_id == "ann"
    with gallery._ledger.store.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)
        assert connection.execute("SELECT note FROM users").fetchall() == [(None,)]


@pytest.mark.parametrize(
    "key", [b"", b"short", os.urandom(32), os.urandom(33)], ids=["empty", "short", "other", "33"]
)
def test_wrong_key_is_refused(open_gallery: OpenGallery, closed: Path, key: bytes) -> None:
    (closed / "gallery.key").write_bytes(key)
    with refused(ErrorCode.GALLERY_KEY):
        open_gallery()
    with refused(ErrorCode.GALLERY_KEY):
        open_gallery(key=key)


def test_missing_key_is_refused_and_not_made(open_gallery: OpenGallery, closed: Path) -> None:
    (closed / "gallery.key").unlink()
    with refused(ErrorCode.GALLERY_KEY):
        open_gallery()
    assert not (closed / "gallery.key").exists()


def test_key_that_others_can_read_is_refused(open_gallery: OpenGallery, closed: Path) -> None:
    (closed / "gallery.key").chmod(0o604)
    with refused(ErrorCode.GALLERY_KEY) as error:
        open_gallery()
    assert "chmod 600" in error.value.message


def test_key_file_credential_and_given_key(open_gallery: OpenGallery, template: Pick, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    key = os.urandom(32)
    (credentials / "edgeface.key").write_bytes(key)
    (credentials / "edgeface.key").chmod(0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
    first = open_gallery(tmp_path / "a", environ=environ)
    first.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    first.close()
    assert not (tmp_path / "a" / "gallery.key").exists()
    assert open_gallery(tmp_path / "a", key=key).stats().faces == 1
    # The configured file goes before the credential, and is made where it is missing.
    chosen = tmp_path / "keys" / "own.key"
    open_gallery(tmp_path / "b", key_file=chosen, environ=environ).add_group("staff")
    assert len(chosen.read_bytes()) == 32
    assert mode(chosen) == 0o600


def test_garbage_database_is_refused(open_gallery: OpenGallery, closed: Path) -> None:
    (closed / "gallery.db").write_bytes(os.urandom(50_000))
    with refused(ErrorCode.GALLERY_CORRUPT):
        open_gallery()


def test_foreign_database_is_refused(open_gallery: OpenGallery, closed: Path) -> None:
    (closed / "gallery.db").unlink()
    with sqlite3.connect(closed / "gallery.db") as database:
        database.execute("CREATE TABLE notes (text TEXT)")
    database.close()
    with refused(ErrorCode.GALLERY_CORRUPT):
        open_gallery()


def test_torn_pages_are_noticed(open_gallery: OpenGallery, closed: Path) -> None:
    data = bytearray((closed / "gallery.db").read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 4096] = os.urandom(4096)
    (closed / "gallery.db").write_bytes(data)
    with refused(ErrorCode.GALLERY_CORRUPT):
        open_gallery()


def test_row_that_was_tampered_with_is_never_matched(open_gallery: OpenGallery, template: Pick, state: Path) -> None:
    gallery = open_gallery()
    for number, user in enumerate(["ann", "bob"]):
        gallery.add_face("staff", user, template(number), f"t{number}", duplicate_similarity=0.98)
    gallery.close()
    with sqlite3.connect(state / "gallery.db") as database:  # bob's template under ann's token
        database.execute("UPDATE faces SET sealed = (SELECT sealed FROM faces WHERE token = 't1') WHERE token = 't0'")
    database.close()
    gallery = open_gallery()
    assert gallery.stats().damaged_faces == 1
    assert [hit.user_id for hit in gallery.search(template(1), ["staff"], 5)] == ["bob"]
    with refused(ErrorCode.GALLERY_CORRUPT):
        gallery.template(gallery.faces("staff", "ann")[0].face_id)
    gallery.delete_face("staff", "ann", "t0")
    assert gallery.stats().damaged_faces == 0
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    assert gallery.search(template(0), ["staff"], 1)[0].user_id == "ann"


def test_state_dir_that_is_a_file(open_gallery: OpenGallery, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with refused(ErrorCode.STORAGE_READ_ONLY):
        open_gallery(tmp_path / "file")


def test_closed_gallery_says_so(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery()
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    gallery.close()
    gallery.close()
    with refused(ErrorCode.SHUTTING_DOWN):  # and not "nobody was found"
        gallery.search(template(0), ["staff"], 1)
    with refused(ErrorCode.SHUTTING_DOWN):
        gallery.add_group("staff")
    with refused(ErrorCode.SHUTTING_DOWN):
        gallery.stats()
