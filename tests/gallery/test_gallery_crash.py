"""kill -9 at any instant: every acknowledged write is there, no half-made one is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gallery_samples import OpenGallery, unit_vectors

# Each user is enrolled with two faces in one change, and loses them or gets another in a later one. What is
# acknowledged goes to the pipe only after the call came back.
_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from gallery_samples import CONTRACT, DIMENSION, unit_vectors
from edgeface.config import GalleryConfig, IndexConfig
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import NewFace
from edgeface.similarity import TemplateSpace
from edgeface.types import Template

config = GalleryConfig(index=IndexConfig(exact_up_to=60))
gallery = Gallery.open(Path(sys.argv[1]), contract_id=CONTRACT, space=TemplateSpace(DIMENSION), config=config)
vectors = unit_vectors(4000, 1)
first = int(sys.argv[3])

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

say("ready")
for number in range(first, first + 500):
    user = f"u{number}"
    pair = [NewFace("staff", user, f"t{number}_{i}", vectors[2 * number + i], user) for i in range(2)]
    gallery.add_faces(pair)
    say(f"add {number}")
    if number % 4 == 1:
        say(f"deleting {number}")
        gallery.delete_user("staff", user)
        say(f"deleted {number}")
    if number % 4 == 2:
        say(f"replacing {number}")
        gallery.add_face("staff", user, Template(vectors[2 * number + 1], CONTRACT), f"r{number}",
                         replace=True, duplicate_similarity=1.0)
        say(f"replaced {number}")
"""


def kill_somewhen(state: Path, first: int, delay: float) -> list[str]:
    """Run the writer, kill it after a while; what it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(state), str(Path(__file__).parent), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(delay)
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read()
    assert child.wait() == -signal.SIGKILL
    return rest.splitlines()


@pytest.mark.parametrize("seed", range(5))
def test_kill_loses_nothing_and_leaves_nothing_half(open_gallery: OpenGallery, tmp_path: Path, seed: int) -> None:
    state = tmp_path / "state"
    vectors = unit_vectors(4000, 1)
    clock = random.Random(seed)
    first = 0
    expected: dict[int, set[str]] = {}
    for _ in range(2):
        lines = kill_somewhen(state, first, clock.uniform(0.0, 0.35))
        doubtful: set[int] = set()
        for line in lines:
            verb, text = line.split()
            number = int(text)
            doubtful.discard(number)
            if verb == "add":
                expected[number] = {f"t{number}_0", f"t{number}_1"}
            elif verb == "deleted":
                del expected[number]
            elif verb == "replaced":
                expected[number] = {f"r{number}"}
            else:
                doubtful.add(number)
        gallery = open_gallery(exact_up_to=60)
        page = gallery.users("staff", 0, 1000) if gallery.has_group("staff") else None
        found = {int(user.user_id[1:]): user for user in page.items} if page else {}
        for number in set(expected) | set(found):
            tokens = {face.face_token for face in gallery.faces("staff", f"u{number}")} if number in found else set()
            whole = [{f"t{number}_0", f"t{number}_1"}, {f"r{number}"}, set()]
            if number in expected and number not in doubtful:
                assert tokens == expected[number]
            else:  # not acknowledged: done wholly, or not at all
                assert tokens in whole
            assert (number in found) == bool(tokens)
            if tokens:
                expected[number] = tokens
                hit = gallery.search(vectors[2 * number + 1], ["staff"], 1)[0]
                assert (hit.user_id, hit.user_info) == (f"u{number}", f"u{number}")
            else:
                expected.pop(number, None)
        assert gallery.stats().damaged_faces == 0
        assert gallery.stats().users == len(found)
        gallery.close()
        first = max([*expected, first - 1, *(int(line.split()[1]) for line in lines)]) + 2
