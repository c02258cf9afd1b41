"""The ``--json`` envelope, global options and usage errors: what scripts build on."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgeface
from edgeface.cli.app import front_globals
from tests.cli.conftest import Run


def test_success_is_one_envelope_on_stdout(run: Run) -> None:
    ran = run("--json", "models", "list")
    assert ran.code == 0
    assert ran.envelope.keys() == {"contract", "engine_version", "command", "ok", "data"}
    assert ran.envelope["contract"] == 1
    assert ran.envelope["engine_version"] == edgeface.__version__
    assert ran.envelope["command"] == "models list"
    assert ran.err == ""


def test_global_options_may_stand_behind_the_command(run: Run) -> None:
    assert run("models", "list", "--json").data == run("--json", "models", "list").data


def test_failure_is_an_envelope_with_the_catalogues_code(run: Run, tmp_path: Path) -> None:
    ran = run("detect", tmp_path / "nowhere.jpg", "--json")
    assert ran.code == 3
    assert ran.envelope["command"] == "detect"
    assert ran.error["code"] == "image_missing"
    assert "nowhere.jpg" in ran.error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("identify",),
        ("identify", "a.jpg"),
        ("identify", "a.jpg", "--group", "g", "--top", "0"),
        ("identify", "a.jpg", "--group", "g", "--no-such-option"),
        ("groups",),
        ("detect", "a.jpg", "--level", "ENORMOUS"),
    ],
)
def test_wrong_usage_is_exit_2_and_an_envelope(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, "--json")
    assert ran.code == 2
    assert ran.error["code"] == "invalid_parameter"
    assert "--help" in ran.error["hint"]


def test_without_json_errors_are_text_on_stderr_without_traceback(run: Run, tmp_path: Path) -> None:
    ran = run("detect", tmp_path / "nowhere.jpg")
    assert ran.code == 3
    assert ran.out == ""
    assert "image_missing" in ran.err
    assert "Traceback" not in ran.err


def test_debug_shows_the_traceback(run: Run, tmp_path: Path) -> None:
    assert "Traceback" in run("detect", tmp_path / "nowhere.jpg", "--debug").err


def test_version_and_help(run: Run) -> None:
    assert run("--version").out.strip() == f"edgeface {edgeface.__version__}"
    assert run("--version", "--json").data == {"version": edgeface.__version__}
    for command in ("", "detect", "enroll", "identify", "models", "eval", "demo"):
        ran = run(*filter(None, [command]), "--help")
        assert ran.code == 0
        assert "Usage" in ran.out


def test_a_wrong_configuration_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_text("[detection]\nmax_faces = 0\n")
    ran = run("--config", file, "groups", "list", "--json")
    assert ran.code == 78
    assert ran.error["code"] == "config_invalid"
    assert "max_faces" in ran.error["message"]


def test_a_state_directory_that_cannot_be_written_says_what_to_do(run: Run) -> None:
    ran = run("groups", "list", "--state-dir", "/dev/null/state", "--json")
    assert ran.code == 6
    assert ran.error["code"] == "storage_read_only"
    assert "--state-dir" in ran.error["message"]


def test_a_socket_that_was_named_must_answer(run: Run, tmp_path: Path) -> None:
    ran = run("groups", "list", "--socket", tmp_path / "none.sock", "--json")
    assert ran.code == 8
    assert ran.error["code"] == "unreachable"
    assert ran.error["retryable"] is True


def test_options_with_values_move_with_them() -> None:
    given = ["detect", "a.jpg", "--state-dir", "s", "--socket=x", "--json", "--", "--json"]
    assert front_globals(given) == ["--state-dir", "s", "--socket=x", "--json", "detect", "a.jpg", "--", "--json"]
