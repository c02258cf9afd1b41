"""Attendance over the socket: JSON and CSV."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.events_at_socket import passage
from tests.api.running import Running
from tests.api.wire import ask


def test_attendance_as_json_and_csv(alone: Running) -> None:
    log = alone.services.events
    came, left = log.append(passage("ada", "in")), log.append(passage("ada", "out"))
    log.append(passage("eve", "in"))
    day = datetime.fromtimestamp(came.wall_at).date().isoformat()
    ada, eve = ask(alone.socket, "GET", f"/v1/attendance?from={day}&to={day}").json["days"]
    assert (ada["day"], ada["user_id"], ada["groups"], ada["missing"]) == (day, "ada", ["staff"], [])
    assert (ada["first_in"], ada["last_out"]) == (came.wall_at, left.wall_at)
    assert datetime.fromisoformat(ada["first_in_local"]).timestamp() == int(came.wall_at)
    assert eve["present"] and "last_out" not in eve
    answer = ask(alone.socket, "GET", f"/v1/attendance.csv?from={day}&to={day}&bom=true")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"attendance-{day}-{day}.csv" in answer.headers["content-disposition"]
    lines = answer.body.decode("utf-8-sig").split("\r\n")
    assert answer.body.startswith(b"\xef\xbb\xbf") and lines[1].startswith(f"{day},ada,staff,")
    assert ask(alone.socket, "GET", "/v1/attendance?from=2001-01-01&to=2001-12-31").json["days"] == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2026-03-02",
        "from=2026-03-02&to=2026-03-01",
        "from=2026-03-02&to=2027-03-03",
        "from=yesterday&to=2026-03-01",
        "from=0001-01-01&to=0001-01-01",
        "from=9999-12-31&to=9999-12-31",
    ],
)
@pytest.mark.parametrize("path", ["/v1/attendance", "/v1/attendance.csv"])
def test_wrong_days_are_named(daemon: Running, path: str, query: str) -> None:
    answer = ask(daemon.socket, "GET", f"{path}?{query}")
    assert answer.status == 400 and answer.code == "invalid_parameter"
