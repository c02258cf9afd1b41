"""Draw the next batch while the network learns from this one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(source: Iterator[Item]) -> Iterator[Item]:
    """The items of `source` in their order, each asked for, in a thread of its own, before it is wanted.

    `source` is never asked twice at once. What it raises is raised when the item would have come.
    """
    end = object()
    with ThreadPoolExecutor(1) as drawing:
        coming = drawing.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = drawing.submit(next, source, end)
            yield item  # type: ignore[misc]
