from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def staff(run: Run, eileen_jpg: Path, eileen_again_jpg: Path, grace_jpg: Path) -> None:
    assert run("enroll", eileen_jpg, eileen_again_jpg, "--group", "staff", "--user", "eileen", "--json").code == 0
    assert run("enroll", grace_jpg, "--group", "staff", "--user", "grace", "--json").code == 0


def test_groups_come_and_go(run: Run) -> None:
    assert run("groups", "add", "visitors", "--json").data == {"group_id": "visitors"}
    assert run("groups", "add", "visitors", "--json").error["code"] == "group_exists"
    assert run("groups", "add", "no good", "--json").code == 2
    listed = run("groups", "list", "--json").data
    assert [group["group_id"] for group in listed["groups"]] == ["visitors"]
    assert run("groups", "delete", "visitors", "--yes", "--json").data["faces_erased"] == 0
    assert run("groups", "list", "--json").data["total"] == 0


@pytest.mark.usefixtures("staff")
def test_users_are_listed_shown_described_copied_and_erased(run: Run) -> None:
    listed = run("users", "list", "--group", "staff", "--json").data
    assert {user["user_id"]: user["faces"] for user in listed["users"]} == {"eileen": 2, "grace": 1}
    page = run("users", "list", "--group", "staff", "--start", "1", "--length", "1", "--json").data
    assert (len(page["users"]), page["total"], page["start"]) == (1, 2, 1)
    run("users", "info", "grace", "Rear Admiral", "--group", "staff")
    assert run("users", "show", "grace", "--json").data["groups"][0]["user_info"] == "Rear Admiral"
    run("groups", "add", "alumni")
    copied = run("users", "copy", "grace", "--from", "staff", "--to", "alumni", "--json").data
    assert copied["faces_copied"] == 1
    shown = run("users", "show", "grace", "--json").data["groups"]
    assert {record["group_id"] for record in shown} == {"staff", "alumni"}
    assert run("users", "delete", "grace", "--group", "staff", "--yes", "--json").data["faces_erased"] == 1
    assert run("users", "show", "grace", "--json").data["groups"][0]["group_id"] == "alumni"
    assert run("users", "show", "nobody", "--json").code == 5


@pytest.mark.usefixtures("staff")
def test_faces_are_listed_and_erased(run: Run) -> None:
    faces = run("faces", "list", "--group", "staff", "--user", "eileen", "--json").data["faces"]
    assert len(faces) == 2
    token = faces[0]["face_token"]
    assert run("faces", "delete", token, "--group", "staff", "--user", "eileen", "--json").code == 0
    left = run("faces", "list", "--group", "staff", "--user", "eileen", "--json").data["faces"]
    assert [face["face_token"] for face in left] == [faces[1]["face_token"]]
    assert run("faces", "delete", token, "--group", "staff", "--user", "eileen", "--json").code == 5


@pytest.mark.usefixtures("staff")
def test_deleting_asks_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", _declined)
    assert run("users", "delete", "grace").code == 130
    assert run("users", "list", "--group", "staff", "--json").data["total"] == 2


@pytest.mark.usefixtures("staff")
def test_an_archive_brings_everyone_back(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "gallery.efa"
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\nsecond line is not part of it\n")
    assert run("export", archive, "--json").error["code"] == "invalid_parameter"  # no passphrase, no terminal
    exported = run("export", archive, "--passphrase-file", secret, "--json")
    assert exported.data["bytes"] == archive.stat().st_size
    assert not stat.S_IMODE(archive.stat().st_mode) & 0o077
    assert run("export", archive, "--passphrase-file", secret, "--json").code == 2  # it exists
    assert run("erase", "--yes", "--json").data["faces"] == 3
    assert run("groups", "list", "--json").data["total"] == 0
    monkeypatch.setenv("EDGEFACE_PASSPHRASE", "wrong")
    assert run("import", archive, "--json").error["code"] == "archive_invalid"
    monkeypatch.setenv("EDGEFACE_PASSPHRASE", "correct horse")
    assert run("import", archive, "--json").data["faces_added"] == 3
    assert run("import", archive, "--json").data["faces_skipped"] == 3
    assert run("users", "list", "--group", "staff", "--json").data["total"] == 2


def test_no_command_takes_a_passphrase_as_an_argument(run: Run) -> None:
    for command in ("export", "import"):
        assert run(command, "file", "--passphrase", "secret", "--json").code == 2


def _declined(*_: object, **__: object) -> bool:
    import typer

    raise typer.Abort
