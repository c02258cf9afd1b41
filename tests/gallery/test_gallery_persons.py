"""Users as persons: the same faces and text in every group, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gallery_samples import CONTRACT, OpenGallery, Pick, refused

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows, user_rows
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.persons import Persons
from edgeface.types import Template

GROUPS = ("day", "night", "weekend")


@pytest.fixture
def persons(gallery: Gallery) -> Persons:
    return gallery.persons(apart=["register"])


@pytest.fixture
def ann(persons: Persons, template: Pick) -> str:
    persons.create("ann", GROUPS, template(0), "t0", "Ann")
    return "ann"


def tokens(gallery: Gallery, user_id: str) -> list[list[str]]:
    return [[face.face_token for face in gallery.faces(group, user_id)] for group in GROUPS]


def test_a_new_person_is_in_every_group(gallery: Gallery, persons: Persons, template: Pick) -> None:
    assert persons.create("ann", ["day", "night", "day"], template(0), "t0", "Ann") == ("day", "night")
    person = persons.get("ann")
    assert (person.user_id, person.user_info, person.group_ids) == ("ann", "Ann", ("day", "night"))
    assert person.face_tokens == ("t0",)
    for group in ("day", "night"):
        assert gallery.search(template(0), [group], 1)[0].similarity == pytest.approx(1.0)


@pytest.mark.parametrize("groups", [GROUPS, ("day",), ("another",)])
def test_a_person_is_made_once_whatever_the_groups(
    gallery: Gallery, persons: Persons, template: Pick, ann: str, groups: tuple[str, ...]
) -> None:
    with refused(ErrorCode.USER_EXISTS):
        persons.create(ann, groups, template(1), "t1", "")
    assert not gallery.has_group("another")
    assert tokens(gallery, ann) == [["t0"]] * 3


def test_a_person_that_does_not_fit_into_one_group_is_in_none(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery(limits={"max_users_per_group": 1, "max_groups": 3})
    gallery.add_face("night", "bob", template(5), "t5", duplicate_similarity=None)
    persons = gallery.persons()
    with refused(ErrorCode.LIMIT_USERS):
        persons.create("ann", GROUPS, template(0), "t0", "")
    with refused(ErrorCode.LIMIT_GROUPS):
        persons.create("ann", ("a", "b", "c"), template(0), "t0", "")
    assert [group.group_id for group in gallery.groups(0, 10).items] == ["night"]
    with refused(ErrorCode.USER_NOT_FOUND):
        persons.get("ann")
    persons.create("ann", ("a", "b"), template(0), "t0", "")


def test_a_face_is_added_everywhere_or_nowhere(gallery: Gallery, persons: Persons, template: Pick, ann: str) -> None:
    assert persons.add_face(ann, template(1), "t1", duplicate_similarity=0.98) == GROUPS
    assert tokens(gallery, ann) == [["t0", "t1"]] * 3
    with refused(ErrorCode.FACE_EXISTS):
        persons.add_face(ann, template(2), "t1", duplicate_similarity=0.98)
    # Another API gave one group a face of its own: what is too near to it is added to none of the groups.
    gallery.add_face("weekend", ann, template(7), "t7", duplicate_similarity=None)
    near = template(7).vector + 0.02 * template(8).vector
    with refused(ErrorCode.FACE_NEARLY_IDENTICAL):
        persons.add_face(ann, Template(near / np.linalg.norm(near), CONTRACT), "t8", duplicate_similarity=0.98)
    assert tokens(gallery, ann) == [["t0", "t1"], ["t0", "t1"], ["t0", "t1", "t7"]]
    assert persons.get(ann).face_tokens == ("t0", "t1", "t7")


def test_the_limit_of_one_group_is_that_of_the_person(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery(limits={"max_faces_per_user": 2})
    persons = gallery.persons()
    persons.create("ann", GROUPS, template(0), "t0", "")
    gallery.add_face("weekend", "ann", template(7), "t7", duplicate_similarity=None)
    with refused(ErrorCode.LIMIT_FACES):
        persons.add_face("ann", template(1), "t1", duplicate_similarity=0.98)
    assert tokens(gallery, "ann") == [["t0"], ["t0"], ["t0", "t7"]]


def test_a_failure_half_way_leaves_no_group_behind(
    gallery: Gallery, persons: Persons, template: Pick, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, remove, touch = face_rows.add, face_rows.remove, user_rows.touch
    calls: list[object] = []

    def failing(then: Callable[..., Any]) -> Callable[..., Any]:
        """Every second call fails: the first group is done then, the second is not."""

        def call(*arguments: Any) -> Any:
            calls.append(arguments)
            if len(calls) % 2 == 0:
                raise EdgeFaceError(ErrorCode.STORAGE_FULL)
            return then(*arguments)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(face_rows, "add", failing(add))
        with refused(ErrorCode.STORAGE_FULL):
            persons.add_face(ann, template(1), "t1", duplicate_similarity=0.98)
        with refused(ErrorCode.STORAGE_FULL):
            persons.create("bob", GROUPS, template(2), "t2", "")
    with monkeypatch.context() as patched:
        patched.setattr(face_rows, "remove", failing(remove))
        with refused(ErrorCode.STORAGE_FULL):
            persons.delete_faces(ann, ["t0"])
    with monkeypatch.context() as patched:
        patched.setattr(user_rows, "touch", failing(touch))
        with refused(ErrorCode.STORAGE_FULL):
            persons.change_info(ann, lambda text: text + "!")
    assert tokens(gallery, ann) == [["t0"]] * 3
    assert {user.user_info for user in gallery.user(None, ann)} == {"Ann"}
    with refused(ErrorCode.USER_NOT_FOUND):
        persons.get("bob")
    for group in GROUPS:
        assert [item.face_token for item in gallery.search(template(0), [group], 5)] == ["t0"]


def test_faces_are_erased_in_every_group(gallery: Gallery, persons: Persons, template: Pick, ann: str) -> None:
    persons.add_face(ann, template(1), "t1", duplicate_similarity=None)
    assert persons.delete_faces(ann, ["t0", "unknown", "t0"]) == ("t0",)
    assert tokens(gallery, ann) == [["t1"]] * 3
    assert all(item.face_token == "t1" for item in gallery.search(template(0), GROUPS, 5))
    with refused(ErrorCode.FACE_NOT_FOUND):
        persons.delete_faces(ann, ["t0"])
    persons.delete_faces(ann, ["t1"])
    assert persons.get(ann).face_tokens == ()


def test_the_text_is_changed_in_every_group(gallery: Gallery, persons: Persons, ann: str) -> None:
    gallery.set_user_info("night", ann, "Anna")
    persons.change_info(ann, lambda text: text + "!")
    assert [user.user_info for user in gallery.user(None, ann)] == ["Ann!", "Anna!", "Ann!"]
    with refused(ErrorCode.INVALID_PARAMETER):
        persons.change_info(ann, lambda text: "x" * 257)
    with refused(ErrorCode.USER_NOT_FOUND):
        persons.change_info("nobody", lambda text: text)


def test_a_person_is_erased_in_every_group(gallery: Gallery, persons: Persons, template: Pick, ann: str) -> None:
    persons.add_face(ann, template(1), "t1", duplicate_similarity=None)
    assert persons.delete(ann) == ("t0", "t1")
    assert gallery.search(template(0), GROUPS, 5) == ()
    assert gallery.groups(0, 10).total == 3 and gallery.stats().faces == 0
    with refused(ErrorCode.USER_NOT_FOUND):
        persons.delete(ann)


def test_groups_kept_apart_are_none_of_theirs(gallery: Gallery, persons: Persons, template: Pick) -> None:
    gallery.add_face("register", "ann", template(9), "t9", user_info="secret", duplicate_similarity=None)
    with refused(ErrorCode.USER_NOT_FOUND):
        persons.get("ann")
    with refused(ErrorCode.GROUP_NOT_FOUND):
        persons.create("ann", ["day", "register"], template(0), "t0", "")
    persons.create("ann", ["day"], template(0), "t0", "Ann")
    persons.add_face("ann", template(1), "t1", duplicate_similarity=None)
    persons.change_info("ann", lambda text: text + "!")
    with refused(ErrorCode.FACE_NOT_FOUND):
        persons.delete_faces("ann", ["t9"])
    assert persons.get("ann").group_ids == ("day",) and persons.get("ann").face_tokens == ("t0", "t1")
    persons.delete("ann")
    (left,) = gallery.user(None, "ann")
    assert (left.group_id, left.user_info, left.faces) == ("register", "secret", 1)
