"""Structured one-line logs: ``message key=value ...``.

Under systemd (``JOURNAL_STREAM``) a line begins with the syslog level that journald reads and leaves the time to
it; elsewhere with an ISO time. Fields come in ``extra={"fields": {...}}``. At ``info`` no log call may carry an
id of a person, a group or a face, nor anything of a template: routes are logged as patterns, never as paths.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Literal

# sd-daemon(3): SD_ERR, SD_WARNING, SD_INFO, SD_DEBUG.
_SYSLOG = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class LineFormatter(logging.Formatter):
    """One record, one line; a traceback follows an ``error`` only."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, object] = getattr(record, "fields", {})
        parts = [_head(record) if self._journal else _timed_head(record), record.getMessage()]
        parts += [f"{name}={_value(value)}" for name, value in fields.items()]
        line = " ".join(parts).replace("\n", "\\n")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure_logging(
    level: Literal["debug", "info", "warning", "error"], environ: Mapping[str, str] = os.environ
) -> None:
    """Send this process's records to stderr. For the daemon's start; a library never calls it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(journal="JOURNAL_STREAM" in environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # asyncio's own debug lines hold addresses of objects, nothing an operator can use.
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _head(record: logging.LogRecord) -> str:
    return f"<{_SYSLOG.get(record.levelno, 6)}>{record.levelname.lower()}"


def _timed_head(record: logging.LogRecord) -> str:
    moment = datetime.datetime.fromtimestamp(record.created, tz=datetime.timezone.utc)
    return f"{moment.isoformat(timespec='milliseconds')} {record.levelname.lower()}"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    plain = text and all(char.isalnum() or char in "-_./:{}" for char in text)
    return text if plain else json.dumps(text, ensure_ascii=True)
