"""Enrol, identify, verify, compare, detect: answers and exit codes on a real engine."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.simulation.portraits import Portrait
from tests.cli.conftest import Run
from tests.conftest import TakePicture


@pytest.fixture
def enrolled(run: Run, eileen_jpg: Path, grace_jpg: Path) -> None:
    for user, file in (("eileen", eileen_jpg), ("grace", grace_jpg)):
        ran = run("enroll", file, "--group", "staff", "--user", user, "--info", f"{user}'s info", "--json")
        assert ran.code == 0, ran.out
        assert ran.data["accepted"][0]["user_id"] == user


@pytest.mark.usefixtures("enrolled")
def test_the_enrolled_person_is_identified(run: Run, eileen_again_jpg: Path) -> None:
    ran = run("identify", eileen_again_jpg, "--group", "staff", "--json")
    assert ran.code == 0
    (face,) = ran.data["faces"]
    (match,) = face["matches"]
    assert (match["user_id"], match["group_id"], match["user_info"]) == ("eileen", "staff", "eileen's info")
    assert match["score"] >= face["threshold"]
    human = run("identify", eileen_again_jpg, "--group", "staff")
    assert human.code == 0
    assert "eileen" in human.out


@pytest.mark.usefixtures("enrolled")
def test_verify_says_yes_and_no_by_exit_code(run: Run, eileen_again_jpg: Path) -> None:
    yes = run("verify", eileen_again_jpg, "--group", "staff", "--user", "eileen", "--json")
    no = run("verify", eileen_again_jpg, "--group", "staff", "--user", "grace", "--json")
    assert (yes.code, yes.data["accepted"]) == (0, True)
    assert (no.code, no.data["accepted"]) == (10, False)
    assert run("verify", eileen_again_jpg, "--group", "staff", "--user", "eve", "--json").code == 5


@pytest.mark.usefixtures("enrolled")
def test_nobody_known_is_exit_11(run: Run, eileen_again_jpg: Path) -> None:
    run("users", "delete", "eileen", "--yes")
    ran = run("identify", eileen_again_jpg, "--group", "staff", "--json")
    assert ran.code == 11
    assert ran.data["faces"][0]["matches"] == []
    assert "nobody" in run("identify", eileen_again_jpg, "--group", "staff").out


@pytest.mark.usefixtures("enrolled")
def test_unknown_groups_are_exit_5(run: Run, eileen_jpg: Path) -> None:
    ran = run("identify", eileen_jpg, "--group", "staff,nowhere", "--json")
    assert ran.code == 5
    assert ran.error["code"] == "group_not_found"


def test_compare_says_yes_and_no_by_exit_code(
    run: Run, eileen_jpg: Path, eileen_again_jpg: Path, grace_jpg: Path
) -> None:
    same = run("compare", eileen_jpg, eileen_again_jpg, "--json")
    other = run("compare", eileen_jpg, grace_jpg, "--json")
    assert (same.code, same.data["same_person"]) == (0, True)
    assert (other.code, other.data["same_person"]) == (10, False)
    assert same.data["score"] > other.data["score"]


def test_a_picture_without_a_face_is_exit_4(run: Run, tmp_path: Path, eileen_jpg: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((240, 320, 3), 128, np.uint8))
    assert run("compare", eileen_jpg, blank, "--json").error["code"] == "no_face"
    assert run("compare", eileen_jpg, blank, "--json").code == 4
    assert run("detect", blank, "--json").data["pictures"][0]["faces"] == []


def test_the_gate_tells_every_failed_measure(run: Run, tmp_path: Path, eileen: Portrait, take: TakePicture) -> None:
    dark = tmp_path / "dark.jpg"
    dark.write_bytes(take(eileen, face_width=60.0, light=0.15))
    ran = run("enroll", dark, "--group", "staff", "--user", "eileen", "--json")
    assert ran.code == 4
    assert ran.error["code"] == "quality"
    measures = {item["measure"] for item in ran.error["details"]["violations"]}
    assert {"illumination", "face_width"} <= measures
    human = run("enroll", dark, "--group", "staff", "--user", "eileen")
    assert "illumination" in human.err
    assert "face_width" in human.err


def test_a_folder_of_users_is_enrolled_with_a_reason_for_each_refusal(
    run: Run, tmp_path: Path, eileen: Portrait, grace: Portrait, take: TakePicture
) -> None:
    people = tmp_path / "people"
    for portrait in (eileen, grace):
        (people / portrait.name).mkdir(parents=True)
        (people / portrait.name / "good.jpg").write_bytes(take(portrait))
    (people / "grace_hopper" / "dark.jpg").write_bytes(take(grace, light=0.1))
    (people / "grace_hopper" / "broken.png").write_bytes(b"not a picture")
    (people / "grace_hopper" / "notes.txt").write_text("ignored")
    ran = run("enroll", people, "--group", "staff", "--json")
    assert ran.code == 12
    assert [item["user_id"] for item in ran.data["accepted"]] == ["eileen_collins", "grace_hopper"]
    reasons = {Path(item["file"]).name: item["error"]["code"] for item in ran.data["rejected"]}
    assert reasons == {"dark.jpg": "quality", "broken.png": "image_format"}
    again = run("enroll", people, "--group", "staff")
    assert again.code == 5  # all four refused, the first as already enrolled
    assert "0 of 4" in again.out


def test_detect_measures_what_is_asked_and_draws(run: Run, tmp_path: Path, eileen_jpg: Path) -> None:
    drawn = tmp_path / "out" / "drawn.png"
    ran = run(
        "detect", eileen_jpg, "--pose", "--quality", "--landmarks", "--level", "NORMAL", "--draw", drawn, "--json"
    )
    assert ran.code == 0, ran.out
    (face,) = ran.data["pictures"][0]["faces"]
    assert face["box"]["width"] == pytest.approx(190, rel=0.3)
    assert face["verdict"]["level"] == "NORMAL"
    assert {"yaw", "pitch", "roll"} == set(face["pose"])
    picture, original = cv2.imread(str(drawn)), cv2.imread(str(eileen_jpg))
    assert picture.shape == original.shape
    assert not np.array_equal(picture, original)
    plain = run("detect", eileen_jpg, "--json").data["pictures"][0]["faces"][0]
    assert not {"pose", "quality", "landmarks", "verdict"} & set(plain)


def test_detect_of_several_pictures_goes_on_after_a_bad_one(run: Run, tmp_path: Path, eileen_jpg: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"GIF89a")
    ran = run("detect", eileen_jpg, bad, "--json")
    assert ran.code == 12
    good, refused = ran.data["pictures"]
    assert len(good["faces"]) == 1
    assert refused["error"]["code"] == "image_format"
    both_bad = run("detect", bad, bad, "--json")
    assert both_bad.code == 3
    assert len(both_bad.envelope["data"]["pictures"]) == 2


def test_detect_and_compare_need_no_state_directory(run: Run, eileen_jpg: Path, eileen_again_jpg: Path) -> None:
    assert run("detect", eileen_jpg, "--state-dir", "/dev/null/state", "--json").code == 0
    assert run("compare", eileen_jpg, eileen_again_jpg, "--state-dir", "/dev/null/state", "--json").code == 0
