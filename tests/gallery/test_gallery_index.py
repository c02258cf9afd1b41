"""The large groups' index: states, failures, the saved file, the audit."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import OpenGallery, Pick, bytes_on_disk, new_faces, unit_vectors

from edgeface.gallery import graph_keeper, hnsw_index
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import IndexState, NewFace


def state_of(gallery: Gallery) -> IndexState:
    (index,) = gallery.stats().indexes
    return index.state


def large(open_gallery: OpenGallery, **more) -> Gallery:
    """A gallery with one group that has an HNSW index."""
    gallery = open_gallery(exact_up_to=100, **more)
    gallery.add_faces(new_faces(unit_vectors(400)))
    assert gallery.settle()
    assert state_of(gallery) is IndexState.READY
    return gallery


def all_are_found(gallery: Gallery, vectors: np.ndarray) -> bool:
    return all(gallery.search(v, ["staff"], 1)[0].face_token == f"t{i}" for i, v in enumerate(vectors))


def test_exact_scan_answers_while_the_index_is_built(open_gallery: OpenGallery, monkeypatch) -> None:
    started, go_on = threading.Event(), threading.Event()
    build = hnsw_index.HnswIndex.add

    def slow(self, slots, vectors):
        started.set()
        assert go_on.wait(20)
        build(self, slots, vectors)

    monkeypatch.setattr(hnsw_index.HnswIndex, "add", slow)
    gallery = open_gallery(exact_up_to=100)
    vectors = unit_vectors(400)
    gallery.add_faces(new_faces(vectors[:390]))
    assert started.wait(20)
    assert state_of(gallery) is IndexState.BUILDING
    # Changes during the build are answered at once, and are in the index when it is ready.
    gallery.add_faces(new_faces(vectors)[390:])
    gallery.delete_user("staff", "u0")
    assert gallery.search(vectors[395], ["staff"], 1)[0].face_token == "t395"
    assert gallery.search(vectors[0], ["staff"], 1)[0].face_token != "t0"
    assert gallery.stats().hnsw_searches == 0
    go_on.set()
    assert gallery.settle()
    assert state_of(gallery) is IndexState.READY
    assert gallery.search(vectors[395], ["staff"], 1)[0].face_token == "t395"
    assert gallery.search(vectors[0], ["staff"], 1)[0].face_token != "t0"
    assert gallery.stats().hnsw_searches == 2


def test_change_that_the_index_refuses_is_kept_and_searched(open_gallery: OpenGallery, template: Pick, monkeypatch):
    gallery = large(open_gallery)
    hold = threading.Event()
    build = graph_keeper.GraphKeeper.build

    def broken(self, slots, vectors):
        raise RuntimeError("native failure")

    with monkeypatch.context() as patch:
        patch.setattr(hnsw_index.HnswIndex, "add", broken)
        patch.setattr(graph_keeper.GraphKeeper, "build", lambda self, index: hold.wait(20) and build(self, index))
        gallery.add_face("staff", "new", template(0), "fresh", duplicate_similarity=0.98)
        assert state_of(gallery) is IndexState.DIRTY
        assert gallery.search(template(0), ["staff"], 1)[0].face_token == "fresh"
    hold.set()
    assert gallery.settle()
    assert state_of(gallery) is IndexState.READY
    searches = gallery.stats().hnsw_searches
    assert gallery.search(template(0), ["staff"], 1)[0].face_token == "fresh"
    assert gallery.stats().hnsw_searches == searches + 1


def test_index_that_never_builds_leaves_the_exact_scan(open_gallery: OpenGallery, monkeypatch) -> None:
    def broken(self, slots, vectors):
        raise MemoryError("no room")

    monkeypatch.setattr(hnsw_index.HnswIndex, "add", broken)
    monkeypatch.setattr("edgeface.gallery.index_manager._RETRY_S", 0.0)
    gallery = open_gallery(exact_up_to=100)
    vectors = unit_vectors(200)
    gallery.add_faces(new_faces(vectors))
    assert gallery.settle()
    assert state_of(gallery) is IndexState.FAILED
    assert "no room" in gallery.stats().indexes[0].detail
    assert all_are_found(gallery, vectors[:20])


def test_matrix_that_fails_is_loaded_again(open_gallery: OpenGallery, template: Pick, monkeypatch) -> None:
    gallery = open_gallery()
    vectors = unit_vectors(50)
    gallery.add_faces(new_faces(vectors))
    with monkeypatch.context() as patch:
        patch.setattr("edgeface.gallery.exact_index.ExactIndex.add", lambda *_: (_ for _ in ()).throw(MemoryError))
        gallery.add_face("staff", "new", template(0), "fresh", duplicate_similarity=0.98)
    assert gallery.search(template(0), ["staff"], 1)[0].face_token == "fresh"
    assert all_are_found(gallery, vectors)


def test_group_that_shrinks_goes_back_to_the_exact_scan(open_gallery: OpenGallery, tmp_path: Path) -> None:
    gallery = large(open_gallery)
    for number in range(310):
        gallery.delete_user("staff", f"u{number}")
    assert gallery.settle()
    assert len(gallery.stats().indexes) == 1  # above 80 faces it stays: no to and fro at the border
    for number in range(310, 330):
        gallery.delete_user("staff", f"u{number}")
    assert gallery.stats().indexes == ()
    assert gallery.search(unit_vectors(400)[350], ["staff"], 1)[0].face_token == "t350"
    assert not list((tmp_path / "state" / "index").iterdir())


def test_saved_index_is_used_and_completed(open_gallery: OpenGallery, template: Pick, tmp_path: Path, monkeypatch):
    gallery = large(open_gallery)
    index_file = next((tmp_path / "state" / "index").iterdir())
    saved = index_file.read_bytes()
    # Few changes: the file is left as it is, and completed when it is loaded.
    gallery.add_face("staff", "new", template(0), "fresh", duplicate_similarity=0.98)
    gallery.close()
    assert index_file.read_bytes() == saved
    added: list[int] = []
    add = hnsw_index.HnswIndex.add
    monkeypatch.setattr(
        hnsw_index.HnswIndex, "add", lambda self, slots, v: (added.append(len(slots)), add(self, slots, v))
    )
    again = open_gallery(exact_up_to=100)
    assert again.settle()
    assert sum(added) == 1
    assert all_are_found(again, unit_vectors(400))
    assert again.search(template(0), ["staff"], 1)[0].face_token == "fresh"
    assert again.stats().hnsw_searches == 401


def test_index_with_removed_faces_survives_a_restart(open_gallery: OpenGallery, template: Pick, monkeypatch) -> None:
    gallery = large(open_gallery)
    vectors = unit_vectors(400)
    for number in range(30):
        gallery.delete_user("staff", f"u{number}")
    gallery.add_face("staff", "new", template(0), "fresh", duplicate_similarity=0.98)
    gallery.close()
    again = open_gallery(exact_up_to=100)
    assert again.settle()
    again.add_face("staff", "new", template(1), "fresh1", duplicate_similarity=0.98)
    for number in range(30, 400):
        assert again.search(vectors[number], ["staff"], 1)[0].face_token == f"t{number}"
    for number in range(30):
        assert again.search(vectors[number], ["staff"], 1)[0].similarity < 0.9
    assert again.search(template(1), ["staff"], 1)[0].face_token == "fresh1"
    assert state_of(again) is IndexState.READY


def watch_loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gets an entry whenever a file reaches hnswlib's loader."""
    loads: list[int] = []
    load = hnsw_index.HnswIndex.load.__func__

    def watched(cls, dimension, config, capacity, descriptor, notes):
        loads.append(descriptor)
        return load(cls, dimension, config, capacity, descriptor, notes)

    monkeypatch.setattr(hnsw_index.HnswIndex, "load", classmethod(watched))
    return loads


def damage(kind: str, file: Path) -> None:
    data = bytearray(file.read_bytes())
    if kind == "flipped":
        data[len(data) // 2] ^= 1
    elif kind == "header":
        data[40] ^= 1
    elif kind == "cut":
        del data[-1000:]
    elif kind == "longer":
        data += b"\0"
    elif kind == "empty":
        data.clear()
    elif kind == "native":  # what hnswlib itself would read
        index = hnsw_index.hnswlib.Index("ip", 64)
        index.init_index(10)
        index.add_items(unit_vectors(10))
        index.save_index(str(file))
        return
    elif kind == "missing":
        file.unlink()
        return
    file.write_bytes(data)


@pytest.mark.parametrize("kind", ["flipped", "header", "cut", "longer", "empty", "native", "missing"])
def test_damaged_index_file_never_reaches_the_native_loader(
    open_gallery: OpenGallery, tmp_path: Path, monkeypatch, kind: str
) -> None:
    large(open_gallery).close()
    damage(kind, next((tmp_path / "state" / "index").iterdir()))

    loads = watch_loads(monkeypatch)
    gallery = open_gallery(exact_up_to=100)
    vectors = unit_vectors(400)
    assert all_are_found(gallery, vectors[:5])  # before the rebuild is done
    assert gallery.settle()
    assert loads == []
    assert state_of(gallery) is IndexState.READY
    assert all_are_found(gallery, vectors[:50])


@pytest.mark.parametrize("changed_since", [False, True])
def test_index_file_of_a_discarded_future_is_not_used(
    open_gallery: OpenGallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed_since: bool
) -> None:
    """An older copy of the database is put back beside a newer index file."""
    state = tmp_path / "state"
    gallery = open_gallery(exact_up_to=100)
    vectors = unit_vectors(400)
    gallery.add_faces(new_faces(vectors[:200]))
    gallery.settle()
    gallery.close()
    old = (state / "gallery.db").read_bytes()
    gallery = open_gallery(exact_up_to=100)
    gallery.add_faces(new_faces(vectors)[200:])
    gallery.settle()
    gallery.close()
    index_file = next((state / "index").iterdir())
    future = index_file.read_bytes()
    (state / "gallery.db").write_bytes(old)
    if changed_since:  # the revision alone would not tell the two histories apart
        gallery = open_gallery()
        for number, vector in enumerate(unit_vectors(5, seed=9)):
            gallery.add_faces([NewFace("staff", "x", f"x{number}", vector)])
        gallery.close()
        index_file.write_bytes(future)
    loads = watch_loads(monkeypatch)
    again = open_gallery(exact_up_to=100)
    assert again.settle()
    assert loads == []
    assert state_of(again) is IndexState.READY
    assert all_are_found(again, vectors[:200])


def test_intact_index_file_is_loaded(open_gallery: OpenGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    large(open_gallery).close()
    loads = watch_loads(monkeypatch)
    again = open_gallery(exact_up_to=100)
    assert again.settle()
    assert len(loads) == 1
    assert all_are_found(again, unit_vectors(400)[:50])
    assert again.stats().hnsw_searches == 50


def test_no_template_stands_on_the_disk_in_the_clear(open_gallery: OpenGallery, tmp_path: Path) -> None:
    gallery = large(open_gallery)
    gallery.set_user_info("staff", "u3", "a secret name")
    gallery.close()
    disk = bytes_on_disk(tmp_path / "state")
    assert len(disk) > 400 * 64 * 4
    for vector in unit_vectors(400):
        assert vector.tobytes()[:32] not in disk
    assert b"a secret name" not in disk


def test_audit_reports_recall(open_gallery: OpenGallery) -> None:
    gallery = large(open_gallery, audit_every=2)
    for vector in unit_vectors(40, seed=4):
        gallery.search(vector, ["staff"], 5)
        assert gallery.settle()
    stats = gallery.stats()
    assert stats.hnsw_searches == 40
    assert (stats.audits, stats.audit_recall_at_1) == (20, 1.0)
    assert stats.indexes[0].recall_at_top == 1.0


def test_index_that_misses_too_much_is_made_anew(open_gallery: OpenGallery, monkeypatch) -> None:
    gallery = large(open_gallery, audit_every=1)
    monkeypatch.setattr("edgeface.gallery.index_manager._LEAST_AUDITS", 5)
    vectors = unit_vectors(400)
    good = hnsw_index.HnswIndex.candidates
    monkeypatch.setattr(hnsw_index.HnswIndex, "candidates", lambda self, v, count: good(self, -v, count))
    for vector in vectors[:5]:
        assert gallery.search(vector, ["staff"], 1)[0].similarity < 0.9
        gallery.settle()
    monkeypatch.setattr(hnsw_index.HnswIndex, "candidates", good)
    assert gallery.settle()
    assert gallery.stats().audit_recall_at_1 == 0.0
    assert gallery.stats().indexes[0].audits == 0  # a new index, a new tally
    assert all_are_found(gallery, vectors[:50])
