"""Quotas: what a key may call in a second, on a day and in all, over a restart and over a clock that is set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeface.api.auth.keyring import ApiKey, Keyring
from edgeface.api.auth.quota import DAY_S, MOST_DAYS, Quotas, Usage
from edgeface.api.auth.usage_file import FILE_NAME, UsageFile
from edgeface.config import KeyConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.api.over_tcp import HandClock, folder_of_its_own, running_over_tcp, started, tcp_config
from tests.api.wire import ask

NOON = 20_000 * DAY_S + DAY_S / 2


def key(**limits: float) -> ApiKey:
    found = Keyring([KeyConfig.model_validate({"key": "k", "secret": "secret-of-k", **limits})]).by_key("k")
    assert found is not None
    return found


def refusal(quotas: Quotas, of: ApiKey) -> EdgeFaceError | None:
    try:
        quotas.take(of)
    except EdgeFaceError as error:
        return error
    return None


def taken(quotas: Quotas, of: ApiKey, times: int) -> int:
    return sum(refusal(quotas, of) is None for _ in range(times))


@pytest.mark.parametrize(
    ("qps", "most", "span"), [(1, 1, 1.0), (3, 3, 1.0), (2.5, 2, 0.8), (0.5, 1, 2.0), (0.1, 1, 10)]
)
def test_no_second_has_more_calls_than_its_limit(qps: float, most: int, span: float) -> None:
    clock = HandClock(NOON)
    quotas = Quotas(clock.clock())
    limited = key(qps=qps)
    assert taken(quotas, limited, most + 3) == most
    clock.ticks += span - 0.01
    error = refusal(quotas, limited)
    assert error is not None and error.code is ErrorCode.QUOTA_QPS and error.context == {"retry_after_s": 1}
    clock.ticks += 0.01
    assert taken(quotas, limited, most + 3) == most
    assert not quotas.changed  # nothing of that is kept


def test_a_second_begins_anywhere() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(qps=2)
    for step, good in ((0.0, True), (0.9, True), (0.09, False), (0.01, True), (0.5, False), (0.4, True)):
        clock.ticks += step
        assert (refusal(quotas, limited) is None) is good


def test_setting_the_clock_opens_no_second() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(qps=1)
    assert taken(quotas, limited, 2) == 1
    clock.now += 1000 * DAY_S
    assert taken(quotas, limited, 2) == 0


def test_a_day_is_a_utc_day() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(per_day=3)
    assert taken(quotas, limited, 5) == 3
    error = refusal(quotas, limited)
    assert error is not None and error.code is ErrorCode.QUOTA_DAY
    assert error.context == {"retry_after_s": DAY_S // 2}
    clock.now = NOON + DAY_S / 2 - 0.001
    assert taken(quotas, limited, 1) == 0
    clock.now = NOON + DAY_S / 2
    assert taken(quotas, limited, 5) == 3


def test_a_clock_that_is_set_back_and_put_right_finds_the_days_again() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(per_day=3)
    assert taken(quotas, limited, 2) == 2
    clock.now = 0.0  # a board without a battery, after a power cut
    assert taken(quotas, limited, 5) == 3
    clock.now = NOON
    assert taken(quotas, limited, 5) == 1
    clock.now = NOON + 10_000 * DAY_S  # and one that was set wrongly: the right day is not locked
    assert taken(quotas, limited, 5) == 3
    clock.now = NOON + DAY_S
    assert taken(quotas, limited, 5) == 3


def test_days_that_were_long_not_used_are_forgotten() -> None:
    usage = Usage()
    for day in range(100):
        usage = usage.with_call(day)
    assert usage.total == 100
    assert [day for day, _ in usage.days] == list(range(100 - MOST_DAYS, 100))


def test_a_total_does_not_come_back() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(total=4)
    assert taken(quotas, limited, 6) == 4
    clock.now += 400 * DAY_S
    error = refusal(quotas, limited)
    assert error is not None and error.code is ErrorCode.QUOTA_TOTAL and error.context == {}


def test_a_call_that_is_refused_is_not_counted() -> None:
    clock = HandClock(NOON)
    quotas, limited = Quotas(clock.clock()), key(qps=1, per_day=2, total=3)
    assert taken(quotas, limited, 10) == 1  # nine refused for the second
    clock.ticks += 1
    assert taken(quotas, limited, 10) == 1
    clock.ticks += 1
    assert refusal(quotas, limited).code is ErrorCode.QUOTA_DAY  # type: ignore[union-attr]
    clock.now += DAY_S
    assert taken(quotas, limited, 10) == 1
    clock.ticks += 1
    assert refusal(quotas, limited).code is ErrorCode.QUOTA_TOTAL  # type: ignore[union-attr]


def test_a_key_without_limits_is_not_counted() -> None:
    quotas = Quotas(HandClock(NOON).clock())
    assert taken(quotas, key(), 1000) == 1000
    assert not quotas.changed and quotas.snapshot() == {}


# --- the file


def test_counts_are_kept_as_they_were(tmp_path: Path) -> None:
    file = UsageFile(tmp_path)
    assert file.read() == {}
    usages = {"a": Usage(7, ((19_999, 3), (20_000, 4))), "b": Usage()}
    assert file.write(usages)
    assert UsageFile(tmp_path).read() == usages
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 5}', b'{"a": {"total": "x", "days": []}}', b"\xff"])
def test_a_damaged_file_does_not_stop_the_calls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert UsageFile(tmp_path).read() == {}
    assert "begin anew" in caplog.text
    assert UsageFile(tmp_path).write({"a": Usage(1)})
    assert UsageFile(tmp_path).read() == {"a": Usage(1)}


def test_a_full_card_is_said_and_does_not_stop_the_calls(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not UsageFile(tmp_path / "missing").write({"a": Usage(1)})
    assert "not written" in caplog.text


# --- over TCP

LIMITED = {"key": "limited", "secret": "secret-of-limited"}


def test_the_three_errors_over_tcp() -> None:
    clock = HandClock(NOON)
    with running_over_tcp(clock, keys=[{**LIMITED, "qps": 2, "per_day": 4, "total": 6}]) as daemon:
        token = daemon.token("limited", "secret-of-limited")
        bearer = {"Authorization": f"Bearer {token}"}

        def codes(times: int) -> list[int]:
            return [daemon.detect(token).json["error_code"] for _ in range(times)]

        assert codes(3) == [0, 0, 18]
        answer = daemon.call("GET", "/v1/health/live", headers=bearer)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "quota_qps", "1")
        clock.ticks += 1
        assert codes(2) == [0, 0]
        clock.ticks += 1
        assert codes(1) == [17]
        answer = daemon.call("GET", "/v1/health/live", headers=bearer)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "quota_day", str(DAY_S // 2))
        clock.now += DAY_S
        assert daemon.call("GET", "/v1/health/live", headers=bearer).status == 200
        assert daemon.call("GET", "/v1/groups", headers=bearer).code == "forbidden"  # that counts too
        clock.ticks += 1
        assert codes(1) == [19]
        answer = daemon.call("GET", "/v1/health/live", headers=bearer)
        assert (answer.status, answer.code, "retry-after" in answer.headers) == (429, "quota_total", False)
        # A new token is no new quota, and those on the Unix socket have none.
        assert daemon.detect(daemon.token("limited", "secret-of-limited")).json["error_code"] == 19
        assert ask(daemon.socket, "POST", "/rest/2.0/face/v3/detect").json["error_code"] == 0


def test_counts_outlive_a_restart_and_removed_keys_are_forgotten() -> None:
    clock = HandClock(NOON)
    with folder_of_its_own() as folder:
        config = tcp_config(folder, keys=[{**LIMITED, "per_day": 3}, {"key": "other", "secret": "other-secret"}])
        with started(config, clock) as first:
            token = first.token("limited", "secret-of-limited")
            assert [first.detect(token).json["error_code"] for _ in range(2)] == [0, 0]
            assert not (config.state_dir / FILE_NAME).exists()  # not with every call
        kept = json.loads((config.state_dir / FILE_NAME).read_text())
        assert [entry["total"] for entry in kept.values()] == [2]
        assert "limited" not in (config.state_dir / FILE_NAME).read_text()
        with started(config, clock) as second:
            assert [second.detect(token).json["error_code"] for _ in range(2)] == [0, 17]
        without = config.model_copy(update={"keys": config.keys[1:]})
        with started(without, clock) as third:
            assert third.services.admission.quotas.snapshot() == {}


def test_counts_are_written_while_the_daemon_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.api.daemon.EVERY_S", 0.05)
    with running_over_tcp(HandClock(NOON), keys=[{**LIMITED, "total": 9}]) as daemon:
        daemon.detect(daemon.token("limited", "secret-of-limited"))
        file = daemon.config.state_dir / FILE_NAME
        for _ in range(500):
            if file.exists():
                break
            daemon.call("GET", "/v1/health/live")
        assert [entry["total"] for entry in json.loads(file.read_text()).values()] == [1]
