"""How a call may be sent, and what a picture may be."""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import cv2
import numpy as np
import pytest
from cloudwalk_calls import FORM, CloudWalk, b64, body_of

from edgeface.config import FetchConfig
from tests import pictures
from tests.api.running import Running, make_config
from tests.api.wire import ask, multipart


def plain(width: int, height: int, suffix: str = ".jpg") -> bytes:
    """A grey picture: large ones are quickly made and have no face."""
    return pictures.encoded(np.full((height, width, 3), 128, np.uint8), suffix)


# --- the wire


def test_json_with_numbers_and_with_texts(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    def post(call: str, **body: object) -> dict[str, object]:
        return body_of(ask(cloudwalk.socket, "POST", f"/face/{call}", body))

    cloudwalk.group("cwJson")
    number = post("clustering/face/create", groupId="cwJson", img=b64(astronaut), tag="t")["faceId"]
    for face_id in (number, str(number)):
        found = post("clustering/face/query", type="queryByFaceId", groupId="cwJson", faceId=face_id)
        assert found["rows"] == [{"faceId": number, "tag": "t"}]
    for top, mode in ((1, True), ("1", "true")):
        found = post("recog/group/identify", groupId="cwJson", img=b64(astronaut), topN=top)
        assert found["faces"][0]["faceId"] == number
        assert post("tool/detect", img=b64(astronaut), mode=mode)["faces"][0]["img"] != "null"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff{}", b'{"img": 1.5}', b'{"img": ["x"]}', b'{"img": "\\ud800"}', b'{"a":' * 10_000]
)
def test_json_that_cannot_be_read(cloudwalk: CloudWalk, body: bytes) -> None:
    answer = ask(cloudwalk.socket, "POST", "/face/tool/detect", body, {"Content-Type": "application/json"})
    assert body_of(answer)["result"] == 4101


def test_multipart_with_base64_and_with_a_file(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    for picture in (astronaut, b64(astronaut)):
        body, headers = multipart(img=picture, mode="false")
        found = body_of(ask(cloudwalk.socket, "POST", "/face/tool/detect", body, headers))
        assert len(found["faces"]) == 1
    broken = body[: len(body) // 2]
    assert body_of(ask(cloudwalk.socket, "POST", "/face/tool/detect", broken, headers))["result"] == 4101


def test_query_and_get(cloudwalk: CloudWalk) -> None:
    cloudwalk.group("cwQuery", "seen")
    target = "/face/clustering/group/query?type=queryByGroupId&groupId=cwQuery"
    for method in ("GET", "POST"):
        assert body_of(ask(cloudwalk.socket, method, target))["rows"][0]["info"] == "seen"
    # What the body says goes before what the query says.
    body = urlencode({"groupId": "cwNowhere"})
    assert body_of(ask(cloudwalk.socket, "POST", target, body, FORM))["result"] == 12357


@pytest.mark.parametrize("call", ["group/create", "group/delete", "face/create", "face/delete", "face/edit"])
def test_get_changes_nothing(cloudwalk: CloudWalk, call: str) -> None:
    answer = ask(cloudwalk.socket, "GET", f"/face/clustering/{call}?groupId=cwByGet&tag=t")
    assert body_of(answer)["result"] == 4100


def test_plus_signs_without_their_escape(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    text = b64(astronaut)
    assert "+" in text
    for body in (f"img={text}", f"img={quote(text, safe='')}", f"img={quote(text, safe='+/=')}"):
        assert body_of(ask(cloudwalk.socket, "POST", "/face/tool/detect", body, FORM))["result"] == 0


@pytest.mark.parametrize("shape", ["data:image/jpeg;base64,{}", "{}\r\n"])
def test_base64_in_the_shapes_of_the_wild(cloudwalk: CloudWalk, astronaut: bytes, shape: str) -> None:
    cloudwalk.ok("tool/detect", img=shape.format(b64(astronaut)))


def test_forms_that_cannot_be_read(cloudwalk: CloudWalk) -> None:
    for body, kind in (
        ("&".join(f"f{number}=1" for number in range(65)), FORM["Content-Type"]),
        ("img=%ff%fe&mode=%ff", FORM["Content-Type"]),
        ("<xml/>", "text/xml"),
    ):
        answer = ask(cloudwalk.socket, "POST", "/face/tool/detect", body, {"Content-Type": kind})
        assert body_of(answer)["result"] == 4101


def test_unknown_fields_are_ignored(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    cloudwalk.ok("tool/detect", img=astronaut, app_id="user", app_secret="12345", version="1.24")


# --- pictures


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_formats_that_are_taken(cloudwalk: CloudWalk, suffix: str) -> None:
    image = pictures.resized(pictures.astronaut(), 0.6)
    assert len(cloudwalk.ok("tool/detect", img=pictures.encoded(image, suffix))["faces"]) == 1


@pytest.mark.parametrize("call", ["tool/detect", "tool/attribute", "tool/keypt", "tool/feature", "tool/removeWater"])
def test_formats_that_are_not(cloudwalk: CloudWalk, call: str) -> None:
    webp = pictures.encoded(pictures.astronaut(), ".webp")
    tiff = pictures.encoded(pictures.astronaut(), ".tiff")
    jpeg = pictures.encoded(pictures.astronaut(), ".jpg")
    for data in (webp, tiff, b"no picture at all", jpeg[: len(jpeg) // 2]):
        assert cloudwalk(call, img=data) == {"result": 8497, "info": "Base64 编码错误或图片原始数据错误"}
    for text in ("no base64!", "图片"):
        assert cloudwalk.refused(call, img=text) == 8497


def test_the_smallest_picture(cloudwalk: CloudWalk) -> None:
    assert cloudwalk.refused("tool/detect", img=plain(24, 24, ".png")) == 8464
    for width, height in ((23, 24), (24, 23)):
        body = cloudwalk("tool/detect", img=plain(width, height, ".png"))
        assert body == {"result": 8499, "info": "图片太小,最小尺寸 24*24"}


def test_the_largest_picture(cloudwalk: CloudWalk) -> None:
    assert cloudwalk.refused("tool/detect", img=plain(6000, 4000)) == 8464
    for width, height in ((6001, 4000), (6000, 4001)):
        body = cloudwalk("tool/detect", img=plain(width, height))
        assert body == {"result": 8498, "info": "图片太大,最大尺寸 6000*4000"}


def test_more_than_three_megabytes_are_recommended_against_only(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    data = pictures.encoded(noise, ".png")
    assert 3 * 1024 * 1024 < len(data) < 4_000_000
    assert cloudwalk.refused("tool/detect", img=data) == 8464
    assert cloudwalk.refused("tool/detect", img="A" * 6_000_001) == 8498


def test_faces_below_thirty_pixels(cloudwalk: CloudWalk) -> None:
    """The face is 92 pixels wide. (Exactly 30 pixels: tests/numbered.)"""

    def detect(width: float) -> dict[str, object]:
        image = pictures.resized(pictures.astronaut(), width / 92)
        return cloudwalk("tool/detect", img=pictures.encoded(image, ".png"))

    large = detect(36)
    assert large["result"] == 0 and large["faces"][0]["width"] >= 30
    assert detect(26.5) == {"result": 8466, "info": "人脸太小"}


def test_a_picture_that_is_missing(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    for call, given in {
        "tool/detect": {},
        "tool/attribute": {"url": ""},
        "tool/keypt": {"img": ""},
        "tool/feature": {"imgA": astronaut},
        "tool/removeWater": {},
        "tool/compare": {"imgA": astronaut},
        "tool/compare/ext1": {"imgB": astronaut},
    }.items():
        body = cloudwalk(call, **given)
        assert body["result"] == 4097 and body["info"].startswith("参数不完整: "), call


# --- pictures by URL


@pytest.fixture(scope="module")
def fetching(astronaut: bytes, hopper: bytes) -> Iterator[tuple[CloudWalk, str, Running]]:
    """A caller of a daemon that may fetch from this machine, and the address of a server with pictures there."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = {"/astronaut.jpg": astronaut, "/hopper.jpg": hopper}.get(self.path, b"")
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Nothing is printed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    config = make_config(folder).model_copy(update={"fetch": FetchConfig(enabled=True, hosts=("127.0.0.1",))})
    daemon = Running(config)
    try:
        yield CloudWalk(daemon.socket), f"http://127.0.0.1:{server.server_port}", daemon
    finally:
        daemon.close()
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder, ignore_errors=True)


def test_every_call_takes_a_url(fetching: tuple[CloudWalk, str, Running]) -> None:
    cloudwalk, site, _ = fetching
    one, other = f"{site}/astronaut.jpg", f"{site}/hopper.jpg"
    for call in ("detect", "attribute", "keypt", "feature", "removeWater"):
        cloudwalk.ok(f"tool/{call}", url=one)
    assert cloudwalk.ok("tool/compare", urlA=one, urlB=one)["score"] == 1.0
    assert cloudwalk.ok("tool/compare", urlA=one, urlB=other)["score"] < 0.8
    assert len(cloudwalk.ok("tool/compare/ext1", urlA=one, urlB=other)["faces"]) == 1
    cloudwalk.group("cwUrl")
    number = cloudwalk.ok("clustering/face/create", groupId="cwUrl", url=one)["faceId"]
    cloudwalk.ok("clustering/face/edit", groupId="cwUrl", faceId=number, url=other)
    assert cloudwalk.ok("recog/group/compare", groupId="cwUrl", faceId=number, url=other)["score"] == 1.0
    assert cloudwalk.refused("tool/detect", url=f"{site}/nothing.jpg") == 4102


def test_the_picture_at_hand_goes_before_the_url(fetching: tuple[CloudWalk, str, Running], astronaut: bytes) -> None:
    cloudwalk, site, _ = fetching
    given = {"imgA": astronaut, "urlA": f"{site}/nothing.jpg", "urlB": f"{site}/astronaut.jpg"}
    assert cloudwalk.ok("tool/compare", **given)["score"] == 1.0


def test_urls_are_refused_unless_fetching_is_switched_on(cloudwalk: CloudWalk) -> None:
    body = cloudwalk("tool/detect", url="http://example.org/a.jpg")
    assert body == {"result": 4102, "info": "服务访问错误"}


def test_the_picture_of_a_face_is_a_jpeg(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    (face,) = cloudwalk.ok("tool/detect", img=astronaut, mode="true")["faces"]
    data = base64.b64decode(face["img"], validate=True)
    assert data.startswith(b"\xff\xd8\xff")
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None
    assert json.dumps(face["img"])
