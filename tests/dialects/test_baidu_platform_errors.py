"""The platform's errors of both Baidu documents, each provoked over the TCP listener with the real dialects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from edgeface.api.auth.quota import DAY_S
from edgeface.api.daemon import Daemon
from edgeface.api.dialects.table import vendor_dialects
from tests.api.over_tcp import AK, KEYS, SK, HandClock, RunningOverTcp, folder_of_its_own, tcp_config

# Without a picture: what is told apart here is told before a body is looked at.
READING = {
    "v2": "/rest/2.0/face/v2/detect",
    "v3": "/rest/2.0/face/v3/detect",
}
WRITING = {
    "v2": "/rest/2.0/face/v2/faceset/user/delete",
    "v3": "/rest/2.0/face/v3/faceset/group/add",
}
VERSIONS = pytest.mark.parametrize("version", ["v2", "v3"])


class _Real(RunningOverTcp):
    async def _made(self) -> Daemon:
        assert self.clock is not None
        return Daemon(self.config, dialects=vendor_dialects(), clock=self.clock.clock())


def _code(daemon: RunningOverTcp, target: str, headers: dict[str, str] | None = None) -> int:
    body: Any = {} if "/v3/" in target else b""
    answer = daemon.call("POST", target, body, headers)
    assert answer.status == 200
    return int(answer.json["error_code"])


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock(float(int(time.time())))


@pytest.fixture(scope="module")
def daemon(clock: HandClock) -> Iterator[RunningOverTcp]:
    limited = (
        {"key": f"limited-{version}", "secret": "s" * 20, "qps": 1, "per_day": 2, "total": 3} for version in READING
    )
    with folder_of_its_own() as folder:
        started = _Real(tcp_config(folder, keys=(*KEYS, *limited)), clock)
        try:
            yield started
        finally:
            started.close()


@VERSIONS
def test_no_permission_is_6(daemon: RunningOverTcp, version: str) -> None:
    assert _code(daemon, f"{WRITING[version]}?access_token={daemon.token()}") == 6


@VERSIONS
def test_a_wrong_signature_is_14(daemon: RunningOverTcp, clock: HandClock, version: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now))
    for key in (AK, "nobody"):
        wrong = f"bce-auth-v1/{key}/{stamp}/1800/host;x-bce-date/{'0' * 64}"
        headers = {"Host": "aip.baidubce.com", "x-bce-date": stamp, "Authorization": wrong}
        assert _code(daemon, READING[version], headers) == 14


@VERSIONS
def test_the_limits_of_a_key_are_18_17_and_19(daemon: RunningOverTcp, clock: HandClock, version: str) -> None:
    target = f"{READING[version]}?access_token={daemon.token(f'limited-{version}', 's' * 20)}"
    admitted = _code(daemon, target)
    assert admitted > 200_000  # the call's own failure: it has no picture
    assert _code(daemon, target) == 18
    clock.ticks += 1
    assert _code(daemon, target) == admitted
    clock.ticks += 1
    assert _code(daemon, target) == 17
    now = clock.now
    clock.now += DAY_S
    assert _code(daemon, target) == admitted
    clock.ticks += 1
    assert _code(daemon, target) == 19
    clock.now = now


@VERSIONS
def test_without_a_token_it_is_100(daemon: RunningOverTcp, version: str) -> None:
    assert _code(daemon, READING[version]) == 100


@VERSIONS
def test_a_token_that_is_none_is_110(daemon: RunningOverTcp, version: str) -> None:
    token = daemon.token()
    for wrong in ("24.f9ba9c5241b67688bb4adbed8bc91dec.2592000.1485570332.282335-8574074", token[:-1]):
        assert _code(daemon, f"{READING[version]}?access_token={wrong}") == 110


@VERSIONS
def test_a_token_that_is_over_is_111(daemon: RunningOverTcp, clock: HandClock, version: str) -> None:
    token = daemon.token(AK, SK)
    now = clock.now
    clock.now += 31 * DAY_S
    try:
        assert _code(daemon, f"{READING[version]}?access_token={token}") == 111
    finally:
        clock.now = now
