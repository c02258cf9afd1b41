from __future__ import annotations

import pytest

from edgeface.native_threads import bound_native_threads


@pytest.fixture(autouse=True, scope="package")
def one_core() -> None:
    """As in the daemon: BLAS threads that wait for each other make small products slow."""
    bound_native_threads(1)
