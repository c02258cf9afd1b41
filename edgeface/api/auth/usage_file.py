"""The file that carries the counts of calls over a restart.

Written at most once a minute and at a stop, so that a busy key does not wear out an SD card; a power cut therefore
loses the counts of the last minute. It is written beside and renamed: a cut leaves the old counts or the new ones.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeface.api.auth.quota import Usage

FILE_NAME = "usage.json"
EVERY_S = 60.0

log = logging.getLogger(__name__)


class UsageFile:
    """``usage.json`` in the state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / FILE_NAME
        # A write that the stop of the daemon overtakes must not land after the last one.
        self._writing = threading.Lock()

    def read(self) -> dict[str, Usage]:
        """The counts by name of key; none where there is no file.

        A damaged file is said in the log, and counting begins anew: to refuse every call instead would let a
        broken sector lock a door.
        """
        try:
            data = json.loads(self._file.read_bytes())
            return {str(name): _usage(entry) for name, entry in data.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            log.warning("counts of calls begin anew", extra={"fields": {"file": self._file, "reason": "unreadable"}})
            return {}

    def write(self, usages: Mapping[str, Usage]) -> bool:
        """Keep the counts; ``False``, and a line in the log, when they could not be written."""
        fresh = self._file.with_name(FILE_NAME + ".new")
        data = {
            name: {"total": usage.total, "days": [list(day) for day in usage.days]} for name, usage in usages.items()
        }
        try:
            with self._writing:
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                    json.dump(data, opened)
                    opened.flush()
                    os.fsync(opened.fileno())
                fresh.replace(self._file)
        except OSError as error:
            fields = {"file": self._file, "reason": error.strerror}
            log.warning("counts of calls not written", extra={"fields": fields})
            return False
        return True


def _usage(entry: dict[str, Any]) -> Usage:
    days = tuple((int(day), int(calls)) for day, calls in entry["days"])
    return Usage(int(entry["total"]), days)
