"""``image`` and ``image_type`` of every call that takes a picture: base64, URL, face token, and the sizes."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from edgeface.api.dialects.baidu_v3.portraits import MOST_BASE64, MOST_BYTES
from edgeface.api.fetch import Fetcher
from edgeface.config import FetchConfig, ImageLimits
from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import QualityLevel
from tests import pictures
from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, instead, of, text_of, token


@pytest.fixture(scope="module")
def site(hopper) -> Iterator[str]:
    """A web server with one picture."""
    data = base64.b64decode(hopper)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/hopper.jpg" else 404)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetching(daemon) -> Iterator[None]:
    fetcher = Fetcher(FetchConfig(enabled=True, hosts=("127.0.0.1",), timeout_s=5), ImageLimits())
    with instead(daemon.services, "fetcher", fetcher):
        yield


def test_the_same_picture_has_the_same_token(baidu, collins, hopper) -> None:
    one, again, other = (baidu("v3/detect", of(text))["face_list"][0] for text in (collins, collins, hopper))
    assert one["face_token"] == again["face_token"] != other["face_token"]


def test_a_token_is_looked_at_again(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper, face_field="quality,landmark,landmark150"))["face_list"]
    again = baidu("v3/detect", token(face["face_token"], face_field="quality,landmark,landmark150"))
    assert again == {"face_num": 1, "face_list": [face]}


def test_a_token_is_enrolled_searched_and_matched(baidu, hopper, hopper_again) -> None:
    (face,) = baidu("v3/detect", of(hopper))["face_list"]
    added = baidu("v3/faceset/user/add", token(face["face_token"], group_id="tokens", user_id="grace"))
    assert added == {"face_token": face["face_token"], "location": face["location"]}
    found = baidu("v3/search", token(face["face_token"], group_id_list="tokens"))
    assert found["face_token"] == face["face_token"] and found["user_list"][0]["user_id"] == "grace"
    assert baidu("v3/multi-search", token(face["face_token"], group_id_list="tokens"))["face_num"] == 1
    pair = baidu("v3/match", [token(face["face_token"]), of(hopper_again)])
    assert pair["score"] > 80 and pair["face_list"][0] == {"face_token": face["face_token"]}


def test_an_enrolled_token_lasts_and_has_no_place(baidu, daemon, hopper) -> None:
    added = baidu("v3/faceset/user/add", of(hopper, group_id="lasting", user_id="grace"))
    daemon.engine.forget([added["face_token"]])
    (face,) = baidu("v3/detect", token(added["face_token"], face_field="quality,landmark"))["face_list"]
    assert face == {"face_token": added["face_token"]}
    copied = baidu("v3/faceset/user/add", token(added["face_token"], group_id="lasting2", user_id="grace"))
    assert copied == {"face_token": added["face_token"]}
    assert baidu("v3/multi-search", token(added["face_token"], group_id_list="lasting2"))["face_list"] == [
        {
            "face_token": added["face_token"],
            "user_list": [{"group_id": "lasting2", "user_id": "grace", "user_info": "", "score": 100.0}],
        }
    ]


def test_an_unknown_token(baidu, daemon) -> None:
    assert baidu.error("v3/detect", token("a" * 64)) == 222209
    (face,) = baidu("v3/detect", of(text_of(pictures.moved(pictures.astronaut(), x=7))))["face_list"]
    daemon.engine.forget([face["face_token"]])
    baidu.fill("unknown_tokens", ["ada"])
    for call in ("v3/search", "v3/multi-search"):
        assert baidu.error(call, token(face["face_token"], group_id_list="unknown_tokens")) == 222209
    assert baidu.error("v3/faceset/user/add", token(face["face_token"], group_id="t", user_id="ada")) == 222209


@pytest.mark.parametrize("wrong", ["a" * 65, "no token", "人脸", "../../etc"])
def test_a_malformed_token(baidu, wrong) -> None:
    assert baidu.error("v3/detect", token(wrong)) == 222025


def test_the_token_of_an_id_photograph_is_none(baidu, daemon) -> None:
    photograph = pictures.encoded(pictures.moved(pictures.hopper(), x=3), ".jpg")
    register = IdRegister(daemon.engine)
    face = register.add(photograph, "110233112299822219", NAME, gate=Gate(QualityLevel.NONE)).face
    try:
        assert baidu.error("v3/detect", token(face.token)) == 222209
        assert baidu.error("v3/match", [token(face.token)] * 2) == 222209
        # Somebody who has the picture itself may use its token.
        baidu("v3/detect", of(base64.b64encode(photograph).decode()))
        assert baidu("v3/detect", token(face.token))["face_num"] == 1
    finally:
        register.remove("110233112299822219")


def test_a_url_is_not_fetched_unless_configured(baidu) -> None:
    assert baidu.error("v3/detect", image="http://127.0.0.1/hopper.jpg", image_type="URL") == 222204


def test_a_url_is_fetched_where_configured(baidu, fetching, site, hopper) -> None:
    by_url = baidu("v3/detect", image=f"{site}/hopper.jpg", image_type="URL")
    assert by_url == baidu("v3/detect", of(hopper))
    pair = baidu("v3/match", [{"image": f"{site}/hopper.jpg", "image_type": "URL"}, of(hopper)])
    assert pair["score"] == 100.0


@pytest.mark.parametrize("url", ["/missing.jpg", "ftp://127.0.0.1/x.jpg", "http://", "http://elsewhere.invalid/x"])
def test_a_url_without_a_picture(baidu, fetching, site, url: str) -> None:
    url = site + url if url.startswith("/") else url
    assert baidu.error("v3/detect", image=url, image_type="URL") == 222204


def test_a_url_that_fails_changes_nothing(baidu, daemon) -> None:
    given = {"image": "http://127.0.0.1/x.jpg", "image_type": "URL", "group_id": "urls", "user_id": "ada"}
    assert baidu.error("v3/faceset/user/add", given) == 222204
    assert not daemon.engine.gallery.has_group("urls")


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"image_type": "BASE64"}, 222001),
        ({"image_type": "BASE64", "image": ""}, 222001),
        ({"image_type": "BASE64", "image": None}, 222001),
        ({"image": "aGk="}, 222001),
        ({"image": "aGk=", "image_type": ""}, 222001),
        ({"image": "aGk=", "image_type": "JPEG"}, 222015),
        ({"image": "aGk=", "image_type": "base64"}, 222015),
        ({"image": "aGk=", "image_type": 7}, 222015),
        ({"image": ["aGk="], "image_type": "BASE64"}, 222013),
        ({"image": 5, "image_type": "BASE64"}, 222013),
        ({"image": "§§§", "image_type": "BASE64"}, 222013),
        ({"image": "abcde", "image_type": "BASE64"}, 222013),
        ({"image": "aGVsbG8=", "image_type": "BASE64"}, 222203),
    ],
)
def test_a_picture_that_is_none(baidu, given, number: int) -> None:
    assert baidu.error("v3/detect", given) == number


def test_the_missing_parameter_is_named(baidu) -> None:
    assert baidu.raw("v3/detect", {"image_type": "BASE64"}).json["error_msg"] == "param[image] is null"
    assert baidu.raw("v3/detect", {"image": "aGk="}).json["error_msg"] == "param[image_type] is null"


def test_damaged_and_foreign_files(baidu, collins) -> None:
    data = base64.b64decode(collins)
    for wrong in (
        data[: len(data) // 2],
        b"GIF89a" + bytes(200),
        pictures.encoded(np.zeros((8, 8, 3), np.uint8), ".png"),
    ):
        assert baidu.error("v3/detect", of(base64.b64encode(wrong).decode())) == 222203


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_formats(baidu, suffix: str) -> None:
    picture = text_of(pictures.resized(pictures.hopper(), 0.5), suffix=suffix)
    assert baidu("v3/detect", of(picture))["face_num"] == 1


def test_base64_as_people_write_it(baidu, collins) -> None:
    plain = baidu("v3/detect", of(collins))
    wrapped = "\n".join(collins[at : at + 76] for at in range(0, len(collins), 76))
    assert baidu("v3/detect", of(wrapped)) == plain
    assert baidu("v3/detect", of("data:image/jpeg;base64," + collins)) == plain


def test_base64_of_2m_and_one_more(baidu, collins) -> None:
    assert MOST_BASE64 == 2 * 1024 * 1024
    assert baidu("v3/detect", of(collins.ljust(MOST_BASE64, "\n")))["face_num"] == 1
    assert baidu.error("v3/detect", of(collins.ljust(MOST_BASE64 + 1, "\n"))) == 222013


def test_a_body_of_10m_and_one_more(baidu, collins) -> None:
    assert MOST_BYTES == 10 * 1024 * 1024
    body = json.dumps(of(collins)).encode()
    assert baidu("v3/detect", body.ljust(MOST_BYTES))["face_num"] == 1
    assert baidu.error("v3/detect", body.ljust(MOST_BYTES + 1)) == 222013


def _canvas(width: int, height: int) -> str:
    canvas = np.full((height, width, 3), 110, np.uint8)
    portrait = pictures.hopper()
    canvas[: portrait.shape[0], : portrait.shape[1]] = portrait
    return text_of(canvas)


def test_version_4_takes_1920_by_1080_and_no_more(baidu, registered) -> None:
    small = text_of(pictures.hopper())
    for width, height in ((1920, 1080), (1080, 1920)):
        fits, wider = _canvas(width, height), _canvas(width + 1, height)
        higher = _canvas(width, height + 1)
        assert baidu("v4/mingjing/match", image=fits, register_image=small)["score"] > 80
        for large in (wider, higher):
            assert baidu.error("v4/mingjing/match", image=large, register_image=small) == 222013
    assert baidu.error("v4/mingjing/match", image=small, register_image=wider) == 222013
    assert baidu.error("v4/mingjing/verify", id_card_number=NUMBER, name=NAME, image=wider) == 222013
    assert baidu.error("v4/faceverify", sdk_version="1", image_list=[wider]) == 222013
    assert baidu("v3/detect", of(wider))["face_num"] == 1  # version 3 has no such limit


def test_version_4_takes_more_than_2m(baidu) -> None:
    large = text_of(pictures.hopper()).ljust(MOST_BASE64 + 1, "\n")
    assert baidu("v4/mingjing/match", image=large, register_image=large)["score"] == 100.0
