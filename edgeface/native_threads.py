"""One call, one core: native libraries must not start threads of their own under the crew's.

Left alone, OpenBLAS splits a gallery scan over every core and waits for the slowest: with other work on the
machine an exact scan of 10,000 templates took 32 ms instead of 0.9 ms (docs/adr/0007). OpenCV likewise.
"""

from __future__ import annotations

import cv2
from threadpoolctl import threadpool_limits


def bound_native_threads(threads: int) -> None:
    """Let BLAS and OpenCV use at most so many threads per call, in the whole process."""
    threadpool_limits(limits=threads, user_api="blas")
    cv2.setNumThreads(threads)
