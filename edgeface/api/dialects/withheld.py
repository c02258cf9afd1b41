"""Attributes that a document offers and no model of the active pack measures.

They are left out of the answer and named in a ``Warning`` header (RFC 7234 5.5: 199, miscellaneous), never
invented.
"""

from __future__ import annotations

from collections.abc import Iterable


def warning_header(withheld: Iterable[str]) -> str | None:
    """The header's value for the attributes left out, in the call's own words; ``None`` when there are none."""
    names = list(dict.fromkeys(withheld))
    if not names:
        return None
    return f'199 edgeface "not measured by the active model pack: {", ".join(names)}"'
