"""The soak with the real engine: a crowd before a simulated camera, for ``--minutes``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.soak import soak
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.log import EventLog
from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.portraits import eileen_collins

# Eileen is known, Grace is not: alone, together, too far, dark, masked, and now and then nobody.
CROWD = """
seconds = 22
[[people]]
name = "eileen"
portrait = "eileen_collins"
[[people]]
name = "grace"
portrait = "grace_hopper"
[[shots]]
who = "eileen"
start = 1
end = 4
face_width = [70, 180]
[[shots]]
who = "grace"
start = 6
end = 9
face_width = 160
[[shots]]
who = "eileen"
start = 11
end = 13
face_width = 140
x = 0.28
[[shots]]
who = "grace"
start = 11
end = 13
face_width = 140
x = 0.74
[[shots]]
who = "eileen"
start = 15
end = 17
light = 0.12
[[shots]]
who = "grace"
start = 19
end = 21
occluder = "mask"
"""
_WARM_S = 30.0


def run(minutes: float) -> list[dict[str, Any]]:
    """One row of counts."""
    with tempfile.TemporaryDirectory(prefix="ef-soak-") as name:
        folder = Path(name)
        (folder / "crowd.toml").write_text(CROWD, encoding="utf-8")
        camera = {"source": f"simulated:{folder}/crowd.toml", "loop": True, "width": 640, "height": 480}
        config = Config.model_validate(
            {
                "state_dir": folder / "state",
                "models": {"precision": "fp32"},
                "camera": {**camera, "detect_width": 320, "fps": 10, "restarts": 100},
                "live": {"profile": "attendance", "groups": ["staff"], "liveness": "none"},
                "attendance": {"debounce_s": 5},
            }
        )
        with (
            Engine.open(config) as engine,
            EventLog.open(config.state_dir, config.events, key=engine.gallery.subkey("events")) as events,
        ):
            image = SimulatedCamera(640, 480, seed=99).take((eileen_collins(), Shot(face_width=190)))
            engine.enrol(image, "staff", "eileen")
            warm_s = min(_WARM_S, minutes * 60 / 3)
            report = soak(
                engine,
                events,
                done=lambda seconds, _: seconds >= minutes * 60,
                warm=lambda seconds, _: seconds >= warm_s,
                disturb_every_s=20.0 if minutes >= 2 else 3.0,
            )
    growth = (report.end_bytes - report.rest_bytes) / 2**20
    return [
        {
            "minutes": round(report.seconds / 60, 2),
            "frames": report.frames,
            "looked_at": report.looked_at,
            "kills": report.kills,
            "restarts": report.restarts,
            "sink_absences": report.sink_absences,
            "written": sum(report.written.values()),
            "logged": sum(report.logged.values()),
            "unwritten": report.unwritten,
            "delivered": report.delivered,
            "missing": report.missing,
            "doubled": report.doubled,
            "memory_mib": round(report.end_bytes / 2**20, 1),
            "growth_mib": round(growth, 1),
            "disk_kib_per_hour": round(report.disk_bytes / 1024 / (report.seconds / 3600)),
            "transactions": report.transactions,
        }
    ]
