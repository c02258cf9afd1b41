"""Groups, users and faces: what a caller is promised."""

from __future__ import annotations

import numpy as np
import pytest
from gallery_samples import CONTRACT, DIMENSION, OpenGallery, Pick, refused

from edgeface.errors import ErrorCode
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import NewFace
from edgeface.types import Template


def enrol(gallery: Gallery, template: Template, token: str, *, group: str = "staff", user: str = "ann", **more):
    more.setdefault("duplicate_similarity", 0.98)
    return gallery.add_face(group, user, template, token, **more)


def test_enrolled_face_is_listed_and_read_back(gallery: Gallery, template: Pick) -> None:
    record = enrol(gallery, template(0), "t0", user_info="Ann, Müller 部門")
    assert (record.group_id, record.user_id, record.face_token) == ("staff", "ann", "t0")
    (user,) = gallery.user("staff", "ann")
    assert (user.user_info, user.faces) == ("Ann, Müller 部門", 1)
    assert gallery.faces("staff", "ann") == (record,)
    assert gallery.face("t0") == (record,)
    np.testing.assert_array_equal(gallery.template(record.face_id).vector, template(0).vector)
    np.testing.assert_array_equal(gallery.templates_of_token("t0").vector, template(0).vector)
    assert gallery.templates_of_token("unknown") is None


def test_same_token_and_almost_identical_face_are_recognised(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, template(0), "t0")
    with refused(ErrorCode.FACE_EXISTS):
        enrol(gallery, template(1), "t0")
    near = template(0).vector + 0.02 * template(1).vector
    with refused(ErrorCode.FACE_NEARLY_IDENTICAL) as error:
        enrol(gallery, Template(near / np.linalg.norm(near), CONTRACT), "t1")
    assert error.value.context["face_token"] == "t0"
    enrol(gallery, template(0), "t1", user="bob")  # another user may look the same
    assert [face.face_token for face in gallery.faces("staff", "ann")] == ["t0"]


def test_replace_takes_the_place_of_all_earlier_faces(gallery: Gallery, template: Pick) -> None:
    for number in range(3):
        enrol(gallery, template(number), f"t{number}", user_info="first")
    enrol(gallery, template(9), "t9", replace=True)
    assert [face.face_token for face in gallery.faces("staff", "ann")] == ["t9"]
    assert gallery.user("staff", "ann")[0].user_info == "first"
    assert gallery.search(template(0), ["staff"], 1)[0].face_token == "t9"
    enrol(gallery, template(0), "t9", replace=True)  # the same token may replace itself
    assert gallery.search(template(0), ["staff"], 1)[0].similarity == pytest.approx(1.0)


def test_conditions_on_group_and_user(gallery: Gallery, template: Pick) -> None:
    with refused(ErrorCode.GROUP_NOT_FOUND):
        enrol(gallery, template(0), "t0", create_group=False)
    assert not gallery.has_group("staff")
    gallery.add_group("staff")
    with refused(ErrorCode.USER_NOT_FOUND):
        enrol(gallery, template(0), "t0", create_user=False)
    enrol(gallery, template(0), "t0", create_group=False, new_user_only=True)
    with refused(ErrorCode.USER_EXISTS):
        enrol(gallery, template(1), "t1", new_user_only=True)
    with refused(ErrorCode.GROUP_EXISTS):
        gallery.add_group("staff")


def test_user_lives_in_several_groups_and_is_copied(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, template(0), "t0", user_info="Ann")
    enrol(gallery, template(1), "t1")
    gallery.add_group("night")
    assert gallery.copy_user("ann", "staff", "night") == 2
    assert gallery.copy_user("ann", "staff", "night") == 0
    assert [user.group_id for user in gallery.user(None, "ann")] == ["staff", "night"]
    assert gallery.user("night", "ann")[0].user_info == "Ann"
    assert {hit.group_id for hit in gallery.search(template(0), ["staff", "night"], 5)} == {"staff", "night"}
    gallery.set_user_info("night", "ann", "")
    assert [user.user_info for user in gallery.user(None, "ann")] == ["Ann", ""]
    assert gallery.delete_user("staff", "ann") == 2
    assert gallery.templates_of_token("t1") is not None
    assert gallery.delete_user(None, "ann") == 2
    with refused(ErrorCode.USER_NOT_FOUND):
        gallery.user(None, "ann")
    enrol(gallery, template(0), "t0")
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.copy_user("ann", "staff", "unknown")
    with refused(ErrorCode.INVALID_PARAMETER):
        gallery.copy_user("ann", "staff", "staff")


def test_deleting_faces_users_and_groups(gallery: Gallery, template: Pick) -> None:
    for number in range(3):
        enrol(gallery, template(number), f"t{number}")
    gallery.delete_face("staff", "ann", "t1")
    assert [face.face_token for face in gallery.faces("staff", "ann")] == ["t0", "t2"]
    with refused(ErrorCode.FACE_NOT_FOUND):
        gallery.delete_face("staff", "ann", "t1")
    gallery.delete_face("staff", "ann", "t0")
    gallery.delete_face("staff", "ann", "t2")
    assert gallery.user("staff", "ann")[0].faces == 0
    assert gallery.search(template(0), ["staff"], 1) == ()
    assert gallery.search(template(0), ["staff"], 1, user_id="ann") == ()
    enrol(gallery, template(0), "t0", user="bob")
    assert gallery.delete_group("staff") == 1
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.search(template(0), ["staff"], 1)
    with refused(ErrorCode.GROUP_NOT_FOUND):
        gallery.delete_group("staff")
    assert gallery.face("t0") == ()
    stats = gallery.stats()
    assert (stats.groups, stats.users, stats.faces) == (0, 0, 0)


def test_lists_are_paged(gallery: Gallery, template: Pick) -> None:
    for number in range(7):
        enrol(gallery, template(number), f"t{number}", user=f"u{number}", group=f"g{number % 2}")
    page = gallery.users("g0", 1, 2)
    assert ([user.user_id for user in page.items], page.total, page.start) == (["u2", "u4"], 4, 1)
    assert gallery.users("g0", 10, 5).items == ()
    groups = gallery.groups(0, 10)
    assert [(group.group_id, group.users, group.faces) for group in groups.items] == [("g0", 4, 4), ("g1", 3, 3)]
    for start, length in ((-1, 1), (0, 0), (0, 1001), (2**70, 1)):
        with refused(ErrorCode.INVALID_PARAMETER):
            gallery.users("g0", start, length)


@pytest.mark.parametrize(
    "bad", ["", "a" * 129, "a/b", "../etc", "a.b", "a\0b", "ä", "a b", "a\n", "group-1"], ids=repr
)
def test_ids_are_checked_everywhere(gallery: Gallery, template: Pick, bad: str) -> None:
    enrol(gallery, template(0), "t0")
    calls = [
        lambda: gallery.add_group(bad),
        lambda: gallery.has_group(bad),
        lambda: gallery.delete_group(bad),
        lambda: gallery.users(bad, 0, 1),
        lambda: gallery.user(None, bad),
        lambda: gallery.user(bad, "ann"),
        lambda: gallery.delete_user("staff", bad),
        lambda: gallery.copy_user("ann", "staff", bad),
        lambda: gallery.face(bad),
        lambda: gallery.delete_face("staff", "ann", bad),
        lambda: gallery.search(template(0), [bad], 1),
        lambda: gallery.search(template(0), ["staff"], 1, user_id=bad),
        lambda: enrol(gallery, template(1), bad),
        lambda: enrol(gallery, template(1), "t1", group=bad),
        lambda: enrol(gallery, template(1), "t1", user=bad),
        lambda: gallery.check_ids("staff", bad),
    ]
    for call in calls:
        with refused(ErrorCode.INVALID_ID):
            call()
    assert gallery.stats().faces == 1
    gallery.add_group("a" * 128)


def test_user_info_is_measured_in_bytes(gallery: Gallery, template: Pick) -> None:
    enrol(gallery, template(0), "t0", user_info="ü" * 128)
    with refused(ErrorCode.INVALID_PARAMETER):
        gallery.set_user_info("staff", "ann", "ü" * 128 + "x")
    with refused(ErrorCode.INVALID_PARAMETER):
        gallery.set_user_info("staff", "ann", "\ud800")
    assert gallery.user("staff", "ann")[0].user_info == "ü" * 128


def test_vectors_are_checked(gallery: Gallery, template: Pick) -> None:
    good = template(0).vector
    nan = good.copy()
    nan[3] = np.nan
    for bad in (good[:-1], good * 2, np.zeros_like(good), nan, np.full_like(good, 1e38), good.reshape(1, -1)):
        with refused(ErrorCode.TEMPLATE_INVALID):
            enrol(gallery, Template(bad, CONTRACT), "t0")
    with refused(ErrorCode.TEMPLATE_INVALID):
        gallery.add_group("staff")
        gallery.search(good[:-1], ["staff"], 1)
    for call in (
        lambda: enrol(gallery, Template(good, "another"), "t0"),
        lambda: gallery.search(Template(good, "another"), ["staff"], 1),
    ):
        with refused(ErrorCode.CONTRACT_MISMATCH):
            call()


def test_limits(open_gallery: OpenGallery, template: Pick) -> None:
    limits = {"max_groups": 2, "max_users_per_group": 2, "max_faces_per_user": 3, "max_top": 2}
    gallery = open_gallery(limits={**limits, "max_groups_per_search": 1})
    for number in range(3):
        enrol(gallery, template(number), f"t{number}")
    with refused(ErrorCode.LIMIT_FACES):
        enrol(gallery, template(3), "t3")
    enrol(gallery, template(4), "t4", user="bob")
    with refused(ErrorCode.LIMIT_USERS):
        enrol(gallery, template(5), "t5", user="cid")
    gallery.add_group("other")
    with refused(ErrorCode.LIMIT_GROUPS):
        gallery.add_group("third")
    with refused(ErrorCode.LIMIT_GROUPS):
        enrol(gallery, template(5), "t5", group="third")
    for groups, top in ((["staff", "other"], 1), ([], 1), (["staff"], 0), (["staff"], 3)):
        with refused(ErrorCode.INVALID_PARAMETER):
            gallery.search(template(0), groups, top)
    assert gallery.stats().faces == 4


def test_bulk_enrolment_is_all_or_nothing(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery(limits={"max_users_per_group": 5})
    faces = [NewFace("staff", f"u{number}", f"t{number}", template(number).vector) for number in range(6)]
    with refused(ErrorCode.LIMIT_USERS):
        gallery.add_faces(faces)
    assert gallery.stats().groups == 0
    assert not gallery.has_group("staff")
    assert gallery.add_faces(faces[:5]) == 5
    assert gallery.add_faces(faces[:5], skip_existing=True) == 0
    with refused(ErrorCode.FACE_EXISTS):
        gallery.add_faces(faces[:1])
    assert gallery.search(template(4), ["staff"], 1)[0].user_id == "u4"


def test_everything_is_there_after_reopening(open_gallery: OpenGallery, template: Pick) -> None:
    gallery = open_gallery()
    enrol(gallery, template(0), "t0", user_info="Ann")
    before = (gallery.users("staff", 0, 10), gallery.faces("staff", "ann"), gallery.stats())
    outside = gallery.subkey("face-token")
    gallery.close()
    again = open_gallery()
    assert (again.users("staff", 0, 10), again.faces("staff", "ann"), again.stats()) == before
    assert again.subkey("face-token") == outside != again.subkey("other")
    assert again.search(template(0), ["staff"], 1)[0].similarity == pytest.approx(1.0, abs=1e-6)
    assert again.dimension == DIMENSION
