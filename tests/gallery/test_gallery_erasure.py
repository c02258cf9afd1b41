"""Deletion erases: nothing of a deleted face stays in the files, in memory or in the index."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import DIMENSION, OpenGallery, Pick, bytes_on_disk, new_faces, refused, unit_vectors

from edgeface.config import IndexConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import erase
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.hnsw_index import HnswIndex


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def sealed_rows(state: Path) -> dict[str, bytes]:
    """Token -> sealed template, read beside the gallery."""
    database = sqlite3.connect(state / "gallery.db")
    rows = dict(database.execute("SELECT token, sealed FROM faces"))
    database.close()
    return rows


def matrix(gallery: Gallery, group: str) -> np.ndarray:
    index = gallery._ledger.index._groups[gallery._ledger.number(group)]
    return index._exact._vectors


@pytest.mark.parametrize("how", ["face", "user", "group", "replace"])
def test_deleted_rows_leave_the_disk_and_the_memory(
    open_gallery: OpenGallery, template: Pick, state: Path, how: str
) -> None:
    gallery = open_gallery()
    vectors = unit_vectors(120)
    gallery.add_faces(new_faces(vectors[:60], "staff", per_user=3))
    gallery.add_faces(new_faces(vectors[60:], "night", per_user=3))
    for user in range(20):
        gallery.set_user_info("staff", f"u{user}", f"name {user}")
    rows = sealed_rows(state)
    table = matrix(gallery, "staff")
    gone = {
        "face": ["t4"],
        "user": ["t3", "t4", "t5"],
        "group": [f"t{number}" for number in range(60)],
        "replace": ["t3", "t4", "t5"],
    }[how]
    # Rows of both groups share tokens t0 to t59 only by name; take this group's.
    database = sqlite3.connect(state / "gallery.db")
    rows = dict(
        database.execute(
            "SELECT faces.token, sealed FROM faces JOIN users ON users.id = user_id "
            "JOIN groups ON groups.id = group_id WHERE groups.name = 'staff'"
        )
    )
    database.close()
    before = bytes_on_disk(state)
    assert all(rows[token] in before for token in gone)
    if how == "face":
        gallery.delete_face("staff", "u1", "t4")
    elif how == "user":
        gallery.delete_user("staff", "u1")
    elif how == "group":
        gallery.delete_group("staff")
    else:
        gallery.add_face("staff", "u1", template(0), "new", replace=True, duplicate_similarity=0.98)
    after = bytes_on_disk(state)
    for token in gone:
        # Neither the row nor any sizeable piece of it.
        assert not any(rows[token][start : start + 24] in after for start in range(0, len(rows[token]) - 24, 24))
    assert all(rows[token] in after for token in set(rows) - set(gone))
    assert not gallery.stats().erasure_pending
    for token in gone:
        vector = vectors[int(token[1:])]
        assert not np.any(np.all(np.isclose(table, vector), axis=1))


def test_many_deletions_in_random_order_leave_nothing(open_gallery: OpenGallery, state: Path) -> None:
    """Pages are split, merged and moved while rows go: no copy may stay behind in a page's unused part."""
    gallery = open_gallery()
    rng = np.random.default_rng(5)
    gallery.add_faces(new_faces(unit_vectors(300), per_user=3))
    rows = sealed_rows(state)
    for user in rng.permutation(100)[:80]:
        gallery.delete_user("staff", f"u{user}")
    left = sealed_rows(state)
    assert len(left) == 60
    disk = bytes_on_disk(state)
    for token in set(rows) - set(left):
        assert rows[token][:40] not in disk
        assert rows[token][-40:] not in disk


def test_removed_vector_leaves_the_graph() -> None:
    """hnswlib's own deletion mark would keep it; the graph's image must not have it."""
    vectors = unit_vectors(300)
    index = HnswIndex(DIMENSION, IndexConfig(), 300)
    index.add(np.arange(300), vectors)
    assert image(index).count(vectors[17].tobytes()) == 1
    index.remove(np.array([17, 200]))
    after = image(index)
    assert vectors[17].tobytes() not in after
    assert vectors[200].tobytes() not in after
    assert all(vector.tobytes() in after for vector in vectors[18:200])
    assert 17 not in index.candidates(vectors[17], 100)
    index.add(np.array([17]), vectors[17:18])
    assert index.candidates(vectors[17], 1).tolist() == [17]


def image(index: HnswIndex) -> bytes:
    descriptor = os.memfd_create("image")
    try:
        index.save(descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read()
    finally:
        os.close(descriptor)


def test_deletion_removes_the_index_file_at_once(open_gallery: OpenGallery, state: Path) -> None:
    gallery = open_gallery(exact_up_to=100)
    gallery.add_faces(new_faces(unit_vectors(300)))
    gallery.settle()
    assert [path.suffix for path in (state / "index").iterdir()] == [".hnsw"]
    gallery.delete_user("staff", "u7")
    assert list((state / "index").iterdir()) == []
    graph = gallery._ledger.index._groups[1].mirror.index
    assert unit_vectors(300)[7].tobytes() not in image(graph)
    assert gallery.search(unit_vectors(300)[8], ["staff"], 1)[0].face_token == "t8"


def test_reader_in_the_way_delays_the_erasure_and_no_longer(open_gallery: OpenGallery, state: Path) -> None:
    gallery = open_gallery()
    gallery.add_faces(new_faces(unit_vectors(30)))
    rows = sealed_rows(state)
    store = gallery._ledger.store
    store._writer.execute("PRAGMA busy_timeout = 10")
    with store.reading() as connection:
        connection.execute("SELECT count(*) FROM faces").fetchone()
        gallery.delete_user("staff", "u7")
        assert gallery.stats().erasure_pending
        assert gallery.search(unit_vectors(30)[7], ["staff"], 1)[0].face_token != "t7"
    gallery.add_group("other")
    assert not gallery.stats().erasure_pending
    assert rows["t7"][:40] not in bytes_on_disk(state)


def test_erase_destroys_key_and_files_and_begins_anew(open_gallery: OpenGallery, template: Pick, state: Path) -> None:
    gallery = open_gallery(exact_up_to=100)
    gallery.add_faces(new_faces(unit_vectors(200)))
    gallery.settle()
    key, rows, subkey = (state / "gallery.key").read_bytes(), sealed_rows(state), gallery.subkey("x")
    erasure = gallery.erase()
    assert (erasure.faces, erasure.key_destroyed) == (200, True)
    disk = bytes_on_disk(state)
    assert key not in disk
    assert not any(row[:40] in disk for row in rows.values())
    assert gallery.stats().faces == 0
    assert gallery.groups(0, 10).items == ()
    assert gallery.subkey("x") != subkey
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    gallery.close()
    assert open_gallery().search(template(0), ["staff"], 1)[0].user_id == "ann"


def test_erase_says_when_the_key_is_kept_elsewhere(open_gallery: OpenGallery, state: Path) -> None:
    gallery = open_gallery(key=os.urandom(32))
    gallery.add_faces(new_faces(unit_vectors(20)))
    assert gallery.erase().key_destroyed is False
    assert gallery.stats().faces == 0


@pytest.mark.parametrize("step", range(6))
def test_erase_that_is_cut_off_is_finished_at_the_next_start(
    open_gallery: OpenGallery, state: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    gallery = open_gallery()
    gallery.add_faces(new_faces(unit_vectors(20)))
    rows = sealed_rows(state)
    calls = 0
    unlink = Path.unlink

    def cut(self: Path, missing_ok: bool = False) -> None:
        nonlocal calls
        calls += 1
        if calls > step:
            raise KeyboardInterrupt
        unlink(self, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", cut)
        with contextlib.suppress(KeyboardInterrupt):
            gallery.erase()
    gallery.close()
    again = open_gallery()
    assert again.stats().faces == 0
    assert not erase.is_unfinished(state)
    assert not any(row[:40] in bytes_on_disk(state) for row in rows.values())


def test_calls_during_an_erase_get_a_documented_error(open_gallery: OpenGallery, monkeypatch) -> None:
    gallery = open_gallery()
    gallery.add_faces(new_faces(unit_vectors(20)))
    codes = []
    finish = gallery._home.erase

    def during() -> bool:
        for call in (gallery.stats, lambda: gallery.search(unit_vectors(1)[0], ["staff"], 1)):
            try:
                call()
            except EdgeFaceError as error:
                codes.append(error.code)
        return finish()

    monkeypatch.setattr(gallery._home, "erase", during)
    gallery.erase()
    assert codes == [ErrorCode.SHUTTING_DOWN] * 2
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.users("staff", 0, 1)
