"""The sealed archive: whole, or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest
from gallery_samples import CONTRACT, OpenGallery, Pick, new_faces, refused, unit_vectors

from edgeface.errors import ErrorCode
from edgeface.gallery.gallery import Gallery


@pytest.fixture
def archive(open_gallery: OpenGallery, tmp_path: Path) -> Path:
    """Two groups with 40 faces each of 20 users, and an empty group."""
    gallery = open_gallery(tmp_path / "source")
    vectors = unit_vectors(80)
    gallery.add_faces(new_faces(vectors[:40], "staff", per_user=2))
    gallery.add_faces(new_faces(vectors[40:], "night", per_user=2))
    gallery.set_user_info("staff", "u3", "Ann, Müller 部門")
    gallery.add_group("empty")
    summary = gallery.export_archive(tmp_path / "a.efa", "correct horse")
    assert (summary.groups, summary.users, summary.faces) == (3, 40, 80)
    gallery.close()
    return tmp_path / "a.efa"


def contents(gallery: Gallery) -> list[object]:
    answer: list[object] = []
    for group in gallery.groups(0, 1000).items:
        answer.append((group.group_id, group.users, group.faces))
        for user in gallery.users(group.group_id, 0, 1000).items:
            answer.append((user.user_id, user.user_info, user.created_at))
            for face in gallery.faces(group.group_id, user.user_id):
                vector = gallery.template(face.face_id).vector.tobytes()
                answer.append((face.face_token, face.created_at, vector))
    return answer


def test_archive_moves_everything_to_another_device(open_gallery: OpenGallery, archive: Path, tmp_path: Path) -> None:
    target = open_gallery()
    steps: list[tuple[int, int]] = []
    summary = target.import_archive(
        archive, "correct horse", progress=lambda done, total: steps.append((done, total))
    )
    assert (summary.faces_added, summary.faces_skipped) == (80, 0)
    assert steps == [(number, 80) for number in range(1, 81)]
    assert contents(target) == contents(open_gallery(tmp_path / "source"))
    assert target.search(unit_vectors(80)[7], ["staff"], 1)[0].user_info == "Ann, Müller 部門"
    assert target.user("staff", "u3")[0].user_info == "Ann, Müller 部門"


def test_archive_is_private_and_sealed(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    data = archive.read_bytes()
    assert "Müller".encode() not in data
    assert b"user_id" not in data
    assert not any(vector.tobytes()[:16] in data for vector in unit_vectors(80))
    assert [path.name for path in archive.parent.iterdir() if path.suffix == ".new"] == []


def test_import_merges(open_gallery: OpenGallery, archive: Path, template: Pick) -> None:
    target = open_gallery()
    target.add_face("staff", "u3", template(0), "t6", user_info="mine", duplicate_similarity=0.98)
    target.add_face("staff", "other", template(1), "o", duplicate_similarity=0.98)
    summary = target.import_archive(archive, "correct horse")
    assert (summary.faces_added, summary.faces_skipped) == (79, 1)
    assert target.user("staff", "u3")[0].user_info == "mine"
    np.testing.assert_array_equal(target.template(target.faces("staff", "u3")[0].face_id).vector, template(0).vector)
    assert target.user("staff", "other")[0].faces == 1
    again = target.import_archive(archive, "correct horse")
    assert (again.faces_added, again.faces_skipped) == (0, 80)


def test_wrong_passphrase(open_gallery: OpenGallery, archive: Path, tmp_path: Path) -> None:
    gallery = open_gallery()
    for passphrase in ("wrong", "correct horse "):
        with refused(ErrorCode.ARCHIVE_INVALID):
            gallery.import_archive(archive, passphrase)
    for call in (lambda: gallery.import_archive(archive, ""), lambda: gallery.export_archive(tmp_path / "b", "")):
        with refused(ErrorCode.INVALID_PARAMETER):
            call()
    with refused(ErrorCode.INVALID_PARAMETER):
        gallery.import_archive(tmp_path / "missing", "x")
    with refused(ErrorCode.STORAGE_READ_ONLY):
        gallery.export_archive(tmp_path / "missing" / "b", "x")
    assert gallery.stats().groups == 0


def test_any_damage_is_noticed_and_nothing_is_imported(
    open_gallery: OpenGallery, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # scrypt is slow on purpose, and not what is tested here
    keys: dict[bytes, bytes] = {}
    derive = "edgeface.gallery.archive.Scrypt.derive"
    monkeypatch.setattr(derive, lambda self, phrase: keys.setdefault(phrase, original(self, phrase)))
    gallery = open_gallery()
    data = archive.read_bytes()
    rng = np.random.default_rng(0)
    broken = tmp_path / "broken.efa"
    cases = [data[:length] for length in (0, 5, 17, 30, 200, len(data) // 2, len(data) - 1)] + [data + b"x"]
    for position in rng.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(rng.integers(8))
        cases.append(bytes(flipped))
    for case in cases:
        broken.write_bytes(case)
        with refused(ErrorCode.ARCHIVE_INVALID):
            gallery.import_archive(broken, "correct horse")
        assert gallery.stats().groups == 0
        assert not gallery.has_group("staff")


def original(self, phrase: bytes) -> bytes:
    import hashlib

    return hashlib.scrypt(phrase, salt=self._salt, n=self._n, r=self._r, p=self._p, maxmem=2**27, dklen=32)


def test_costly_key_derivation_is_refused(open_gallery: OpenGallery, archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    start = data.index(b"{")
    end = data.index(b"}}") + 2
    facts = json.loads(data[start:end])
    facts["scrypt"]["n"] = 2**30
    text = json.dumps(facts).encode()
    bomb = tmp_path / "bomb.efa"
    bomb.write_bytes(data[: start - 4] + len(text).to_bytes(4, "big") + text + data[end:])
    with refused(ErrorCode.ARCHIVE_INVALID):
        open_gallery().import_archive(bomb, "correct horse")


def test_archive_of_another_contract(open_gallery: OpenGallery, archive: Path, tmp_path: Path) -> None:
    target = open_gallery(tmp_path / "target", contract_id="another")
    with refused(ErrorCode.CONTRACT_MISMATCH) as error:
        target.import_archive(archive, "correct horse")
    assert error.value.context["found"] == CONTRACT
    with refused(ErrorCode.ARCHIVE_INVALID):
        target.import_archive(archive, "wrong")
    assert target.stats().groups == 0


def test_import_beyond_a_limit_changes_nothing(open_gallery: OpenGallery, archive: Path) -> None:
    target = open_gallery(limits={"max_users_per_group": 19})
    with refused(ErrorCode.LIMIT_USERS):
        target.import_archive(archive, "correct horse")
    assert target.stats().groups == 0
    assert target.stats().faces == 0


def test_export_replaces_an_older_archive_only_when_it_is_complete(
    open_gallery: OpenGallery, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = archive.read_bytes()
    gallery = open_gallery(tmp_path / "source")
    with monkeypatch.context() as patch:
        patch.setattr("edgeface.gallery.archive.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
        with refused(ErrorCode.STORAGE_FULL):
            gallery.export_archive(archive, "x")
    assert archive.read_bytes() == before
    assert [path.name for path in archive.parent.iterdir() if path.is_file()] == ["a.efa"]
    gallery.export_archive(archive, "x")
    assert archive.read_bytes() != before
