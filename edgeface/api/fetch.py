"""Pictures by URL: off unless configured, bounded in bytes and time, and never from the device's own network.

A caller that may name a URL could otherwise make the device ask its neighbours (server-side request forgery):
addresses are judged after the name is resolved, on the very connection that is used, at every redirect.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from edgeface.config import FetchConfig, ImageLimits
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_URL_CHARACTERS = 2048
MOST_REDIRECTS = 3
MOST_AT_ONCE = 4
"""Downloads at once; further ones wait, and their waiting counts."""
_REDIRECTS = (301, 302, 303, 307, 308)
# Compression buys nothing for pictures, and a few compressed bytes can become gigabytes.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "edgeface"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


class Fetcher:
    """Fetches pictures for vendor calls. Make it on the event loop that uses it."""

    def __init__(self, config: FetchConfig, limits: ImageLimits) -> None:
        self._config = config
        self._most_bytes = limits.max_bytes
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def fetch(self, url: str) -> bytes:
        """The picture's bytes. Raises ``IMAGE_URL`` and says why, ``IMAGE_TOO_LARGE``."""
        if not self._config.enabled:
            raise _failed("Fetching is switched off (fetch.enabled).")
        target = self._target(url)
        try:
            return await asyncio.wait_for(self._downloaded(target), self._config.timeout_s)
        # First: from 3.11 on it is an OSError.
        except asyncio.TimeoutError as error:
            raise _failed("It took too long.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(type(error).__name__ + ".") from error

    async def _downloaded(self, target: URL) -> bytes:
        async with (
            self._places,
            aiohttp.ClientSession(
                connector=self._connector(),
                headers=_HEADERS,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # ours is around everything, redirects included
            ) as session,
        ):
            for _ in range(MOST_REDIRECTS + 1):
                async with session.get(target, allow_redirects=False) as response:
                    if response.status in _REDIRECTS:
                        target = self._target(str(target.join(URL(response.headers.get("Location", "")))))
                        continue
                    if response.status != 200:
                        raise _failed(f"The server answered {response.status}.")
                    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                        raise _failed("The server compressed it.")
                    return await self._body(response)
            raise _failed("Too many redirects.")

    def _target(self, url: str) -> URL:
        if len(url) > MOST_URL_CHARACTERS:
            raise _failed("The URL is too long.")
        try:
            target = URL(url)
            host = target.host
        except ValueError as error:
            raise _failed("It is not a URL.") from error
        if target.scheme not in ("http", "https") or not host:
            raise _failed("It must be http or https.")
        host = host.lower().rstrip(".")
        if not self._allowed(host):
            raise _failed("This host may not be fetched from (fetch.hosts).")
        # A literal address never meets the resolver, so it is judged here.
        if not self._config.hosts and _looks_like_an_address(host) and not _is_public(host):
            raise _failed("Addresses of the local network are not fetched from.")
        return target

    def _allowed(self, host: str) -> bool:
        # ".example.org" is example.org and everything below it.
        names = [name.lower() for name in self._config.hosts]
        return not names or any(
            host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)) for name in names
        )

    def _connector(self) -> aiohttp.TCPConnector:
        # A host that the operator named may be on the local network: that is what naming it means.
        return aiohttp.TCPConnector(resolver=None if self._config.hosts else PublicResolver())

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._most_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._most_bytes:
                raise self._too_large()
            chunks.append(chunk)
        return b"".join(chunks)

    def _too_large(self) -> EdgeFaceError:
        return EdgeFaceError(ErrorCode.IMAGE_TOO_LARGE, f"The limit is {self._most_bytes} bytes.")


class PublicResolver(AbstractResolver):
    """Resolves names, and knows only addresses that are routed in the Internet."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        """Raises ``OSError`` when nothing public is left."""
        found = [item for item in await self._inner.resolve(host, port, family) if _is_public(item["host"])]
        if not found:
            raise OSError("no public address")
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()


def _looks_like_an_address(host: str) -> bool:
    # Wider than what an address is: the client hands anything of digits and dots straight to the system, which
    # reads 2130706433, 127.1 and 127.000.000.001 as 127.0.0.1.
    return ":" in host or host.replace(".", "").isdigit()


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast


def _failed(why: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.IMAGE_URL, why)
