"""The Python client of the daemon's socket::

from edgeface.client import Client

with Client() as client:
    client.enrol(Path("ada.jpg").read_bytes(), "staff", "ada")
    print(client.identify(photo, ["staff"]).matches)
"""

from __future__ import annotations

from edgeface.client.camera_calls import CameraEnrolment, CameraStatus, EnrolledPose
from edgeface.client.client import Client
from edgeface.client.daemon_facts import Info, Readiness
from edgeface.results import Comparison, Detection, Enrolment, IdComparison, Identification, Verification

__all__ = [
    "CameraEnrolment",
    "CameraStatus",
    "Client",
    "Comparison",
    "Detection",
    "EnrolledPose",
    "Enrolment",
    "IdComparison",
    "Identification",
    "Info",
    "Readiness",
    "Verification",
]
