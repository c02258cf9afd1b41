from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

from edgeface.api.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_messages_reach_the_service_manager(abstract: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = f"@edgeface-test-{os.getpid()}" if abstract else str(Path(folder) / "notify")
        manager.bind("\0" + address[1:] if abstract else address)
        manager.settimeout(5)
        notifier = Notifier.from_environ({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"})
        assert notifier.watchdog_s == 3.0
        notifier.ready()
        notifier.alive()
        notifier.status("two\nlines")
        notifier.stopping()
        received = [manager.recv(100).decode() for _ in range(4)]
    assert received == ["READY=1", "WATCHDOG=1", "STATUS=two lines", "STOPPING=1"]


def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier.from_environ({"WATCHDOG_USEC": "3000000"})
    notifier.ready()
    assert notifier.watchdog_s is None


def test_a_manager_that_is_gone_does_no_harm() -> None:
    Notifier.from_environ({"NOTIFY_SOCKET": "/nonexistent/notify"}).ready()


def test_a_watchdog_meant_for_another_process_is_not_ours() -> None:
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}
    assert Notifier.from_environ(environ).watchdog_s is None
