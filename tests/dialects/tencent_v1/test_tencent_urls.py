"""Pictures by URL: off unless configured, and then each picture of a call has an outcome of its own."""

from __future__ import annotations

import pytest
from tencent_calls import Tencent

from tests.api.running import Running


@pytest.fixture(scope="module")
def online(fetching: Running) -> Tencent:
    return Tencent(fetching.socket)


def test_urls_are_not_fetched_by_default(tencent: Tencent, pages: str, astronaut: bytes) -> None:
    address = f"{pages}/astronaut.jpg"
    assert tencent.code("detect", url=address) == -1308
    assert tencent.code("newperson", person_id="ud1", group_ids=["ud"], url=address) == -1308
    tencent.person("ud2", ["ud"], astronaut)
    body = tencent.json("addface", person_id="ud2", urls=[address])
    assert body["code"] == -1308 and body["data"]["ret_codes"] == [-1308]


def test_a_call_by_url(online: Tencent, pages: str) -> None:
    data = online.ok("newperson", person_id="uc1", group_ids=["uc-a", "uc_b"], url=f"{pages}/astronaut.jpg")
    assert data["group_ids"] == ["uc-a", "uc_b"]
    assert online.ok("verify", person_id="uc1", url=f"{pages}/astronaut.jpg")["ismatch"] is True
    assert online.ok("verify", person_id="uc1", url=f"{pages}/hopper.jpg")["ismatch"] is False
    (candidate,) = online.ok("identify", group_id="uc-a", url=f"{pages}/astronaut.jpg")["candidates"]
    assert candidate["person_id"] == "uc1"
    assert len(online.ok("detect", url=f"{pages}/hopper.jpg", mode=1)["face"]) == 1


def test_the_url_wins(online: Tencent, pages: str, astronaut: bytes) -> None:
    online.person("uw1", ["uw"], astronaut)
    data = online.form("verify", person_id="uw1", image=astronaut, url=f"{pages}/hopper.jpg")["data"]
    assert data["ismatch"] is False
    data = online.form("compare", imageA=astronaut, urlA=f"{pages}/hopper.jpg", imageB=astronaut)["data"]
    assert data["similarity"] < 80


def test_each_picture_of_addface_has_an_outcome_of_its_own(online: Tencent, pages: str, no_face: bytes) -> None:
    online.ok("newperson", person_id="ua1", group_ids=["ua"], url=f"{pages}/astronaut.jpg")
    urls = [f"{pages}/{name}.jpg" for name in ("missing", "hopper", "no_face", "astronaut")]
    body = online.json("addface", person_id="ua1", urls=urls)
    assert body["code"] == 0 and body["data"]["ret_codes"] == [-1308, 0, -1101, -1312]
    assert len(online.ok("getfaceids", person_id="ua1")["face_ids"]) == 2


def test_fetched_pictures_take_no_more_room_than_sent_ones(online: Tencent, pages: str, astronaut: bytes) -> None:
    """Together they may be as large as a request (here 2,000,000 bytes)."""
    online.person("ul1", ["ul"], astronaut)
    urls = [f"{pages}/{name}.jpg" for name in ("large1", "large2", "hopper")]
    assert online.json("addface", person_id="ul1", urls=urls)["data"]["ret_codes"] == [-1400, -1102, 0]


def test_compare_by_url_says_which_picture_failed(online: Tencent, pages: str) -> None:
    good, bad = f"{pages}/astronaut.jpg", f"{pages}/missing.jpg"
    assert online.ok("compare", urlA=good, urlB=good)["similarity"] == 100.0
    for urls, flag in (({"urlA": bad, "urlB": good}, 1), ({"urlA": good, "urlB": bad}, 2)):
        body = online.json("compare", **urls)
        assert body["code"] == -1308 and body["data"]["fail_flag"] == flag


@pytest.mark.parametrize(
    "url", ["no url", "file:///etc/passwd", "http://localhost/a.jpg", "http://127.0.0.1:1/a.jpg"]
)
def test_what_is_not_fetched(online: Tencent, url: str) -> None:
    assert online.code("detect", url=url) == -1308


def test_a_url_is_a_text(online: Tencent) -> None:
    assert online.code("detect", url=["http://127.0.0.1/"]) == 21
    assert online.code("detect", url="") == -1300
