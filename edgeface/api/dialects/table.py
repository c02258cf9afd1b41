"""Every vendor dialect that a daemon speaks."""

from __future__ import annotations

from edgeface.api.dialect import Dialect


def vendor_dialects() -> tuple[Dialect, ...]:
    """The dialects of the documents, in the order of the documentation."""
    return ()
