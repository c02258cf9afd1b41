"""Who is calling and what they may do, whichever way they proved it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """``role``: ``None`` where nothing is allowed. ``key``: the name of the key that was shown, as logs and counts
    carry it (never the key itself); ``None`` for a peer of the Unix socket and for the anonymous."""

    role: Role | None
    key: str | None = None

    def require(self, role: Role) -> None:
        """Raise ``FORBIDDEN`` unless the caller has the role."""
        if self.role is None or not self.role.includes(role):
            raise EdgeFaceError(ErrorCode.FORBIDDEN, f"It needs the role {role.value}.", needed=role.value)
