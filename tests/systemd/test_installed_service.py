"""The installed appliance under a real systemd, from `make install` to `systemctl stop`.

Opt-in, because it takes minutes and root: ``EDGEFACE_SYSTEMD_TEST=1``. ``EDGEFACE_SYSTEMD_TREE=DIR`` keeps the Debian
tree for the next time. Installed once; each test then begins with a gate that serves.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from edgeface.simulation.portraits import eileen_collins
from tests.systemd.container import Container, make_tree, why_not

SOURCE = Path(__file__).resolve().parents[2]
EDGEFACE = "/opt/edgeface/bin/edgeface"
CALL = "curl -s --unix-socket /run/edgeface/edgeface.sock http://localhost"
RESTART_S = 2  # of the unit
WATCHDOG_S = 8
CROWD = """
[[people]]
name = "eileen"
file = "eileen.png"
points = {points}

[[shots]]
who = "eileen"
start = 0.5
end = 3.5
face_width = 130

[[shots]]
who = "eileen"
start = 3.6
end = 4.6
x = 3.0
"""
GATE = """
[camera]
source = "simulated:/etc/edgeface/crowd.toml"
name = "gate"
width = 640
height = 480
detect_width = 320
fps = 8
loop = true

[live]
profile = "attendance"
liveness = "none"

[attendance]
debounce_s = {debounce_s}
"""

_missing = "EDGEFACE_SYSTEMD_TEST=1 is not set" if os.environ.get("EDGEFACE_SYSTEMD_TEST") != "1" else why_not()
pytestmark = pytest.mark.skipif(_missing is not None, reason=str(_missing))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A Debian on which the documented installation was done."""
    kept = os.environ.get("EDGEFACE_SYSTEMD_TREE")
    tree = Path(kept) if kept else tmp_path_factory.mktemp("debian") / "tree"
    if not (tree / "usr/lib/systemd/systemd").exists():
        make_tree(tree)
    container = Container(tree, tmp_path_factory.mktemp("boot") / "boot.log")
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=SOURCE, capture_output=True, text=True, check=True
        ).stdout
        files = [name for name in listed.split("\0") if name and (SOURCE / name).exists()]
        container.copy(SOURCE, files, "/root/edgeface")
        container.run("cd /root/edgeface && make install", check=True)
        container.run(
            "for u in user admin stranger; do useradd -m $u; done;"
            "usermod -aG edgeface user; usermod -aG edgeface,edgeface-admin admin",
            check=True,
        )
        person = eileen_collins()
        container.write("/etc/edgeface/eileen.png", cv2.imencode(".png", person.image)[1].tobytes())
        container.write("/etc/edgeface/crowd.toml", CROWD.format(points=person.points.tolist()).encode())
        container.write("/etc/edgeface/edgeface.toml", GATE.format(debounce_s=1).encode())
        yield container
    finally:
        container.close()


@pytest.fixture
def serving(machine: Container) -> Container:
    """The gate, whatever the test before has left."""
    machine.run("rm -rf /etc/systemd/system/edgeface.service.d; systemctl daemon-reload")
    machine.write("/etc/edgeface/edgeface.toml", GATE.format(debounce_s=1).encode())
    machine.run("systemctl reset-failed edgeface.service edgeface.socket; systemctl restart edgeface", check=True)
    _wait("a running camera", lambda: _camera(machine).get("state") == "running")
    return machine


def test_the_installation_leaves_a_socket_a_key_and_the_groups(machine: Container) -> None:
    assert machine.run("systemctl is-active edgeface.socket").stdout == "active\n"
    assert machine.run("id -Gn edgeface").stdout.split() == ["edgeface", "video", "gpio"]
    modes = "stat -c '%a %U:%G %s' /etc/edgeface/credentials/gallery.key /etc/edgeface/credentials"
    assert [line.rsplit(" ", 1)[0] for line in machine.run(modes).stdout.splitlines()] == [
        "600 root:root",
        "700 root:root",
    ]
    assert machine.run("stat -c '%a %U:%G' /etc/edgeface/edgeface.toml").stdout == "640 root:edgeface\n"
    assert machine.run("stat -c '%a %U:%G' /run/edgeface/edgeface.sock").stdout == "660 edgeface:edgeface\n"


def test_the_first_commands_of_the_instructions(machine: Container) -> None:
    machine.run("systemctl stop edgeface.service")
    machine.run(f"{EDGEFACE} camera test --seconds 2", user="edgeface", check=True)
    machine.run("systemctl enable --now edgeface", check=True)
    machine.run(f"{EDGEFACE} doctor", check=True)


def test_the_unit_is_valid_and_closed_where_it_is_installed(machine: Container) -> None:
    done = machine.run("systemd-analyze verify edgeface.service edgeface.socket")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    said = machine.run("systemd-analyze security --no-pager edgeface.service | tail -1").stdout
    assert float(said.rpartition(": ")[2].split()[0]) < 2.0


def test_a_call_to_the_socket_starts_the_service(machine: Container) -> None:
    machine.run("systemctl stop edgeface.service")
    assert _answer(machine, "/v1/health/live") == {"live": True}
    _wait("an active service", lambda: _is(machine, "active"))


def test_active_means_that_calls_are_answered(serving: Container) -> None:
    assert _show(serving, "Type") == "notify"
    assert _answer(serving, "/v1/health/ready")["ready"] is True
    assert "pack" in _show(serving, "StatusText")


def test_the_key_comes_from_the_credential_and_lies_nowhere_else(serving: Container) -> None:
    assert serving.run("ls /var/lib/edgeface/gallery.key").returncode != 0
    key = "cmp /etc/edgeface/credentials/gallery.key /run/credentials/edgeface.service/edgeface.key"
    assert serving.run(key).returncode == 0


def test_the_daemon_holds_no_capability_and_cannot_write_beside_its_state(serving: Container) -> None:
    status = serving.run(f"cat /proc/{_pid(serving)}/status").stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (facts["CapBnd"].strip("0"), facts["NoNewPrivs"], facts["Seccomp"]) == ("", "1", "2")
    within = f"nsenter -t {_pid(serving)} -m touch"
    assert "Read-only" in serving.run(f"{within} /etc/edgeface/new").stderr
    assert serving.run(f"{within} /var/lib/edgeface/new && rm /var/lib/edgeface/new").returncode == 0
    limits = serving.run(f"grep core /proc/{_pid(serving)}/limits").stdout
    assert limits.split()[4:6] == ["0", "0"]


def test_who_may_call(serving: Container) -> None:
    assert serving.run(f"{EDGEFACE} groups list", user="admin").returncode == 0
    refused = serving.run(f"{EDGEFACE} groups list", user="user")
    assert (refused.returncode, "needs the role admin" in refused.stderr) == (7, True)
    shut_out = serving.run(f"{EDGEFACE} groups list", user="stranger")
    assert (shut_out.returncode, "may not open" in shut_out.stderr) == (7, True)


def test_enrol_and_verify_at_the_camera(serving: Container) -> None:
    serving.run(f"{EDGEFACE} enroll --camera --user eileen --group staff --timeout 30", user="admin", check=True)
    serving.run(f"{EDGEFACE} verify --camera --user eileen --group staff --timeout 30", user="user", check=True)


def test_reload_keeps_process_and_camera(serving: Container) -> None:
    before = (_pid(serving), _camera_pid(serving))
    serving.write("/etc/edgeface/edgeface.toml", GATE.format(debounce_s=2).encode())
    serving.run("systemctl reload edgeface", check=True)
    _wait("a log line", lambda: "configuration reloaded needs_restart=nothing" in _journal(serving))
    assert (_pid(serving), _camera_pid(serving)) == before
    assert _camera(serving)["restarts"] == 0


def test_reload_of_a_spoilt_file_changes_nothing(serving: Container) -> None:
    before = _pid(serving)
    serving.write("/etc/edgeface/edgeface.toml", b"nonsense = [")
    serving.run("systemctl reload edgeface", check=True)
    _wait("a log line", lambda: "configuration not reloaded" in _journal(serving))
    assert (_pid(serving), _is(serving, "active")) == (before, True)


def test_a_kill_is_followed_by_a_start_and_no_event_is_lost(serving: Container) -> None:
    _wait("events", lambda: len(_events(serving)) > 2)
    known, before = _events(serving), _pid(serving)
    serving.run(f"kill -9 {before}")
    _wait("another process", lambda: _is(serving, "active") and _pid(serving) not in (before, "0"))
    _wait("new events", lambda: len(_events(serving)) > len(known))
    after = _events(serving)
    numbers = [event["sequence"] for event in after]
    assert after[: len(known)] == known
    assert numbers == sorted(set(numbers))
    assert serving.run("pgrep -cx edgeface-camera").stdout == "1\n"


def test_the_watchdog_ends_a_daemon_that_stands_still_and_only_that(serving: Container) -> None:
    serving.write(
        "/etc/systemd/system/edgeface.service.d/test.conf", f"[Service]\nWatchdogSec={WATCHDOG_S}\n".encode()
    )
    serving.run("systemctl daemon-reload; systemctl restart edgeface", check=True)
    before = _pid(serving)
    time.sleep(2 * WATCHDOG_S)
    assert (_pid(serving), _show(serving, "NRestarts")) == (before, "0")
    serving.run(f"kill -STOP {before}")
    _wait("another process", lambda: _is(serving, "active") and _pid(serving) not in (before, "0"))
    assert "Watchdog timeout" in serving.run("journalctl -u edgeface -o cat").stdout


def test_a_stop_is_clean(serving: Container) -> None:
    serving.run("systemctl stop edgeface.socket edgeface.service", check=True)
    assert (_show(serving, "Result"), _show(serving, "ExecMainStatus")) == ("success", "0")
    assert "stopped abandoned=0" in _journal(serving)
    assert serving.run("pgrep -x edgeface-camera").returncode == 1
    assert serving.run("ls -A /run/edgeface").stdout == ""
    serving.run("systemctl start edgeface.socket", check=True)


def test_a_door_without_liveness_says_why_it_does_not_start(serving: Container) -> None:
    profile = (SOURCE / "configs/door.toml").read_text(encoding="utf-8")
    door = profile.replace('"picamera2"', '"simulated:/etc/edgeface/crowd.toml"')
    serving.write("/etc/edgeface/edgeface.toml", door.encode())
    assert serving.run("systemctl restart edgeface").returncode != 0
    assert 'write liveness = "none"' in _journal(serving)
    time.sleep(3 * RESTART_S)
    assert (_show(serving, "ExecMainStatus"), _show(serving, "NRestarts")) == ("78", "0")  # not tried again
    accepted = door.replace('liveness = "required"', 'liveness = "none"')
    serving.write("/etc/edgeface/edgeface.toml", accepted.encode())
    serving.run("systemctl reset-failed edgeface; systemctl restart edgeface", check=True)
    assert "door without liveness" in _journal(serving)


def test_tcp_needs_the_drop_in_and_says_so(serving: Container) -> None:
    tcp = '\n[tcp]\nenabled = true\nhost = "127.0.0.1"\nport = 18443\nanonymous = "matcher"\n'
    serving.write("/etc/edgeface/edgeface.toml", (GATE.format(debounce_s=1) + tcp).encode())
    assert serving.run("systemctl restart edgeface").returncode != 0
    assert "edgeface-network.conf" in _journal(serving)
    drop_in = "/usr/share/edgeface/systemd/edgeface-network.conf /etc/systemd/system/edgeface.service.d/network.conf"
    serving.run(f"install -D {drop_in}; systemctl daemon-reload; systemctl restart edgeface", check=True)
    assert json.loads(serving.run("curl -sk https://127.0.0.1:18443/v1/health/live").stdout) == {"live": True}


def test_an_upgrade_keeps_what_is_there_and_restarts(serving: Container) -> None:
    kept = "sha256sum /etc/edgeface/edgeface.toml /etc/edgeface/credentials/gallery.key"
    files, before = serving.run(kept).stdout, _pid(serving)
    people = _answer(serving, "/v1/groups")
    serving.run("cd /root/edgeface && make install", check=True)
    assert serving.run(kept).stdout == files
    assert _pid(serving) != before
    assert _answer(serving, "/v1/groups") == people


def _show(machine: Container, name: str) -> str:
    return machine.run(f"systemctl show edgeface -P {name}").stdout.strip()


def _is(machine: Container, state: str) -> bool:
    return _show(machine, "ActiveState") == state


def _pid(machine: Container) -> str:
    return _show(machine, "MainPID")


def _camera_pid(machine: Container) -> str:
    return machine.run("pgrep -x edgeface-camera").stdout.strip()


def _answer(machine: Container, path: str) -> dict[str, Any]:
    said = machine.run(f"{CALL}'{path}'").stdout
    assert said, f"{path} is not answered\n{_journal(machine)}"
    return dict(json.loads(said))


def _camera(machine: Container) -> dict[str, Any]:
    return _answer(machine, "/v1/camera")


def _events(machine: Container) -> list[dict[str, Any]]:
    return list(_answer(machine, "/v1/events?since=0&limit=1000").get("events", []))


def _journal(machine: Container) -> str:
    """The last that the service said."""
    return machine.run("journalctl -u edgeface -o cat -n 25 --no-pager").stdout


def _wait(what: str, reached: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < until, f"no {what} within {within_s:.0f} s"
        time.sleep(0.3)
