"""The Python client of the daemon's socket::

from edgeface.client import Client

with Client() as client:
    client.enrol(Path("ada.jpg").read_bytes(), "staff", "ada")
    print(client.identify(photo, ["staff"]).matches)
"""

from __future__ import annotations

from edgeface.client.client import Client
from edgeface.client.daemon_facts import Info, Readiness
from edgeface.results import Comparison, Detection, Enrolment, Identification, Verification

__all__ = [
    "Client",
    "Comparison",
    "Detection",
    "Enrolment",
    "Identification",
    "Info",
    "Readiness",
    "Verification",
]
