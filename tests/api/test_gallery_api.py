"""Enrolment, decisions and the gallery over the wire, with the real engine."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest

from tests import pictures
from tests.api.running import Running, running
from tests.api.wire import Answer, ask, multipart

JPEG = {"Content-Type": "image/jpeg"}
LOOSE = "quality_control=NONE"
_numbers = itertools.count()


@pytest.fixture
def group() -> str:
    return f"group_{next(_numbers)}"


def enrol(daemon: Running, group: str, user: str, picture: bytes, query: str = LOOSE, method: str = "POST") -> Answer:
    return ask(daemon.socket, method, f"/v1/groups/{group}/users/{user}/faces?{query}", picture, JPEG)


def identify(daemon: Running, picture: bytes, query: str) -> Answer:
    return ask(daemon.socket, "POST", f"/v1/identify?{query}", picture, JPEG)


def test_enrol_identify_verify(daemon: Running, group: str, portrait: bytes, other_portrait: bytes) -> None:
    answer = enrol(daemon, group, "eileen", portrait, f"{LOOSE}&user_info=Eileen%20Collins%20%E2%9C%93")
    assert answer.status == 201
    token = answer.json["record"]["face_token"]
    assert token == answer.json["face"]["face_token"]
    assert "template" not in answer.json["face"]
    assert enrol(daemon, group, "grace", other_portrait).status == 201

    found = identify(daemon, portrait, f"groups={group}").json
    (match,) = found["matches"]
    assert (match["user_id"], match["user_info"], match["face_token"]) == ("eileen", "Eileen Collins ✓", token)
    assert match["score"] >= found["threshold"]

    verified = ask(daemon.socket, "POST", f"/v1/verify?group_id={group}&user_id=eileen", portrait, JPEG).json
    assert verified["accepted"] and verified["match"]["user_id"] == "eileen"
    refused = ask(daemon.socket, "POST", f"/v1/verify?group_id={group}&user_id=grace", portrait, JPEG).json
    assert not refused["accepted"] and refused["match"]["user_id"] == "grace"

    everyone = identify(daemon, portrait, f"groups={group}&top=5&threshold=0").json["matches"]
    assert [item["user_id"] for item in everyone] == ["eileen", "grace"]
    only = identify(daemon, portrait, f"groups={group}&user_id=grace&threshold=0").json["matches"]
    assert [item["user_id"] for item in only] == ["grace"]


def test_every_face_of_a_picture_is_identified(
    daemon: Running, group: str, portrait: bytes, other_portrait: bytes
) -> None:
    enrol(daemon, group, "eileen", portrait)
    enrol(daemon, group, "grace", other_portrait)
    two = cv2.hconcat([pictures.astronaut(), cv2.resize(pictures.hopper(), (437, 512), interpolation=cv2.INTER_AREA)])
    body, headers = multipart(image=pictures.encoded(two, ".jpg"), groups=group, threshold="50")
    faces = ask(daemon.socket, "POST", "/v1/identify/all", body, headers).json["faces"]
    named = {item["matches"][0]["user_id"] for item in faces if item["matches"]}
    assert named == {"eileen", "grace"}


def test_a_template_serves_instead_of_a_picture(daemon: Running, group: str, portrait: bytes) -> None:
    template = ask(daemon.socket, "POST", "/v1/embed", portrait, JPEG).json["face"]["template"]
    faces = f"/v1/groups/{group}/users/ada/faces"
    answer = ask(daemon.socket, "POST", faces, {"template": template, "user_info": "x"})
    assert answer.status == 201 and "face" not in answer.json
    found = ask(daemon.socket, "POST", "/v1/identify", {"template": template, "groups": [group]}).json
    assert [item["user_id"] for item in found["matches"]] == ["ada"] and "face" not in found
    both = ask(daemon.socket, "POST", "/v1/identify", {"template": template, "groups": [group], "image": "aGFsbG8="})
    assert both.code == "invalid_parameter"


def test_the_same_picture_twice_and_replacing_it(
    daemon: Running, group: str, portrait: bytes, other_portrait: bytes
) -> None:
    assert enrol(daemon, group, "ada", portrait).status == 201
    assert enrol(daemon, group, "ada", portrait).code == "face_exists"
    nearly = pictures.encoded(pictures.astronaut(), ".png")
    assert enrol(daemon, group, "ada", nearly).code in ("face_nearly_identical", "face_exists")
    replaced = enrol(daemon, group, "ada", other_portrait, method="PUT")
    assert replaced.status == 200
    faces = ask(daemon.socket, "GET", f"/v1/groups/{group}/users/ada/faces").json["faces"]
    assert [item["face_token"] for item in faces] == [replaced.json["record"]["face_token"]]


def test_what_cannot_be_enrolled(daemon: Running, group: str, portrait: bytes, no_face: bytes) -> None:
    assert enrol(daemon, group, "ada", no_face).code == "no_face"
    assert enrol(daemon, group, "ada", portrait, f"{LOOSE}&create_group=false").code == "group_not_found"
    assert enrol(daemon, group, "a%2Fb", portrait).code == "invalid_id"
    assert enrol(daemon, group, "ada", portrait, f"{LOOSE}&user_info={'x' * 257}").code == "invalid_parameter"
    two = pictures.encoded(cv2.hconcat([pictures.astronaut(), pictures.astronaut()]), ".jpg")
    assert enrol(daemon, group, "ada", two, f"{LOOSE}&single_face=true").code == "multiple_faces"
    assert ask(daemon.socket, "GET", f"/v1/groups/{group}/users").code == "group_not_found"


def test_groups_users_and_faces(daemon: Running, group: str, portrait: bytes) -> None:
    target = f"{group}_copy"
    base = f"/v1/groups/{group}/users"
    assert ask(daemon.socket, "POST", "/v1/groups", {"group_id": group}).status == 201
    assert ask(daemon.socket, "POST", f"/v1/groups?group_id={target}").status == 201
    assert ask(daemon.socket, "POST", "/v1/groups", {"group_id": group}).code == "group_exists"
    token = enrol(daemon, group, "ada", portrait).json["record"]["face_token"]

    listed = ask(daemon.socket, "GET", f"{base}?start=0&length=10").json
    assert listed["total"] == 1 and listed["users"][0]["user_id"] == "ada" and listed["users"][0]["faces"] == 1
    for text in ("名前 Ω 😀", "", "x" * 256):
        changed = ask(daemon.socket, "PATCH", f"{base}/ada", {"user_info": text})
        assert changed.json["user_info"] == text
        assert ask(daemon.socket, "GET", f"{base}/ada").json["user_info"] == text
    assert ask(daemon.socket, "PATCH", f"{base}/ada", {"user_info": "ü" * 129}).code == "invalid_parameter"
    assert ask(daemon.socket, "PATCH", f"{base}/nobody", {"user_info": ""}).code == "user_not_found"

    assert ask(daemon.socket, "POST", f"{base}/ada/copy", {"to": target}).json == {"faces": 1}
    everywhere = ask(daemon.socket, "GET", "/v1/users/ada").json["users"]
    assert {group, target} <= {item["group_id"] for item in everywhere}
    where = ask(daemon.socket, "GET", f"/v1/faces/{token}").json["faces"]
    assert {group, target} <= {item["group_id"] for item in where}

    assert ask(daemon.socket, "DELETE", f"{base}/ada/faces/{token}").json == {"faces": 1}
    assert ask(daemon.socket, "DELETE", f"{base}/ada/faces/{token}").code in ("face_not_found", "user_not_found")
    assert ask(daemon.socket, "DELETE", f"/v1/groups/{target}/users/ada").json == {"faces": 1}
    assert ask(daemon.socket, "DELETE", f"/v1/groups/{target}").json == {"faces": 0}
    assert ask(daemon.socket, "DELETE", f"/v1/groups/{target}").code == "group_not_found"
    assert ask(daemon.socket, "GET", f"/v1/faces/{'0' * 32}").code == "face_not_found"


def test_fifty_parallel_enrolments_to_one_user(daemon: Running, group: str, portrait: bytes) -> None:
    image = pictures.astronaut()
    shots = [
        pictures.encoded(
            pictures.moved(image, x=4 * (n % 10), y=4 * (n // 10)), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 40 + n
        )
        for n in range(50)
    ]

    def add(picture: bytes) -> str:
        for _ in range(600):
            answer = enrol(daemon, group, "crowd", picture)
            if answer.status != 503:
                return "ok" if answer.status == 201 else answer.code
            assert answer.headers["retry-after"]
            time.sleep(0.1)
        return "busy"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(add, shots))
    faces = ask(daemon.socket, "GET", f"/v1/groups/{group}/users/crowd/faces").json["faces"]
    assert len(faces) == outcomes.count("ok") == len({item["face_token"] for item in faces})
    assert 1 <= len(faces) <= 20
    assert set(outcomes) <= {"ok", "limit_faces", "face_nearly_identical"}


def test_export_import_and_erase(portrait: bytes) -> None:
    passphrase = {"X-EdgeFace-Passphrase": "l%C3%A4nger%20als%20kurz"}
    with running() as one:
        enrol(one, "staff", "ada", portrait)
        archive = ask(one.socket, "POST", "/v1/gallery/export", headers=passphrase)
        assert archive.status == 200 and archive.headers["content-type"] == "application/vnd.edgeface.archive"
        assert portrait[:50] not in archive.body and b"ada" not in archive.body
        for confirm in ({}, {"confirm": "yes"}):
            assert ask(one.socket, "POST", "/v1/gallery/erase", confirm).code == "invalid_parameter"
        erased = ask(one.socket, "POST", "/v1/gallery/erase", {"confirm": "erase"}).json
        assert erased == {"faces": 1, "key_destroyed": True}
        assert identify(one, portrait, "groups=staff").code == "group_not_found"

        wrong = {"X-EdgeFace-Passphrase": "another%20passphrase"}
        assert ask(one.socket, "POST", "/v1/gallery/import", archive.body, wrong).code == "archive_invalid"
        assert ask(one.socket, "POST", "/v1/gallery/import", archive.body[:-20], passphrase).code == "archive_invalid"
        assert ask(one.socket, "POST", "/v1/gallery/import", b"", passphrase).code == "archive_invalid"
        back = ask(one.socket, "POST", "/v1/gallery/import", archive.body, passphrase)
        assert back.json["faces_added"] == 1
        assert identify(one, portrait, "groups=staff").json["matches"][0]["user_id"] == "ada"
        assert not list((one.config.state_dir / "transfer").iterdir())
