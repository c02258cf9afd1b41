"""Both wire forms, read without a daemon."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tencent_calls import multipart

from edgeface.api.dialects.pictures import Pictures, WantsUrl
from edgeface.api.dialects.tencent_v1.errors import number_of
from edgeface.api.dialects.tencent_v1.parameters import Fields, app_id_of, fields_of
from edgeface.api.dialects.tencent_v1.person_info import PersonInfo
from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError


def of_json(**values: Any) -> Fields:
    return fields_of(Message("application/json", body=json.dumps(values).encode()))


def of_parts(**parts: str | bytes) -> Fields:
    return of_named(parts)


def of_named(parts: dict[str, str | bytes]) -> Fields:
    body, kind = multipart(parts)
    return fields_of(Message(kind, body=body))


def refusal(work: Any, *arguments: Any) -> int:
    with pytest.raises(EdgeFaceError) as raised:
        work(*arguments)
    return number_of(raised.value)


@pytest.mark.parametrize("value", ["person1", 1001])
def test_a_text_may_be_a_json_number(value: object) -> None:
    assert of_json(person_id=value).text("person_id") == str(value)


@pytest.mark.parametrize("value", [1.5, True, ["a"], {"a": 1}, "\ud800"])
def test_other_values_are_no_text(value: object) -> None:
    assert refusal(of_json(person_id=value).text, "person_id") == 21


@pytest.mark.parametrize(
    "fields", [of_json(), of_json(person_id=""), of_json(person_id=None), of_parts(person_id="")]
)
def test_a_text_that_must_be_there(fields: Fields) -> None:
    assert refusal(fields.text, "person_id") == -1301
    assert fields.optional_text("person_id") == ""


def test_lists_in_both_forms() -> None:
    assert of_json(group_ids=["a", 2]).texts("group_ids") == ("a", "2")
    # In the order of their numbers, whatever that of the parts.
    parts = of_named({"group_ids[10]": "c", "group_ids[0]": "a", "group_ids[2]": "b"})
    assert parts.texts("group_ids") == ("a", "b", "c")


@pytest.mark.parametrize("value", [None, [], [""], ["a", ""]])
def test_a_list_that_must_have_something(value: object) -> None:
    assert refusal(of_json(group_ids=value).texts, "group_ids") == -1301


@pytest.mark.parametrize("value", ["a", 1, {"0": "a"}, [["a"]], [True]])
def test_what_is_no_list_of_texts(value: object) -> None:
    assert refusal(of_json(group_ids=value).texts, "group_ids") == 21


@pytest.mark.parametrize(("value", "mode"), [(None, 0), ("", 0), (0, 0), (1, 1), ("0", 0), ("1", 1)])
def test_a_choice(value: object, mode: int) -> None:
    assert of_json(mode=value).choice("mode", (0, 1)) == mode


@pytest.mark.parametrize("value", [2, -1, "2", "x", True, 1.0, [1], "1" * 5000])
def test_a_choice_that_is_none(value: object) -> None:
    assert refusal(of_json(mode=value).choice, "mode", (0, 1)) == 21


def test_the_url_wins_over_the_image() -> None:
    fields = of_parts(image=b"picture", url="http://example.org/a.jpg")
    with pytest.raises(WantsUrl) as wanted:
        fields.picture(Pictures())
    assert wanted.value.url == "http://example.org/a.jpg"
    assert fields.picture(Pictures({"http://example.org/a.jpg": b"fetched"})) == b"fetched"
    assert of_parts(image=b"picture", url="").picture(Pictures()) == b"picture"


@pytest.mark.parametrize("fields", [of_json(), of_json(image="aGVsbG8="), of_parts(), of_parts(image=b"")])
def test_no_picture(fields: Fields) -> None:
    assert refusal(fields.picture, Pictures()) == -1300


def test_pictures_of_addface() -> None:
    assert of_named({"images[1]": b"b", "images[0]": b"a", "images[10]": b"c"}).sources() == (b"a", b"b", b"c")
    assert of_json(urls=["http://a", "http://b"]).sources() == ("http://a", "http://b")
    assert of_named({"images[0]": b"a", "urls[0]": "http://a"}).sources() == ("http://a",)
    assert of_json().sources() == of_json(urls=[]).sources() == ()
    assert refusal(of_json(urls="http://a").sources) == 21


@pytest.mark.parametrize("name", ["appid", "image", "images[0]", "group_ids[0]"])
def test_a_part_twice(name: str) -> None:
    body, kind = multipart({name: "1"})
    part = body[: body.rindex(b"--" + kind.partition("boundary=")[2].encode())]
    assert refusal(fields_of, Message(kind, body=part + body)) == 21


def test_a_part_that_is_no_text() -> None:
    body, kind = multipart({"person_id": "x"})
    assert refusal(fields_of, Message(kind, body=body.replace(b"\r\nx\r\n", b"\r\n\xff\r\n"))) == 21


@pytest.mark.parametrize(
    "message",
    [
        Message("application/json", body=b"{"),
        Message("application/json", body=b"[]"),
        Message("application/json", body=b'"text"'),
        Message("application/json", body=b""),
        Message("application/json", body=b"\xff\xfe"),
        Message("application/json", body=b"[" * 100_000),
        Message("multipart/form-data; boundary=x", body=b"nothing of the kind"),
        Message("multipart/form-data", body=b"--x--"),
        Message("application/x-www-form-urlencoded", body=b"appid=1"),
        Message("", body=b"{}"),
    ],
)
def test_what_cannot_be_read(message: Message) -> None:
    assert refusal(fields_of, message) == 3
    assert app_id_of(message) == ""


def test_the_application() -> None:
    body, kind = multipart({"appid": "10000037"})
    assert app_id_of(Message(kind, body=body)) == "10000037"
    assert app_id_of(Message("application/json", body=b'{"appid": 10000037}')) == "10000037"
    assert app_id_of(Message("application/json", body=b'{"appid": [1]}')) == ""


@given(st.text(max_size=40), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(parameters: str, noise: bytes) -> None:
    for kind in ("application/json", f"multipart/form-data; {parameters}", "multipart/form-data; boundary=x"):
        for body in (noise, b"--x\r\n" + noise + b"\r\n--x--"):
            try:
                fields_of(Message(kind, body=body))
            except EdgeFaceError as error:
                assert number_of(error) in (3, 21)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(TEXTS, TEXTS)
def test_name_and_tag_come_back(name: str, tag: str) -> None:
    info = PersonInfo(name, tag)
    assert PersonInfo.of(info.text()) == info
    assert info.changed("", "") == info


@pytest.mark.parametrize("text", ["Ada", '{"name":"Ada"}', '{"person_name":1}', "[]", "{}", '"x"', "1", "[" * 5000])
def test_what_another_api_wrote_is_the_name(text: str) -> None:
    assert PersonInfo.of(text) == PersonInfo(name=text)
    assert PersonInfo.of(PersonInfo.of(text).changed("", "vip").text()) == PersonInfo(text, "vip")


def test_nothing_said_takes_no_room() -> None:
    assert PersonInfo().text() == "" and PersonInfo.of("") == PersonInfo()
    assert PersonInfo("张三", "").text() == '{"person_name":"张三"}'
