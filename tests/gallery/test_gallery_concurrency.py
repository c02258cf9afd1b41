"""Many threads at once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from gallery_samples import CONTRACT, OpenGallery, new_faces, unit_vectors

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.gallery import Gallery
from edgeface.types import Template


def test_fifty_writers_to_one_user(gallery: Gallery) -> None:
    vectors = unit_vectors(50)
    barrier = threading.Barrier(50)

    def write(number: int) -> str:
        barrier.wait()
        try:
            template = Template(vectors[number], CONTRACT)
            gallery.add_face("staff", "ann", template, f"t{number}", duplicate_similarity=0.98)
        except EdgeFaceError as error:
            return error.code.code
        return "enrolled"

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(write, range(50)))
    assert Counter(answers) == {"enrolled": 20, ErrorCode.LIMIT_FACES.code: 30}
    tokens = {face.face_token for face in gallery.faces("staff", "ann")}
    assert tokens == {f"t{number}" for number, answer in enumerate(answers) if answer == "enrolled"}
    assert gallery.stats().faces == 20
    for number, answer in enumerate(answers):
        (hit,) = gallery.search(vectors[number], ["staff"], 1)
        assert (hit.similarity > 0.99) == (answer == "enrolled")


def test_writers_of_the_same_face_enrol_it_once(gallery: Gallery) -> None:
    template = Template(unit_vectors(1)[0], CONTRACT)

    def write(number: int) -> str:
        try:
            gallery.add_face("staff", "ann", template, f"t{number % 2}", duplicate_similarity=0.98)
        except EdgeFaceError as error:
            return error.code.code
        return "enrolled"

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(write, range(32)))
    assert answers["enrolled"] == 1
    assert set(answers) <= {"enrolled", "face_exists", "face_nearly_identical"}


@pytest.mark.parametrize("exact_up_to", [20000, 150], ids=["exact scan", "hnsw"])
def test_searches_beside_writers_never_see_a_torn_state(open_gallery: OpenGallery, exact_up_to: int) -> None:
    """Fixed users are always found; moving ones are found at their own place, with their own token, or not at all."""
    gallery = open_gallery(exact_up_to=exact_up_to)
    vectors = unit_vectors(600)
    gallery.add_faces(new_faces(vectors[:300]))
    gallery.settle()
    stop = threading.Event()
    wrong: list[object] = []

    def move(part: int) -> None:
        rng = np.random.default_rng(part)
        numbers = list(range(300 + 100 * part, 400 + 100 * part))
        while not stop.is_set():
            number = int(rng.choice(numbers))
            template = Template(vectors[number], CONTRACT)
            gallery.add_face("staff", f"u{number}", template, f"t{number}", replace=True, duplicate_similarity=1.0)
            if rng.integers(2):
                gallery.delete_user("staff", f"u{number}")

    def look(seed: int) -> int:
        rng = np.random.default_rng(seed)
        for _ in range(150):
            number = int(rng.integers(600))
            hits = gallery.search(vectors[number], ["staff"], 3)
            for hit in hits:
                true = float(vectors[int(hit.face_token[1:])] @ vectors[number])
                if hit.user_id != f"u{hit.face_token[1:]}" or abs(hit.similarity - true) > 1e-5:
                    wrong.append(hit)
            if number < 300 and (not hits or hits[0].face_token != f"t{number}"):
                wrong.append((number, hits))
        return seed

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(move, part) for part in range(2)]
        readers = [pool.submit(look, seed) for seed in range(4)]
        for reader in readers:
            reader.result()
        stop.set()
        for writer in writers:
            writer.result()
    assert wrong == []
    assert gallery.settle()
    stats = gallery.stats()
    assert stats.faces == sum(group.faces for group in gallery.groups(0, 10).items)
    for user in gallery.users("staff", 0, 1000).items:
        number = int(user.user_id[1:])
        assert gallery.search(vectors[number], ["staff"], 1)[0].face_token == f"t{number}"


def test_group_deleted_under_searches(gallery: Gallery) -> None:
    vectors = unit_vectors(100)
    done = threading.Event()
    codes: set[str] = set()

    def look() -> None:
        while not done.is_set():
            try:
                gallery.search(vectors[5], ["staff"], 3)
            except EdgeFaceError as error:
                codes.add(error.code.code)

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(look) for _ in range(3)]
        for _ in range(10):
            gallery.add_faces(new_faces(vectors))
            gallery.delete_group("staff")
        done.set()
        for reader in readers:
            reader.result()
    assert codes <= {"group_not_found"}
