"""Baidu's ``bce-auth-v1`` signature: ``Authorization: bce-auth-v1/{ak}/{timestamp}/{seconds}/{headers}/{digest}``.

Source: "生成认证字符串" of Baidu's cloud, and what its published clients really do: they sign the query as it is
sent (a space as ``+``), the headers in any order, and the host without its port.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from time import strptime
from urllib.parse import parse_qsl, quote

from multidict import CIMultiDictProxy

from edgeface.errors import EdgeFaceError, ErrorCode

PREFIX = "bce-auth-v1/"
_FORM = re.compile(
    r"(?P<prefix>bce-auth-v1/(?P<key>[^/]{1,128})/(?P<time>[0-9-]{10}T[0-9:]{8}Z)/(?P<lifetime>[0-9]{1,7}))"
    r"/(?P<headers>[^/]{0,1024})/(?P<digest>[0-9a-f]{64})"
)
_MOST_LIFETIME_S = 2_592_000
"""30 days, as long as a token: a signature that never ends would be a password."""
# "signedHeaders 为空": these, where the request has them, and every x-bce-*.
_DEFAULT_HEADERS = ("host", "content-length", "content-type", "content-md5")


@dataclass(frozen=True, slots=True)
class BceSignature:
    """The parts of the header. ``prefix`` is what the signing key is made from; ``signed_at`` is in seconds since
    1970, ``lifetime_s`` counts from there."""

    prefix: str
    key: str
    signed_at: int
    lifetime_s: int
    headers: tuple[str, ...]
    digest: str

    def check_time(self, now: float, skew_s: float) -> None:
        """Raise ``SIGNATURE_EXPIRED`` when it is over, or begins in the future."""
        if not self.signed_at - skew_s <= now <= self.signed_at + self.lifetime_s + skew_s:
            raise EdgeFaceError(ErrorCode.SIGNATURE_EXPIRED)

    def fits(self, secret: bytes, method: str, target: str, headers: CIMultiDictProxy[str]) -> bool:
        """Whether the holder of the secret signed this request. ``target``: path and query as they were sent."""
        signing_key = _hmac(secret, self.prefix)
        # All of the forms are compared, so that the time does not tell which was near.
        return any(
            [
                hmac.compare_digest(_hmac(signing_key.encode(), text), self.digest)
                for text in self._canonical(method, target, headers)
            ]
        )

    def _canonical(self, method: str, target: str, headers: CIMultiDictProxy[str]) -> Iterator[str]:
        path, _, query = target.partition("?")
        names = self.headers or tuple(
            name
            for name in dict.fromkeys(name.lower() for name in headers)
            if name in _DEFAULT_HEADERS or name.startswith("x-bce-")
        )
        for host in _hosts(headers):
            lines = []
            for name in names:
                values = [host] if name == "host" else headers.getall(name, [])
                if len(values) != 1:
                    return  # a header that is signed is there, and once
                lines.append(f"{_encoded(name)}:{_encoded(values[0].strip())}")
            block = "\n".join(sorted(lines))
            for form in dict.fromkeys((_documented_query(query), _sent_query(query))):
                yield f"{method.upper()}\n{_path(path)}\n{form}\n{block}"


def parse(text: str) -> BceSignature:
    """The parts of the header's value. Raises ``SIGNATURE_INVALID``."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise _malformed()
    headers = tuple(name.strip().lower() for name in found["headers"].split(";") if name.strip())
    try:
        signed_at = timegm(strptime(found["time"], "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        raise _malformed() from None
    lifetime_s = int(found["lifetime"])
    # Without the host a signature for one device would be good for every other that has the key.
    if (headers and "host" not in headers) or len(set(headers)) != len(headers):
        raise _malformed()
    if not 0 < lifetime_s <= _MOST_LIFETIME_S:
        raise _malformed()
    return BceSignature(found["prefix"], found["key"], signed_at, lifetime_s, headers, found["digest"])


def _malformed() -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="form")


def _hosts(headers: CIMultiDictProxy[str]) -> tuple[str, ...]:
    sent = headers.getall("host", [])
    if len(sent) != 1:
        return ()
    host = sent[0].strip()
    # The clients sign the name alone, also where the transport sends name and port.
    return tuple(dict.fromkeys((host, re.sub(r":\d+$", "", host))))


def _path(path: str) -> str:
    # As it was sent when it was sent encoded; the published clients encode what is not.
    return path if "%" in path else quote(path, safe="/", errors="surrogateescape")


def _documented_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return "&".join(
        sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs if name.lower() != "authorization")
    )


def _sent_query(query: str) -> str:
    return "&".join(sorted(query.split("&")))


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
