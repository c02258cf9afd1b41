"""Ids of either side: nothing is lost, and two never become one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.api.dialects.tencent_v1 import ids
from edgeface.errors import EdgeFaceError, ErrorCode

OF_THE_GALLERY = re.compile(r"[A-Za-z0-9_]+")
# Texts that come near to the escapes: the prefix, underscores, hexadecimal digits, and a few strangers.
NEAR = st.lists(st.sampled_from(["_x_", "_", "x", "2D", "5F", "a", "-", "é", "人"]), min_size=1, max_size=12).map(
    "".join
)
ANY = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
PLAIN = st.from_regex(OF_THE_GALLERY, fullmatch=True)


def problem(vendor_id: str) -> object:
    with pytest.raises(EdgeFaceError) as raised:
        ids.checked(vendor_id, "person_id")
    assert raised.value.code is ErrorCode.INVALID_ID and raised.value.context["parameter"] == "person_id"
    return raised.value.context["problem"]


@given(ANY | NEAR)
def test_every_tencent_id_comes_back(vendor_id: str) -> None:
    there = ids.to_gallery(vendor_id)
    assert OF_THE_GALLERY.fullmatch(there)
    assert ids.from_gallery(there) == vendor_id


@given(PLAIN | NEAR.map(lambda text: re.sub(r"[^A-Za-z0-9_]", "", text) or "_x_"))
def test_every_gallery_id_can_be_named(gallery_id: str) -> None:
    assert ids.to_gallery(ids.from_gallery(gallery_id)) == gallery_id


@given(NEAR, NEAR)
def test_two_ids_never_become_one(first: str, second: str) -> None:
    assert (ids.to_gallery(first) == ids.to_gallery(second)) == (first == second)


@pytest.mark.parametrize(
    ("vendor_id", "gallery_id"),
    [
        ("person1", "person1"),
        ("Person_1", "Person_1"),
        ("emp-001", "_x_emp_2D001"),
        ("a@b.c", "_x_a_40b_2Ec"),
        ("张", "_x__E5_BC_A0"),
        ("_x_emp_2D001", "_x__5Fx_5Femp_5F2D001"),  # what would be read as another id is escaped itself
        ("_x_plain", "_x_plain"),  # nobody escapes "plain": it is an id like any other
    ],
)
def test_ids_as_they_stand_in_the_gallery(vendor_id: str, gallery_id: str) -> None:
    assert ids.checked(vendor_id, "person_id") == gallery_id
    assert ids.from_gallery(gallery_id) == vendor_id


@pytest.mark.parametrize("character", list(" /\\\t\n\r\0\x7f\u00a0\u3000\u2028\ud800"))
def test_special_characters_are_refused(character: str) -> None:
    assert problem(f"a{character}b") == "characters"


@pytest.mark.parametrize(
    ("longest", "beyond"), [("a" * 128, "a" * 129), ("-" + "a" * 122, "-" + "a" * 123), ("张" * 13, "张" * 14)]
)
def test_the_longest_id(longest: str, beyond: str) -> None:
    assert len(ids.checked(longest, "person_id")) <= 128
    assert problem(beyond) == "too_long"
