"""``--camera``: the daemon's camera instead of picture files."""

from __future__ import annotations

import pytest

from edgeface.client import Client
from tests.api.test_camera_api import EILEEN, terminal, wait_until
from tests.cli.conftest import Run


def test_enrol_identify_and_verify_whoever_stands_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(EILEEN) as running:
        monkeypatch.setenv("EDGEFACE_SERVER__SOCKET", str(running.socket))
        with Client(running.socket) as client:
            wait_until(lambda: client.camera().state == "running")
        patience = ("--timeout", "60")
        enrolled = run("enroll", "--camera", "--user", "eileen", "--group", "crew", *patience, "--json").data
        assert [item["pose"] for item in enrolled["accepted"]] == ["front"]
        found = run("identify", "--camera", "--group", "crew", *patience, "--json").data
        assert found["faces"][0]["matches"][0]["user_id"] == "eileen"
        assert run("verify", "--camera", "--user", "eileen", "--group", "crew", *patience).code == 0
        erased = run("users", "delete", "eileen", "--events", "--yes", "--json").data
        assert (erased["faces_erased"], erased["events_erased"] > 0) == (1, True)


def test_a_picture_or_the_camera(run: Run) -> None:
    for arguments in (
        ("identify", "--group", "crew"),
        ("identify", "x.jpg", "--camera", "--group", "crew"),
        ("verify", "--user", "a", "--group", "crew"),
        ("enroll", "--group", "crew", "--user", "a"),
        ("enroll", "x.jpg", "--camera", "--group", "crew", "--user", "a"),
        ("enroll", "--camera", "--group", "crew"),
    ):
        assert run(*arguments, "--json").error["code"] == "invalid_parameter"


def test_the_camera_is_the_daemons(run: Run) -> None:
    assert run("identify", "--camera", "--group", "crew", "--json").error["code"] == "unreachable"
