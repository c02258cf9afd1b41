"""One user in several groups: all of a change or nothing."""

from __future__ import annotations

import pytest
from gallery_samples import OpenGallery, Pick, refused

from edgeface.errors import ErrorCode
from edgeface.gallery.gallery import Gallery
from edgeface.types import Template


def enrol(gallery: Gallery, groups: list[str], user: str, *faces: tuple[Template, str], **more: object) -> None:
    more.setdefault("duplicate_similarity", 0.98)
    gallery.memberships.enrol(groups, user, faces, **more)  # type: ignore[arg-type]


def tokens(gallery: Gallery, group: str, user: str) -> list[str]:
    return [face.face_token for face in gallery.faces(group, user)]


def groups_of(gallery: Gallery, user: str) -> list[str]:
    return [record.group_id for record in gallery.user(None, user)]


def test_enrol_into_several_groups(gallery: Gallery, template: Pick) -> None:
    records = gallery.memberships.enrol(
        ["a", "b", "a"], "ann", [(template(0), "t0"), (template(1), "t1")], user_info="Ann", duplicate_similarity=0.98
    )
    assert [(record.group_id, record.face_token) for record in records] == [
        ("a", "t0"),
        ("a", "t1"),
        ("b", "t0"),
        ("b", "t1"),
    ]
    assert len({record.face_id for record in records}) == 4
    for group in ("a", "b"):
        assert gallery.user(group, "ann")[0].user_info == "Ann"
        assert gallery.search(template(1), [group], 1)[0].face_token == "t1"


def test_enrol_fails_in_all_groups_or_none(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["b"], "ann", (template(0), "t0"))
    with refused(ErrorCode.FACE_EXISTS):
        enrol(gallery, ["a", "b"], "ann", (template(0), "t0"))
    assert not gallery.has_group("a")
    with refused(ErrorCode.FACE_NEARLY_IDENTICAL):
        enrol(gallery, ["a", "b"], "ann", (template(0), "t9"))
    with refused(ErrorCode.INVALID_ID):
        enrol(gallery, ["a", "b-c"], "ann", (template(1), "t1"))
    assert groups_of(gallery, "ann") == ["b"]


def test_limits_hold_in_every_group(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery(limits={"max_users_per_group": 1, "max_groups": 2, "max_faces_per_user": 2})
    enrol(gallery, ["b"], "bob", (template(0), "t0"))
    with refused(ErrorCode.LIMIT_USERS):
        enrol(gallery, ["a", "b"], "ann", (template(1), "t1"))
    with refused(ErrorCode.LIMIT_GROUPS):
        enrol(gallery, ["a", "c"], "ann", (template(1), "t1"))
    with refused(ErrorCode.LIMIT_FACES):
        enrol(gallery, ["b"], "bob", (template(1), "t1"), (template(2), "t2"))
    with refused(ErrorCode.LIMIT_FACES):
        enrol(gallery, ["b"], "bob", *((template(number), f"n{number}") for number in (3, 4, 5)), replace=True)
    assert tokens(gallery, "b", "bob") == ["t0"]


def test_replace_takes_the_place_of_all_faces_once(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a", "b"], "ann", (template(0), "t0"), (template(1), "t1"))
    enrol(gallery, ["a"], "ann", (template(2), "t2"), (template(0), "t0"), replace=True)
    assert tokens(gallery, "a", "ann") == ["t2", "t0"]
    assert tokens(gallery, "b", "ann") == ["t0", "t1"]
    assert gallery.search(template(1), ["a"], 1)[0].similarity < 0.9
    with refused(ErrorCode.FACE_EXISTS):  # the same face twice in one call
        enrol(gallery, ["a"], "ann", (template(5), "t5"), (template(5), "t5"), replace=True)
    assert tokens(gallery, "a", "ann") == ["t2", "t0"]


def test_nobody_is_made_where_that_is_not_wanted(gallery: Gallery, template: Pick) -> None:
    gallery.add_group("a")
    with refused(ErrorCode.USER_NOT_FOUND):
        enrol(gallery, ["a"], "ann", (template(0), "t0"), create_user=False)
    with refused(ErrorCode.GROUP_NOT_FOUND):
        enrol(gallery, ["b"], "ann", (template(0), "t0"), create_group=False)
    assert gallery.users("a", 0, 10).total == 0


def test_copy_into_new_groups(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a"], "ann", (template(0), "t0"), (template(1), "t1"), user_info="Ann")
    assert gallery.memberships.copy("ann", "a", ["b", "c"]) == 4
    for group in ("b", "c"):
        assert tokens(gallery, group, "ann") == ["t0", "t1"]
        assert gallery.user(group, "ann")[0].user_info == "Ann"
        assert gallery.search(template(1), [group], 1)[0].user_id == "ann"


def test_copy_is_refused_where_a_group_has_the_user(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a", "c"], "ann", (template(0), "t0"))
    with refused(ErrorCode.USER_EXISTS):
        gallery.memberships.copy("ann", "a", ["b", "c"])
    with refused(ErrorCode.USER_EXISTS):
        gallery.memberships.copy("ann", "a", ["a"])
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.memberships.copy("ann", "a", ["b"], create_group=False)
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.memberships.copy("bob", "a", ["b"])
    assert groups_of(gallery, "ann") == ["a", "c"]
    assert not gallery.has_group("b")


def test_leave_erases_in_the_named_groups(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a", "b", "c"], "ann", (template(0), "t0"), (template(1), "t1"))
    enrol(gallery, ["a"], "bob", (template(2), "t2"))
    assert gallery.memberships.leave("ann", ["a", "b"]) == ("t0", "t1", "t0", "t1")
    assert groups_of(gallery, "ann") == ["c"]
    assert [found.user_id for found in gallery.search(template(0), ["a"], 5)] == ["bob"]


def test_leave_every_group_but_one_that_is_kept_apart(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a", "b", "register"], "ann", (template(0), "t0"))
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.memberships.leave("ann", ["register"], besides="register")
    assert len(gallery.memberships.leave("ann", None, besides="register")) == 2
    assert groups_of(gallery, "ann") == ["register"]
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.memberships.leave("ann", None, besides="register")
    assert len(gallery.memberships.leave("ann", None)) == 1


@pytest.mark.parametrize("besides", [None, "register"])
def test_the_last_group_can_be_kept(gallery: Gallery, template: Pick, besides: str | None) -> None:
    enrol(gallery, ["a", "b", *([besides] if besides else [])], "ann", (template(0), "t0"))
    with refused(ErrorCode.INVALID_PARAMETER) as caught:
        gallery.memberships.leave("ann", ["a", "b"], besides=besides, keep_one=True)
    assert caught.value.context["rule"] == "one_group"
    gallery.memberships.leave("ann", ["a"], besides=besides, keep_one=True)
    with refused(ErrorCode.INVALID_PARAMETER):
        gallery.memberships.leave("ann", ["b"], besides=besides, keep_one=True)


def test_leave_names_what_is_unknown_and_changes_nothing(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a"], "ann", (template(0), "t0"))
    gallery.add_group("b")
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.memberships.leave("ann", ["a", "b"])
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.memberships.leave("ann", ["a", "missing"])
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.memberships.leave("bob", None)
    assert groups_of(gallery, "ann") == ["a"]


def test_changes_survive_a_restart(open_gallery: OpenGallery, template: Pick) -> None:
    first = open_gallery()
    enrol(first, ["a", "b"], "ann", (template(0), "t0"))
    first.memberships.copy("ann", "a", ["c"])
    first.memberships.leave("ann", ["a"])
    first.close()
    again = open_gallery()
    assert groups_of(again, "ann") == ["b", "c"]
    assert again.search(template(0), ["b", "c"], 5)[0].similarity == pytest.approx(1.0)
    assert again.search(template(0), ["a"], 5) == ()


def test_templates_of_a_user(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, ["a"], "ann", (template(0), "t0"), (template(1), "t1"))
    found = gallery.templates("a", "ann")
    assert [one.vector.tolist() for one in found] == [template(0).vector.tolist(), template(1).vector.tolist()]
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.templates("a", "bob")
