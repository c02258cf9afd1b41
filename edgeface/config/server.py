"""The sockets, keys of applications, pictures by URL, and logging."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from edgeface.config.section import Section

DEFAULT_SOCKET = Path("/run/edgeface/edgeface.sock")


class ServerConfig(Section):
    """The socket."""

    socket: Path = Field(DEFAULT_SOCKET, description="Path of the Unix socket; systemd's socket wins.")
    socket_mode: int = Field(0o660, ge=0, le=0o777, description="Mode of the socket.")
    socket_group: str | None = Field("edgeface", description="Group that owns the socket, where it exists.")
    admin_groups: tuple[str, ...] = Field(
        ("edgeface-admin",), description="System groups whose members are admins; root and our own uid are."
    )
    matcher_groups: tuple[str, ...] = Field(("edgeface",), description="System groups that may match.")
    other_peers: Literal["observer", "matcher", "admin", "none"] = Field(
        "none", description="Role of any other peer that can open the socket."
    )
    workers: int = Field(2, ge=1, le=64, description="Calls computed at once.")
    queue: int = Field(16, ge=0, le=1024, description="Calls that may wait; further ones get 503.")
    deadline_s: float = Field(10.0, gt=0, le=600, description="Seconds a call may take, waiting included.")
    max_request_bytes: int = Field(
        21 * 1024 * 1024, ge=1024, description="Largest request body, bytes (two 10M images)."
    )
    max_archive_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest archive to import, bytes (a million templates are about 1.2 GB)."
    )
    body_timeout_s: float = Field(15.0, gt=0, le=600, description="Seconds within which a body must arrive.")
    grace_s: float = Field(5.0, ge=0, le=120, description="Seconds that running calls get at a stop.")


class FetchConfig(Section):
    """Pictures by URL. Off: nothing leaves the device unless configured."""

    enabled: bool = Field(False, description="Fetch pictures that a vendor call names by URL.")
    hosts: tuple[str, ...] = Field(
        (),
        description="Host names that may be fetched from (exact, or .example.org for a domain); empty: any host "
        "that is not this device or its local network.",
    )
    timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds for one picture, redirects included.")


class TcpConfig(Section):
    """The optional TCP listener, for cloud clients that cannot speak to a Unix socket."""

    enabled: bool = Field(False, description="Listen on TCP too.")
    host: str = Field(
        "127.0.0.1",
        description="IP address to listen on, or localhost; any other than loopback only with TLS.",
    )
    port: int = Field(8443, ge=0, le=65535, description="Port; 0: any free one (the log says which).")
    tls: bool = Field(True, description="Speak TLS.")
    certificate: Path | None = Field(
        None, description="PEM certificate chain; default: a self-made one in the state directory."
    )
    private_key: Path | None = Field(None, description="PEM private key of the certificate.")
    anonymous: Literal["none", "observer", "matcher", "admin"] = Field(
        "none", description="Role of a caller without any key (CloudWalk 2.1: app_id may be left out)."
    )
    clock_skew_s: float = Field(
        300.0,
        ge=0,
        le=86_400,
        description="Seconds by which a signing caller's clock may differ from the device's (Tencent: 5 minutes).",
    )

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, host: str) -> str:
        # Names are not looked up: what a name means may change, and loopback has to be certain.
        if host != "localhost":
            ipaddress.ip_address(host)
        return host

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> TcpConfig:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key belong together")
        return self


class KeyConfig(Section):
    """One application's key pair, as a cloud console hands it out: one ``[[keys]]`` table each."""

    app_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._\-]{0,128}$",
        description="Application id (Baidu APP_ID; Tencent appid, which Tencent's calls need): letters, digits, "
        "`.`, `_`, `-`. One application may have several keys.",
    )
    key: str = Field(
        pattern=r"^[A-Za-z0-9._\-]{1,128}$",
        description="API key (Baidu AK, Tencent SecretId, CloudWalk app_id): 1 to 128 letters, digits, `.`, `_`, "
        "`-`; unique.",
    )
    secret: SecretStr = Field(
        min_length=8,
        max_length=256,
        description="Secret (Baidu SK, Tencent SecretKey, CloudWalk app_secret); `openssl rand -hex 32` makes one.",
    )
    role: Literal["observer", "matcher", "admin"] = Field("matcher", description="What the key may do.")
    qps: float | None = Field(
        None, gt=0, le=10_000, description="Calls in a second (Baidu error 18); default: no limit."
    )
    per_day: int | None = Field(None, ge=1, description="Calls on a UTC day (Baidu error 17); default: no limit.")
    total: int | None = Field(None, ge=1, description="Calls in all (Baidu error 19); default: no limit.")


def _each_key_once(keys: tuple[KeyConfig, ...]) -> tuple[KeyConfig, ...]:
    if len({key.key for key in keys}) != len(keys):
        raise ValueError("a key stands there twice")
    return keys


Keys = Annotated[tuple[KeyConfig, ...], AfterValidator(_each_key_once)]


class KeysFile(Section):
    """What ``keys_file`` holds: ``[[keys]]`` tables and nothing else."""

    keys: Keys = ()


class LogConfig(Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level written.")
