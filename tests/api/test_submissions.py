from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.api.options import (
    CompareTemplatesOptions,
    DetectOptions,
    EnrolOptions,
    IdentifyOptions,
    NoOptions,
    PageOptions,
    UserInfoOptions,
)
from edgeface.api.submissions import Message, parse
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceOrder, QualityLevel
from tests.api.wire import multipart

PICTURE = b"\xff\xd8 not really a picture \x00\xff"


def as_json(**fields: object) -> Message:
    return Message("application/json; charset=utf-8", (), json.dumps(fields).encode())


def test_the_three_forms_are_one_submission() -> None:
    query = (("groups", "staff, guests"), ("top", "3"), ("threshold", "72.5"), ("order", "central"))
    body, headers = multipart(image=PICTURE, groups="staff,guests", top="3", threshold="72.5", order="central")
    encoded = b64encode(PICTURE).decode()
    forms = [
        Message("image/jpeg", query, PICTURE),
        Message("", query, PICTURE),
        Message("application/octet-stream", query, PICTURE),
        Message(headers["Content-Type"], (), body),
        Message(
            headers["Content-Type"].replace("form-data", "FORM-data"),
            query[:2],
            multipart(image=PICTURE, threshold="72.5", order="central")[0],
        ),
        as_json(image=encoded, groups=["staff", "guests"], top=3, threshold=72.5, order="central"),
        as_json(
            image=f"data:image/jpeg;base64,{encoded}", groups="staff,guests", top=3, threshold=72.5, order="central"
        ),
        as_json(
            image="\r\n".join(encoded[n : n + 8] for n in range(0, len(encoded), 8)),
            groups=["staff", "guests"],
            top=3,
            threshold=72.5,
            order="central",
        ),
    ]
    for message in forms:
        submission = parse(message, IdentifyOptions, ("image",))
        assert submission.image() == PICTURE
        options = submission.options
        assert (options.groups, options.top, options.threshold) == (("staff", "guests"), 3, 72.5)
        assert options.order is FaceOrder.CENTRAL


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        (as_json(groups=["a"], top="3"), "top"),
        (as_json(groups=["a"], top=True), "top"),
        (as_json(groups=["a"], top=1.5), "top"),
        (as_json(groups=["a"], top=0), "top"),
        (as_json(groups=["a"], top=10**30), "top"),
        (as_json(groups=["a"], threshold="80"), "threshold"),
        (as_json(groups=["a"], threshold=100.001), "threshold"),
        (as_json(groups=["a"], threshold=-1), "threshold"),
        (as_json(groups=[1]), "groups.0"),
        (as_json(groups=[]), "groups"),
        (as_json(groups={"a": 1}), "groups"),
        (as_json(), "groups"),
        (as_json(groups=["a"], colour="red"), "colour"),
        (as_json(groups=["a"], order="tallest"), "order"),
        (as_json(groups=["a"], quality_control="normal"), "quality_control"),
        (as_json(groups=["a"], image=7), "image"),
        (as_json(groups=["a"], image=["x"]), "image"),
        (as_json(groups=["a"], user_id="\ud800"), "user_id"),
        (as_json(groups=["a"], template={"contract_id": "x"}), "template.vector"),
        (as_json(groups=["a"], template="x"), "template"),
        (as_json(groups=["a"], thresholds={"blur": 0.5}), "body"),
        (as_json(groups=["a"], quality_control="CUSTOM", thresholds={"blur": 7}), "thresholds.blur"),
        (as_json(groups=["a"], quality_control="CUSTOM", thresholds={"colour": 7}), "thresholds.colour"),
        (Message("application/json", (("top", "1"),), b'{"groups": ["a"]}'), "top"),
        (Message("application/json", (), b'{"groups": ["a"], "groups": ["b"]}'), "groups"),
        (Message("image/png", (("groups", "a"), ("top", "three")), PICTURE), "top"),
        (Message("image/png", (("groups", "a"), ("top", "")), PICTURE), "top"),
        (Message("image/png", (("groups", "a"), ("threshold", "nan")), PICTURE), "threshold"),
        (Message("image/png", (("groups", "a"), ("groups", "b")), PICTURE), "groups"),
        (Message("image/png", (("groups", "a"), ("x" * 500, "b")), PICTURE), "x" * 64),
        (Message("image/png", (("groups", "a"), ("template", "{}")), PICTURE), "template"),
        (Message(multipart()[1]["Content-Type"], (), multipart(groups=b"\xff")[0]), "groups"),
        (Message(multipart()[1]["Content-Type"], (("groups", "a"),), multipart(groups="b")[0]), "groups"),
    ],
)
def test_a_wrong_parameter_is_named(message: Message, parameter: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(message, IdentifyOptions, ("image",))
    assert caught.value.code is ErrorCode.INVALID_PARAMETER
    assert caught.value.context["parameter"] == parameter
    assert parameter in caught.value.message


def test_every_wrong_parameter_is_listed() -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(as_json(groups=["a"], top=0, threshold=-1), IdentifyOptions)
    assert {item["parameter"] for item in caught.value.context["problems"]} == {"top", "threshold"}


def test_a_picture_given_twice_is_refused() -> None:
    kind = multipart()[1]["Content-Type"]
    body = multipart(image=b"1")[0][:-9] + multipart(image=b"2")[0]
    with pytest.raises(EdgeFaceError, match="image: is given twice"):
        parse(Message(kind, (("groups", "a"),), body), IdentifyOptions, ("image",))


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\x00",
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(Message("application/json", (), body), DetectOptions, ("image",))
    assert caught.value.code in (ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_PARAMETER)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml", "video/mp4"])
def test_other_content_types_are_refused_by_name(kind: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(Message(kind, (), PICTURE), DetectOptions, ("image",))
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


def test_a_picture_where_none_is_taken_is_refused() -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(Message("image/jpeg", (), PICTURE), PageOptions)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize(
    "message",
    [
        Message(),
        Message("image/jpeg", (), b""),
        as_json(image=""),
        as_json(image=None),
        as_json(),
        Message(multipart()[1]["Content-Type"], (), multipart(image=b"")[0]),
    ],
)
def test_no_picture_is_said_when_it_is_needed(message: Message) -> None:
    submission = parse(message, DetectOptions, ("image",))
    with pytest.raises(EdgeFaceError) as caught:
        submission.image()
    assert caught.value.code is ErrorCode.IMAGE_MISSING


def test_broken_base64_has_its_own_code() -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parse(as_json(image="ä!"), DetectOptions, ("image",))
    assert caught.value.code is ErrorCode.IMAGE_BASE64


def test_unicode_stays_as_it_is() -> None:
    for text in ("名前 – Ω", "a\u0000b", "😀" * 20, ""):
        assert parse(as_json(user_info=text), UserInfoOptions).options.user_info == text
        body, headers = multipart(user_info=text)
        assert parse(Message(headers["Content-Type"], (), body), UserInfoOptions).options.user_info == text


def test_a_gate_of_ones_own() -> None:
    message = as_json(quality_control="CUSTOM", thresholds={"blur": 0.25, "complete": True})
    gate = parse(message, EnrolOptions, ("image",)).options.gate
    assert gate is not None and gate.level is QualityLevel.CUSTOM
    assert gate.thresholds is not None and gate.thresholds.blur == 0.25 and gate.thresholds.yaw is None


@pytest.mark.parametrize("vector", ["", "!!!!", "AAA", "AAAA", b64encode(b"12345").decode()])
def test_a_malformed_template_has_its_own_code(vector: str) -> None:
    held = {"contract_id": "c", "vector": vector}
    options = parse(as_json(template=held, template2=held), CompareTemplatesOptions).options
    with pytest.raises(EdgeFaceError) as caught:
        options.template.template()
    assert caught.value.code is ErrorCode.TEMPLATE_INVALID


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(["image", "groups", "top", "threshold", "user_id", "template", "thresholds", "order", "x"])
_ALLOWED = {
    ErrorCode.INVALID_REQUEST,
    ErrorCode.INVALID_PARAMETER,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.IMAGE_BASE64,
}


def read_or_refused(message: Message) -> None:
    for options, images in ((IdentifyOptions, ("image",)), (EnrolOptions, ("image",)), (NoOptions, ())):
        try:
            parse(message, options, images)
        except EdgeFaceError as error:
            assert error.code in _ALLOWED
            json.dumps(error.as_dict("id"))


@given(st.dictionaries(_NAMES, _JSON, max_size=6))
def test_any_json_is_read_or_refused(fields: dict) -> None:
    read_or_refused(Message("application/json", (), json.dumps(fields).encode("utf-8", "surrogatepass")))


@given(
    st.sampled_from(["application/json", "multipart/form-data; boundary=xyz", "image/jpeg", "", "text/html; \x00"])
    | st.text(max_size=40),
    st.lists(st.tuples(_NAMES | st.text(max_size=10), st.text(max_size=10)), max_size=4),
    st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(kind: str, query: list, body: bytes) -> None:
    read_or_refused(Message(kind, query, body))
