"""Tencent's signature of its image services: ``Authorization: base64(HMAC-SHA1(secret, text) + text)``.

The text is ``a=<appid>&b=<bucket>&k=<SecretId>&e=<end>&t=<now>&r=<random>&f=<file>``; times are in seconds since
1970. With ``e=0`` it may be used once, else until ``e``, at most three months after ``t`` ("鉴权签名"). It binds
neither the body nor the call. ``b`` and ``f`` name things of a storage that a device does not have.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from edgeface.errors import EdgeFaceError, ErrorCode

_DIGEST_BYTES = 20
_MOST_CHARACTERS = 4096
_MOST_LIFETIME_S = 92 * 86_400  # "有效期最长可设置三个月"
_TIME = re.compile(r"[0-9]{1,10}")
_RANDOM = re.compile(r"[0-9]{1,10}")  # "无符号10进制整数，最长10位"


@dataclass(frozen=True, slots=True)
class TencentSignature:
    """The parts of the header. ``until`` is 0 where it may be used once."""

    app_id: str
    key: str
    until: int
    signed_at: int
    random: str
    digest: bytes = field(repr=False)
    text: bytes = field(repr=False)

    @property
    def once(self) -> bool:
        """Whether it may be used once only."""
        return self.until == 0

    def last_moment(self, skew_s: float) -> float:
        """Seconds since 1970 until which it is accepted. One of single use has no end of its own: it is used at
        once, as far as the two clocks agree."""
        return (self.signed_at if self.once else self.until) + skew_s

    def check_time(self, now: float, skew_s: float) -> None:
        """Raise ``SIGNATURE_EXPIRED`` when it is over, or of the future."""
        if not self.signed_at - skew_s <= now <= self.last_moment(skew_s):
            raise EdgeFaceError(ErrorCode.SIGNATURE_EXPIRED)

    def fits(self, secret: bytes) -> bool:
        """Whether the holder of the secret signed the text."""
        return hmac.compare_digest(hmac.new(secret, self.text, hashlib.sha1).digest(), self.digest)


def parse(header: str) -> TencentSignature:
    """The parts of the header's value. Raises ``SIGNATURE_INVALID`` (``what``: ``form``)."""
    try:
        if len(header) > _MOST_CHARACTERS:
            raise ValueError("too long")
        raw = base64.b64decode(header.encode("ascii"), validate=True)
        digest, text = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        parts = [part.partition("=") for part in text.decode("utf-8").split("&")]
        fields = {name: value for name, _, value in parts}
        if len(fields) != len(parts):
            raise ValueError("a field stands there twice")
        until, signed_at = (_number(fields[name]) for name in ("e", "t"))
        if not _RANDOM.fullmatch(fields["r"]) or not fields["a"] or not fields["k"]:
            raise ValueError("not a signature's text")
        if until and not signed_at < until <= signed_at + _MOST_LIFETIME_S:
            raise ValueError("no such span of time")
        return TencentSignature(fields["a"], fields["k"], until, signed_at, fields["r"], digest, text)
    except (ValueError, KeyError, binascii.Error):
        raise EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="form") from None


def _number(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise ValueError("not a time")
    return int(text)
