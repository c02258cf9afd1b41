"""Which source ``camera.source`` names."""

from __future__ import annotations

import re
from pathlib import Path

from edgeface.capture.source import Source
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode

FORMS = (
    "picamera2[:INDEX], v4l2:/dev/videoN, rtsp://HOST/PATH, gstreamer:PIPELINE, file:VIDEO, folder:DIR, "
    "simulated:SCRIPT.toml"
)


def open_source(config: CameraConfig) -> Source:
    """The configured source, ready for its ``open()``. Raises ``CONFIG_INVALID``.

    Each kind's libraries are loaded only when it is the one.
    """
    kind, _, rest = config.source.partition(":")
    if kind == "picamera2":
        from edgeface.capture.picamera2_source import Picamera2Source  # noqa: PLC0415

        if rest and not rest.isdigit():
            raise _invalid(config, f"picamera2 is followed by the camera's number, not '{rest}'.")
        return Picamera2Source(config, int(rest or "0"))
    if kind in ("rtsp", "rtsps", "gstreamer"):
        from edgeface.capture.stream_source import GStreamerSource, RtspSource  # noqa: PLC0415

        return GStreamerSource(config, rest) if kind == "gstreamer" else RtspSource(config.source)
    if kind not in ("v4l2", "file", "folder", "simulated"):
        raise _invalid(config, f"'{kind}' is no camera source.")
    if not rest:
        raise _invalid(config, f"'{kind}:' needs a path behind it.")
    return _stored_or_device(kind, Path(rest), config)


def _stored_or_device(kind: str, path: Path, config: CameraConfig) -> Source:
    if kind == "v4l2":
        from edgeface.capture.v4l2_source import V4l2Source  # noqa: PLC0415

        return V4l2Source(config, path)
    if kind == "file":
        from edgeface.capture.video_source import VideoSource  # noqa: PLC0415

        return VideoSource(path, loop=config.loop)
    if kind == "folder":
        from edgeface.capture.folder_source import FolderSource  # noqa: PLC0415

        return FolderSource(path, fps=config.fps, loop=config.loop)
    from edgeface.capture.simulated_source import SimulatedSource  # noqa: PLC0415

    return SimulatedSource(config, path)


def shown(source: str) -> str:
    """``camera.source`` for people and logs: without the users and passwords of its URLs and pipeline elements."""
    without_users = re.sub(r"(\w+://)[^/\s]*@", r"\1", source)
    return re.sub(r"\b(user-pw|proxy-pw|password)=(\"[^\"]*\"|\S+)", r"\1=***", without_users)


def _invalid(config: CameraConfig, why: str) -> EdgeFaceError:
    if config.source == "none":
        why = "No camera is configured."
    return EdgeFaceError(ErrorCode.CONFIG_INVALID, f"camera.source: {why} There are: {FORMS}.")
