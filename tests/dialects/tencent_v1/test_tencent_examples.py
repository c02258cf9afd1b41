"""The document's example requests, as they stand there."""

from __future__ import annotations

import pytest
from tencent_calls import Tencent, body_of

from tests.api.running import Running
from tests.api.wire import ask

SIGNATURE = "FCHXdPTEwMDAwMzc5Jms9QUtJRGVRZDBrRU1yM2J4ZjhRckJi=="
JSON_EXAMPLE = b"""{
"appid":"123456",
"person_id":"person1",
"url":"http://test-123456.image.myqcloud.com/test.jpg"
}"""
FORM_EXAMPLE = b"""----------------acebdf13572468
Content-Disposition: form-data; name="appid";

123456
----------------acebdf13572468
Content-Disposition: form-data; name="person_id";

Person1
----------------acebdf13572468
Content-Disposition: form-data; name="image"; filename="test.jpg"
Content-Type: image/jpeg

xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
----------------acebdf13572468--"""
PICTURE = b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"


def send(daemon: Running, body: bytes, content_type: str) -> dict[str, object]:
    headers = {"Authorization": SIGNATURE, "Host": "recognition.image.myqcloud.com", "Content-Type": content_type}
    return body_of(ask(daemon.socket, "POST", "/face/verify", body, headers))


@pytest.fixture(scope="module")
def persons(tencent: Tencent, astronaut: bytes) -> None:
    tencent.person("person1", ["examples"], astronaut)
    tencent.person("Person1", ["examples"], astronaut)


def test_with_an_image(daemon: Running, persons: None, astronaut: bytes) -> None:
    body = FORM_EXAMPLE.replace(b"\n", b"\r\n")
    kind = "multipart/form-data;boundary=--------------acebdf13572468"
    assert send(daemon, body, kind)["code"] == -1400  # the example's picture is a row of x
    answer = send(daemon, body.replace(PICTURE, astronaut), kind)
    assert answer["code"] == 0 and answer["message"] == "OK"
    data = answer["data"]
    assert isinstance(data, dict) and set(data) == {"session_id", "confidence", "ismatch"}
    assert type(data["confidence"]) is float and data["ismatch"] is True


def test_with_a_url(daemon: Running, persons: None) -> None:
    """Nothing leaves the device unless its configuration says so."""
    answer = send(daemon, JSON_EXAMPLE, "application/json")
    assert answer["code"] == -1308
