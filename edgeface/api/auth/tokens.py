"""Access tokens: what ``/oauth/2.0/token`` hands out and every call over TCP may show for 30 days.

Nothing is stored: a token carries the name of its key and its end, sealed with a key derived from the gallery's
and with the secret of its own key. So tokens outlive a restart of the daemon, and die with an erased gallery, a
removed key or a changed secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable

from edgeface.api.auth.clock import Clock
from edgeface.api.auth.keyring import ApiKey, Keyring
from edgeface.errors import EdgeFaceError, ErrorCode

LIFETIME_S = 2_592_000  # Baidu: "access_token的有效期为30天"
# The look of the vendor's tokens (24.<digest>.<lifetime>.<end>.<whose>), with a longer digest.
_KIND = "24"
_TOKEN = re.compile(r"24\.([0-9a-f]{64})\.2592000\.([0-9]{1,12})\.([0-9a-f]{16})")


class AccessTokens:
    """Issues and checks tokens."""

    def __init__(self, seal_key: Callable[[], bytes], keyring: Keyring, clock: Clock) -> None:
        """``seal_key``: asked for each time, because erasing the gallery changes it."""
        self._seal_key = seal_key
        self._keyring = keyring
        self._clock = clock

    def issue(self, key: ApiKey) -> str:
        """A token of a key whose secret was shown. Raises what ``seal_key`` raises."""
        end = int(self._clock.now()) + LIFETIME_S
        return f"{_KIND}.{self._seal(key, end)}.{LIFETIME_S}.{end}.{key.name}"

    def check(self, token: str) -> ApiKey:
        """The token's key. Raises ``ACCESS_TOKEN_INVALID``, ``ACCESS_TOKEN_EXPIRED``."""
        parts = _TOKEN.fullmatch(token)
        key = self._keyring.by_name(parts[3]) if parts else None
        if parts is None or key is None or not hmac.compare_digest(parts[1], self._seal(key, int(parts[2]))):
            raise EdgeFaceError(ErrorCode.ACCESS_TOKEN_INVALID)
        if self._clock.now() >= int(parts[2]):
            raise EdgeFaceError(ErrorCode.ACCESS_TOKEN_EXPIRED)
        return key

    def _seal(self, key: ApiKey, end: int) -> str:
        own = hmac.new(self._seal_key(), key.secret, hashlib.sha256).digest()
        return hmac.new(own, f"{key.name}/{end}".encode(), hashlib.sha256).hexdigest()


def empty_token(clock: Clock) -> str:
    """A token that looks like one and opens nothing: for callers whose tokens nobody looks at."""
    end = int(clock.now()) + LIFETIME_S
    return f"{_KIND}.{secrets.token_hex(32)}.{LIFETIME_S}.{end}.{'0' * 16}"
