from __future__ import annotations

import logging
import sys

from edgeface.api.log import LineFormatter


def record(level: int = logging.INFO, exc_info=None, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("x", level, __file__, 1, "request", (), exc_info)
    made.fields = fields
    return made


def test_a_line_is_a_message_and_its_fields() -> None:
    line = LineFormatter(journal=False).format(record(status=200, ms=1.5, route="/v1/groups/{group_id}"))
    when, level, rest = line.split(" ", 2)
    assert when.endswith("+00:00") and "T" in when
    assert level == "info"
    assert rest == "request status=200 ms=1.5 route=/v1/groups/{group_id}"


def test_journald_gets_its_level_and_keeps_its_own_time() -> None:
    assert LineFormatter(journal=True).format(record(logging.ERROR, a=1)) == "<3>error request a=1"


def test_a_value_cannot_forge_a_line_or_a_field() -> None:
    line = LineFormatter(journal=True).format(record(value='x\n<3>error root status=200 "'))
    assert "\n" not in line
    assert line == '<6>info request value="x\\n<3>error root status=200 \\""'


def test_an_error_keeps_its_traceback() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        line = LineFormatter(journal=True).format(record(logging.ERROR, exc_info=sys.exc_info()))
    assert "ValueError: why" in line
