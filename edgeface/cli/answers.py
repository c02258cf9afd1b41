"""Types of answers, whichever side of the socket made them: the engine's results and the client's are alike."""

from __future__ import annotations

from typing import TypeAlias

from edgeface import client, engine

Detection: TypeAlias = engine.Detection | client.Detection
Comparison: TypeAlias = engine.Comparison | client.Comparison
Identification: TypeAlias = engine.Identification | client.Identification
Verification: TypeAlias = engine.Verification | client.Verification
Enrolment: TypeAlias = engine.Enrolment | client.Enrolment
