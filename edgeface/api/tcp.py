"""The optional TCP listener: refused where it would be open to everybody, bounded where strangers can reach it."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from edgeface.api.certificate import tls_context
from edgeface.api.connection import Connection
from edgeface.api.metrics import Metrics
from edgeface.api.sockets import BACKLOG
from edgeface.config import Config, TcpConfig
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_TCP_CONNECTIONS = 128
"""Connections at once, apart from those of the Unix socket, so that strangers cannot take the place of locals."""
MOST_HANDSHAKES = 32
"""TLS handshakes at once; a further caller is hung up on."""
HANDSHAKE_S = 10.0
"""Seconds for a handshake; on a local network it takes well below one."""
_WAIT_S = 1.0
"""Seconds until accepting is tried again when descriptors or memory have run out."""
_RUN_OUT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TcpListener:
    """A listening TCP socket. ``context`` is ``None`` without TLS; ``fingerprint`` is the certificate's SHA-256."""

    socket: socket.socket
    context: ssl.SSLContext | None
    fingerprint: str | None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.socket.getsockname()[:2]
        return str(host), int(port)


def open_tcp(config: Config, *, has_keys: bool, passed: socket.socket | None = None) -> TcpListener:
    """Listen as configured, or on the socket that systemd passed.

    Raises ``CONFIG_INVALID`` when it would be open to everybody without anybody having said so, and when the
    address or the certificate cannot be used.
    """
    tcp = config.tcp
    listening = passed if passed is not None else _bound(tcp)
    try:
        check_exposure(tcp, str(listening.getsockname()[0]), has_keys=has_keys)
        context, fingerprint = tls_context(tcp, config.state_dir) if tcp.tls else (None, None)
        listening.setblocking(False)
        return TcpListener(listening, context, fingerprint)
    except BaseException:
        listening.close()
        raise


def check_exposure(config: TcpConfig, address: str, *, has_keys: bool) -> None:
    """Raise ``CONFIG_INVALID`` for a listener without keys, and for one beyond this device without TLS."""
    if not has_keys and config.anonymous == "none":
        raise EdgeFaceError(
            ErrorCode.CONFIG_INVALID, "tcp: nobody could call. Configure [[keys]], or say tcp.anonymous."
        )
    if not config.tls and not _is_loopback(address):
        raise EdgeFaceError(
            ErrorCode.CONFIG_INVALID, f"tcp.tls: {address} is not loopback; keys and faces would pass in the clear."
        )


class TcpServer:
    """Accepts connections of one listener until it is closed."""

    def __init__(
        self,
        listener: TcpListener,
        protocol: Callable[[], Connection],
        metrics: Metrics,
        *,
        handshake_s: float = HANDSHAKE_S,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._metrics = metrics
        self._handshake_s = handshake_s
        self._connecting: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Accept no more; connections that are open stay."""
        self._accepting.cancel()
        for task in self._connecting:
            task.cancel()
        # The loop still has it until the task is gone.
        self._accepting.add_done_callback(lambda _: self._listener.socket.close())

    async def _accept(self) -> None:
        # loop.create_server would begin any number of handshakes, and each holds a descriptor.
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)  # sock_accept does not yield while callers wait in line: a flood is no standstill
            try:
                connected, _ = await loop.sock_accept(self._listener.socket)
            except OSError as error:
                # Whoever hung up while waiting in line is no reason to stop.
                if error.errno in _RUN_OUT:
                    await asyncio.sleep(_WAIT_S)
                continue
            if len(self._connecting) >= MOST_HANDSHAKES:
                connected.close()
                self._metrics.turned_away("too_many_handshakes")
                continue
            task = loop.create_task(self._connect(connected))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, connected: socket.socket) -> None:
        context = self._listener.context
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol,
                connected,
                ssl=context,
                ssl_handshake_timeout=self._handshake_s if context is not None else None,
            )
        except OSError:  # ssl.SSLError is one; the transport has closed the socket, or will
            self._metrics.turned_away("handshake")


def _bound(config: TcpConfig) -> socket.socket:
    host = "127.0.0.1" if config.host == "localhost" else config.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        # The unit forbids the network until somebody wants it (RestrictAddressFamilies).
        raise EdgeFaceError(
            ErrorCode.CONFIG_INVALID,
            f"tcp: {error.strerror}. Under systemd the unit needs edgeface-network.conf (docs/tcp-and-keys.md).",
        ) from error
    try:
        # A restart need not wait for connections of the last run; two daemons still cannot share the port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, config.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"tcp {host} port {config.port}: {reason}.") from error
    return listening


def _is_loopback(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
