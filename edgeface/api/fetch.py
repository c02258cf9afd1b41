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


class Fetcher:
    """Fetches pictures for vendor calls."""

    def __init__(self, config: FetchConfig, limits: ImageLimits) -> None:
        self._config = config
        self._most_bytes = limits.max_bytes

    async def fetch(self, url: str) -> bytes:
        """The picture's bytes. Raises ``IMAGE_URL`` and says why, ``IMAGE_TOO_LARGE``."""
        if not self._config.enabled:
            raise _failed("Fetching is switched off (fetch.enabled).")
        target = self._target(url)
        timeout = aiohttp.ClientTimeout(total=self._config.timeout_s)
        try:
            async with aiohttp.ClientSession(timeout=timeout, connector=self._connector()) as session:
                for _ in range(MOST_REDIRECTS + 1):
                    async with session.get(target, allow_redirects=False) as response:
                        if response.status in (301, 302, 303, 307, 308):
                            target = self._target(str(target.join(URL(response.headers.get("Location", "")))))
                            continue
                        if response.status != 200:
                            raise _failed(f"The server answered {response.status}.")
                        return await self._body(response)
                raise _failed("Too many redirects.")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(type(error).__name__ + ".") from error
        except asyncio.TimeoutError as error:
            raise _failed("It took too long.") from error

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
        if not self._allowed(host.lower()):
            raise _failed("This host may not be fetched from (fetch.hosts).")
        # A literal address never meets the resolver, so it is judged here.
        if not self._config.hosts and _is_address(host) and not _is_public(host):
            raise _failed("Addresses of the local network are not fetched from.")
        return target

    def _allowed(self, host: str) -> bool:
        names = [name.lower() for name in self._config.hosts]
        return not names or any(host == name or (name.startswith(".") and host.endswith(name)) for name in names)

    def _connector(self) -> aiohttp.TCPConnector:
        # A host that the operator named may be on the local network: that is what naming it means.
        return aiohttp.TCPConnector(resolver=None if self._config.hosts else PublicResolver())

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._most_bytes:
                raise EdgeFaceError(ErrorCode.IMAGE_TOO_LARGE, f"The limit is {self._most_bytes} bytes.")
            chunks.append(chunk)
        return b"".join(chunks)


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


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    return ipaddress.ip_address(address.split("%", maxsplit=1)[0]).is_global


def _failed(why: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.IMAGE_URL, why)
