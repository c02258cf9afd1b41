"""The register through the socket: the calls, who may make them, and that nothing of them is written down."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from edgeface.api.native.dialect import endpoints
from edgeface.api.options import IdNumberOptions, RegisterOptions, VerifyIdOptions
from edgeface.client import Client
from edgeface.config import QualityThresholds
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import QualityLevel, Role
from tests.api.running import Running, running
from tests.api.wire import ask, multipart

NUMBER = "110233112299822211"
NAME = "Zhang Wei-Unmistakable"
NONE = QualityLevel.NONE


@pytest.fixture
def client(daemon: Running) -> Iterator[Client]:
    with Client(daemon.socket) as made:
        before = made.registered()
        yield made
        assert made.registered() == before, "the daemon is common: a test removes what it registered"


def test_registering_verifying_and_removing(client: Client, portrait: bytes, other_portrait: bytes) -> None:
    assert client.register_id(portrait, NUMBER, NAME, quality_control=NONE).box.width > 50
    assert client.registered() == 1
    same = client.verify_id(portrait, NUMBER, NAME, quality_control=NONE)
    assert same.same_person and same.score > 80 and same.fmr < 1e-4 and same.face.template is None
    assert not client.verify_id(other_portrait, NUMBER, NAME).same_person
    client.register_id(other_portrait, NUMBER, NAME, replace=False, quality_control=NONE)
    assert client.verify_id(other_portrait, NUMBER, NAME).same_person
    assert client.remove_id(NUMBER) == 2


def test_errors_are_the_catalogues(client: Client, portrait: bytes, no_face: bytes) -> None:
    client.register_id(portrait, NUMBER, NAME, quality_control=NONE)
    tiny = QualityThresholds(face_size=5000)
    for call, code in (
        (lambda: client.verify_id(portrait, "110233112299822", NAME), ErrorCode.ID_NOT_REGISTERED),
        (lambda: client.verify_id(portrait, NUMBER, "Somebody Else"), ErrorCode.ID_NAME_MISMATCH),
        (lambda: client.verify_id(portrait, "123", NAME), ErrorCode.INVALID_PARAMETER),
        (lambda: client.verify_id(portrait, NUMBER, "a" * 201), ErrorCode.INVALID_PARAMETER),
        (lambda: client.register_id(portrait, NUMBER, " "), ErrorCode.INVALID_PARAMETER),
        (lambda: client.verify_id(no_face, NUMBER, NAME), ErrorCode.NO_FACE),
        (lambda: client.verify_id(b"", NUMBER, NAME), ErrorCode.IMAGE_MISSING),
        (
            lambda: client.verify_id(portrait, NUMBER, NAME, quality_control=QualityLevel.CUSTOM, thresholds=tiny),
            ErrorCode.QUALITY,
        ),
        (lambda: client.remove_id("110233112299822"), ErrorCode.ID_NOT_REGISTERED),
        (lambda: client.remove_id("no number"), ErrorCode.INVALID_PARAMETER),
        (lambda: client.identify(portrait, ["id_register"]), ErrorCode.GROUP_NOT_FOUND),
    ):
        with pytest.raises(EdgeFaceError) as caught:
            call()
        assert caught.value.code is code
        assert NUMBER not in str(caught.value.context) and NAME not in caught.value.message
    client.remove_id(NUMBER)


def test_the_three_ways_in_json_form_and_never_the_address(daemon: Running, portrait: bytes) -> None:
    fields = {"id_number": NUMBER, "name": NAME, "quality_control": "NONE"}
    made = ask(daemon.socket, "POST", "/v1/register", {**fields, "image": b64encode(portrait).decode()})
    assert made.status == 201 and set(made.json) == {"face"} and "template" not in made.json["face"]
    body, form = multipart(**fields, image=portrait)
    assert ask(daemon.socket, "POST", "/v1/register/verify", body, form).json["same_person"] is True
    query = f"?id_number={NUMBER}&name={quote(NAME)}"
    jpeg = {"Content-Type": "image/jpeg"}
    for path in ("/v1/register", "/v1/register/verify", "/v1/register/remove"):
        refused = ask(daemon.socket, "POST", path + query, portrait, jpeg)
        assert refused.code == "invalid_parameter"
        assert NUMBER.encode() not in refused.body and b"Unmistakable" not in refused.body
    assert ask(daemon.socket, "POST", "/v1/register?quality_control=NONE", body, form).code == "invalid_parameter"
    assert ask(daemon.socket, "DELETE", f"/v1/register/{NUMBER}").code == "not_found"
    assert ask(daemon.socket, "POST", "/v1/register/remove", {"id_number": NUMBER}).json == {"faces": 1}


def test_neither_number_nor_name_is_logged_or_measured(portrait: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running() as daemon, Client(daemon.socket) as client:
        client.register_id(portrait, NUMBER, NAME, quality_control=NONE)
        client.verify_id(portrait, NUMBER, NAME)
        for wrong in (("12345678901234567890", NAME), (NUMBER, "Unmistakable " * 40), (NUMBER, "Unmistakable")):
            with pytest.raises(EdgeFaceError):
                client.verify_id(portrait, *wrong)
        ask(daemon.socket, "POST", f"/v1/register/verify?id_number={NUMBER}", portrait)
        ask(daemon.socket, "DELETE", f"/v1/register/{NUMBER}")
        client.remove_id(NUMBER)
        measured = client.metrics()
    written = "\n".join(f"{record.getMessage()} {getattr(record, 'fields', {})}" for record in caplog.records)
    assert "/v1/register/verify" in written and "/v1/register/verify" in measured
    for text in (written, measured):
        assert NUMBER not in text and "Unmistakable" not in text and "12345678901234567890" not in text


def test_matchers_verify_and_only_admins_register() -> None:
    roles = {item.endpoint.name: item.endpoint.role for item in endpoints() if "register" in item.endpoint.path}
    assert roles == {
        "registered": Role.ADMIN,
        "register_id": Role.ADMIN,
        "remove_id": Role.ADMIN,
        "verify_id": Role.MATCHER,
    }


def test_every_call_that_takes_a_number_takes_it_in_the_body_only() -> None:
    for item in endpoints():
        if item.endpoint.options in (IdNumberOptions, RegisterOptions, VerifyIdOptions):
            assert item.endpoint.body_only


def test_an_imported_register_answers_at_once(portrait: bytes) -> None:
    passphrase = {"X-EdgeFace-Passphrase": "correct%20horse"}
    with running() as one, Client(one.socket) as client:
        client.register_id(portrait, NUMBER, NAME, quality_control=NONE)
        archive = ask(one.socket, "POST", "/v1/gallery/export", headers=passphrase).body
    with running() as two, Client(two.socket) as client:
        assert ask(two.socket, "POST", "/v1/gallery/import", archive, passphrase).status == 200
        assert client.verify_id(portrait, NUMBER, NAME).same_person
        assert client.registered() == 1
