"""The same commands through a running daemon's socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeface.cli.showcase.daemon import temporary_daemon
from tests.cli.conftest import Run


@pytest.fixture
def socket(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("EDGEFACE_STATE_DIR")  # the daemon has its own; only the socket is common
    with temporary_daemon() as (client, _):
        monkeypatch.setenv("EDGEFACE_SERVER__SOCKET", str(client.socket))
        yield client.socket


def test_commands_find_the_daemon_and_answer_alike(
    run: Run, socket: Path, tmp_path: Path, eileen_jpg: Path, eileen_again_jpg: Path, grace_jpg: Path
) -> None:
    assert run("enroll", eileen_jpg, "--group", "staff", "--user", "eileen", "--json").code == 0
    assert run("groups", "list", "--json").data["groups"][0]["group_id"] == "staff"
    found = run("identify", eileen_again_jpg, "--group", "staff", "--json")
    assert found.code == 0
    assert found.data["faces"][0]["matches"][0]["user_id"] == "eileen"
    assert run("identify", grace_jpg, "--group", "staff", "--json").code == 11
    assert run("verify", grace_jpg, "--group", "staff", "--user", "eileen", "--json").code == 10
    offline = ("--offline", "--state-dir", tmp_path / "own")  # never the machine's own state directory
    through, direct = (run("compare", eileen_jpg, eileen_again_jpg, "--json", *more) for more in ((), offline))
    assert through.code == direct.code == 0
    assert through.data["score"] == pytest.approx(direct.data["score"], abs=0.05)
    assert through.data.keys() == direct.data.keys()


def test_the_whole_gallery_moves_through_the_socket(
    run: Run, socket: Path, tmp_path: Path, eileen_jpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEFACE_PASSPHRASE", "pass phrase with ünïcode")
    archive = tmp_path / "gallery.efa"
    run("enroll", eileen_jpg, "--group", "staff", "--user", "eileen")
    assert run("export", archive, "--json").code == 0
    assert run("erase", "--yes", "--json").data["faces"] == 1
    assert run("import", archive, "--json").data["faces_added"] == 1
    assert run("users", "show", "eileen", "--json").code == 0
    assert list(tmp_path.glob(".gallery*")) == []


def test_errors_come_through_with_their_codes(run: Run, socket: Path, tmp_path: Path) -> None:
    assert run("users", "list", "--group", "nowhere", "--json").error["code"] == "group_not_found"
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"not a picture at all")
    assert run("detect", bad, "--json").error["code"] == "image_format"


def test_offline_on_the_daemons_state_is_refused_as_locked(run: Run, socket: Path) -> None:
    ran = run("groups", "list", "--offline", "--state-dir", socket.parent / "state", "--json")
    assert ran.code == 6
    assert ran.error["code"] == "gallery_locked"
