"""Searches: the exact scan against plain numpy, and the large groups' index against the exact scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gallery_samples import (
    CONTRACT,
    COSINES,
    LESS_OFFSETS,
    OpenGallery,
    Pick,
    new_faces,
    refused,
    unit_vectors,
)

from edgeface.errors import ErrorCode
from edgeface.gallery.exact_index import ExactIndex
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.hnsw_index import HnswIndex
from edgeface.gallery.records import IndexState, NewFace
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray, Template

Model = dict[tuple[str, str, str], FloatArray]
"""(group, user, token) -> vector: what the gallery should hold."""


def expected(
    model: Model, probe: FloatArray, groups: list[str], top: int, space: TemplateSpace = COSINES
) -> list[tuple[str, str, str]]:
    """The best face per (group, user), by plain float64 arithmetic."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for (group, user, token), vector in model.items():
        similarity = float(vector.astype(np.float64) @ probe.astype(np.float64))
        if space.offsets is not None:
            similarity -= float(space.offsets(vector[None])[0])
        if group in groups and similarity > best.get((group, user), (-2.0, ""))[0]:
            best[group, user] = (similarity, token)
    ranked = sorted(best.items(), key=lambda item: -item[1][0])[:top]
    return [(group, user, token) for (group, user), (_, token) in ranked]


def found(gallery: Gallery, probe: FloatArray, groups: list[str], top: int) -> list[tuple[str, str, str]]:
    return [(hit.group_id, hit.user_id, hit.face_token) for hit in gallery.search(probe, groups, top)]


def check(gallery: Gallery, model: Model, seed: int, space: TemplateSpace, count: int = 12) -> None:
    rng = np.random.default_rng(seed)
    held = list(model.values())
    for probe in unit_vectors(count, seed):
        near = held[rng.integers(len(held))] + 0.3 * probe
        near = (near / np.linalg.norm(near)).astype(np.float32)
        for query in (probe, near):
            for groups, top in ((["a"], 1), (["a"], 7), (["a", "b"], 5), (["b"], 50)):
                assert found(gallery, query, groups, top) == expected(model, query, groups, top, space)


@pytest.mark.parametrize("exact_up_to", [20000, 100], ids=["exact scan", "hnsw"])
@pytest.mark.parametrize("space", [COSINES, LESS_OFFSETS], ids=["cosines", "less offsets"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_answers_stay_right_through_random_changes(
    open_gallery: OpenGallery, exact_up_to: int, seed: int, space: TemplateSpace
) -> None:
    """Both index kinds give the plain answer after enrolling, replacing and deleting in random order."""
    rng = np.random.default_rng(seed)
    pool = iter(unit_vectors(2000, seed + 100))
    model: Model = {}
    gallery = open_gallery(exact_up_to=exact_up_to, space=space)
    faces = [NewFace(f"{'ab'[i % 5 == 0]}", f"u{i // 3}", f"s{i}", next(pool)) for i in range(600)]
    gallery.add_faces(faces)
    model.update({(face.group_id, face.user_id, face.face_token): face.vector for face in faces})
    assert gallery.settle()
    check(gallery, model, seed, space)
    for step in range(60):
        group, user = "ab"[int(rng.integers(2))], f"u{rng.integers(200)}"
        own = [key for key in model if key[:2] == (group, user)]
        action = rng.integers(4)
        if action == 0 and own:
            gallery.delete_face(*own[0])
            del model[own[0]]
        elif action == 1 and own:
            gallery.delete_user(group, user)
            for key in own:
                del model[key]
        else:
            vector = next(pool)
            replace = bool(action == 2)
            template = Template(vector, CONTRACT)
            gallery.add_face(group, user, template, f"n{step}", replace=replace, duplicate_similarity=0.999)
            if replace:
                for key in own:
                    del model[key]
            model[group, user, f"n{step}"] = vector
    assert gallery.settle()
    check(gallery, model, seed + 1, space)
    stats = gallery.stats()
    assert stats.faces == len(model)
    if exact_up_to == 100:
        assert stats.hnsw_searches > 0
        assert {index.state for index in stats.indexes} == {IndexState.READY}
    else:
        assert stats.hnsw_searches == 0


def test_user_with_many_similar_faces_does_not_hide_the_others(open_gallery: OpenGallery) -> None:
    """The index must look further when the nearest faces all belong to few users."""
    crowd = unit_vectors(300, 5)
    probe = unit_vectors(1, 6)[0]
    close = probe + 0.1 * unit_vectors(100, 7)
    close /= np.linalg.norm(close, axis=1, keepdims=True)
    gallery = open_gallery(exact_up_to=50, limits={"max_faces_per_user": 100})
    gallery.add_faces(new_faces(crowd))
    gallery.add_faces([NewFace("staff", "twin", f"c{i}", vector) for i, vector in enumerate(close)])
    assert gallery.settle()
    hits = gallery.search(probe, ["staff"], 10)
    order = np.argsort(-(crowd @ probe))[:9]
    assert [hit.user_id for hit in hits] == ["twin", *(f"u{i}" for i in order)]
    assert gallery.stats().hnsw_searches > 0


@pytest.mark.parametrize("exact_up_to", [20000, 100], ids=["exact scan", "hnsw"])
def test_similarities_are_less_both_offsets_and_the_same_after_a_restart(
    open_gallery: OpenGallery, exact_up_to: int
) -> None:
    vectors, probe = unit_vectors(400), unit_vectors(1, 6)[0]
    gallery = open_gallery(exact_up_to=exact_up_to, space=LESS_OFFSETS)
    gallery.add_faces(new_faces(vectors))
    assert gallery.settle()
    before = gallery.search(probe, ["staff"], 20)
    for hit in before:
        enrolled = vectors[int(hit.user_id[1:])]
        true = float(enrolled @ probe) - (abs(enrolled[0]) - 0.1) - (abs(probe[0]) - 0.1)
        assert hit.similarity == pytest.approx(true, abs=1e-5)
    gallery.close()
    again = open_gallery(exact_up_to=exact_up_to, space=LESS_OFFSETS)
    assert again.settle()
    assert again.search(probe, ["staff"], 20) == before


def test_almost_identical_faces_are_told_by_their_cosine(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery(space=LESS_OFFSETS)
    near = template(0).vector + 0.05 * template(1).vector
    again = Template((near / np.linalg.norm(near)).astype(np.float32), CONTRACT)
    gallery.add_face("staff", "ann", template(0), "t0", duplicate_similarity=0.98)
    with refused(ErrorCode.FACE_NEARLY_IDENTICAL):
        gallery.add_face("staff", "ann", again, "t1", duplicate_similarity=0.98)


def test_another_space_does_not_use_the_old_index_file(
    open_gallery: OpenGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = open_gallery(exact_up_to=100, space=LESS_OFFSETS)
    gallery.add_faces(new_faces(unit_vectors(400)))
    assert gallery.settle()
    gallery.close()
    added: list[int] = []
    add = HnswIndex.add
    monkeypatch.setattr(HnswIndex, "add", lambda self, slots, v: (added.append(len(slots)), add(self, slots, v)))
    for space, built in ((LESS_OFFSETS, 0), (replace(LESS_OFFSETS, name="other"), 400), (COSINES, 400)):
        added.clear()
        gallery = open_gallery(exact_up_to=100, space=space)
        assert gallery.settle()
        assert sum(added) == built
        gallery.close()


def test_search_within_one_user(gallery: Gallery, template: Pick) -> None:
    for number, user in enumerate(["ann", "ann", "bob"]):
        gallery.add_face("staff", user, template(number), f"t{number}", duplicate_similarity=0.98)
    gallery.add_face("night", "ann", template(3), "t3", duplicate_similarity=0.98)
    hits = gallery.search(template(2), ["staff", "night"], 5, user_id="ann")
    assert {(hit.group_id, hit.user_id) for hit in hits} == {("staff", "ann"), ("night", "ann")}
    assert gallery.search(template(1), ["staff"], 5, user_id="ann")[0].face_token == "t1"
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.search(template(0), ["night"], 1, user_id="bob")
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.search(template(0), ["staff", "day"], 1)


def test_empty_group_answers_nothing(gallery: Gallery, template: Pick) -> None:
    gallery.add_group("staff")
    assert gallery.search(template(0), ["staff"], 5) == ()


def test_equal_faces_come_in_the_order_of_enrolment(gallery: Gallery, template: Pick) -> None:
    for number in range(5):
        gallery.add_face("staff", f"u{number}", template(0), "t", duplicate_similarity=0.98)
    hits = gallery.search(template(0), ["staff"], 5)
    assert [hit.user_id for hit in hits] == [f"u{number}" for number in range(5)]
    assert len({hit.similarity for hit in hits}) == 1


@pytest.mark.parametrize("rows", [1, 63, 64, 200, 1000, 9001])
@pytest.mark.parametrize("count", [1, 5, 32, 400])
def test_exact_candidates_hold_the_best(rows: int, count: int) -> None:
    vectors, probe = unit_vectors(rows, rows), unit_vectors(1, 3)[0]
    index = ExactIndex(vectors)
    best = set(np.argsort(-(vectors @ probe))[:count].tolist())
    candidates = index.candidates(probe, count)
    assert best <= set(candidates.tolist())
    assert len(candidates) <= max(rows, 64 * count)
