from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.cli.showcase.daemon import temporary_daemon
from tests.cli.conftest import Run

NUMBER, NAME = "110233112299822211", "Eileen Collins"


@pytest.fixture
def person(tmp_path: Path) -> Path:
    file = tmp_path / "person"
    file.write_text(f"{NUMBER}\n{NAME}\n", encoding="utf-8")
    return file


def test_an_id_photograph_comes_is_compared_and_goes(
    run: Run, person: Path, eileen_jpg: Path, eileen_again_jpg: Path, grace_jpg: Path
) -> None:
    added = run("register", "add", eileen_jpg, "--person-file", person, "--json")
    assert added.envelope["command"] == "register add" and added.data["face"]["box"]["width"] > 100
    assert run("register", "count", "--json").data == {"registered": 1}
    same = run("register", "verify", eileen_again_jpg, "--person-file", person, "--json")
    assert same.code == 0 and same.data["same_person"] and same.data["score"] > 80
    assert NUMBER not in same.out and NAME not in same.out
    other = run("register", "verify", grace_jpg, "--person-file", person, "--json")
    assert other.code == 10 and not other.data["same_person"]
    assert run("register", "add", grace_jpg, "--person-file", person, "--keep", "--json").code == 0
    assert run("register", "verify", grace_jpg, "--person-file", person).code == 0
    assert run("register", "remove", "--person-file", person, "--yes", "--json").data == {"faces_erased": 2}
    assert run("register", "remove", "--person-file", person, "--yes", "--json").error["code"] == "id_not_registered"


def test_the_person_may_come_from_the_environment(
    run: Run, person: Path, eileen_jpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("register", "add", eileen_jpg, "--person-file", person).code == 0
    monkeypatch.setenv("EDGEFACE_ID_NUMBER", NUMBER)
    monkeypatch.setenv("EDGEFACE_ID_NAME", "Somebody Else")
    assert run("register", "verify", eileen_jpg, "--json").error["code"] == "id_name_mismatch"
    monkeypatch.setenv("EDGEFACE_ID_NAME", NAME)
    assert run("register", "verify", eileen_jpg).code == 0
    monkeypatch.setenv("EDGEFACE_ID_NUMBER", "12")
    wrong = run("register", "verify", eileen_jpg, "--json")
    assert wrong.code == 2 and "id_number" in wrong.error["message"]


def test_a_person_who_is_not_given_is_asked_for_or_refused(run: Run, tmp_path: Path, eileen_jpg: Path) -> None:
    assert "EDGEFACE_ID_NUMBER" in run("register", "verify", eileen_jpg, "--json").error["message"]
    missing = run("register", "verify", eileen_jpg, "--person-file", tmp_path / "none", "--json")
    assert missing.code == 2 and "person-file" in missing.error["message"]
    half = tmp_path / "half"
    half.write_text(NUMBER)
    assert "name" in run("register", "verify", eileen_jpg, "--person-file", half, "--json").error["message"]


def test_no_command_takes_a_number_or_a_name_as_an_argument(run: Run, eileen_jpg: Path) -> None:
    for command in (("add", eileen_jpg), ("verify", eileen_jpg), ("remove",)):
        assert run("register", *command, "--id-number", NUMBER, "--json").code == 2
        assert run("register", *command, NUMBER, "--json").code == 2


def test_removing_asks_first(run: Run, person: Path, eileen_jpg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def declined(*_: object, **__: object) -> bool:
        import typer

        raise typer.Abort

    run("register", "add", eileen_jpg, "--person-file", person)
    monkeypatch.setattr("typer.confirm", declined)
    assert run("register", "remove", "--person-file", person).code == 130
    assert run("register", "count", "--json").data["registered"] == 1


def test_the_same_commands_through_the_daemon(
    run: Run, person: Path, eileen_jpg: Path, grace_jpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDGEFACE_STATE_DIR")
    with temporary_daemon() as (client, _):
        monkeypatch.setenv("EDGEFACE_SERVER__SOCKET", str(client.socket))
        assert run("register", "add", eileen_jpg, "--person-file", person, "--level", "LOW", "--json").code == 0
        assert client.registered() == 1
        assert run("register", "verify", grace_jpg, "--person-file", person).code == 10
        assert run("register", "remove", "--person-file", person, "--yes", "--json").data["faces_erased"] == 1
        assert run("register", "count", "--json").data["registered"] == 0
