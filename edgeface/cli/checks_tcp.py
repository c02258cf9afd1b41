"""The TCP listener's ground: who could call, and under which certificate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli.checks import Finding, fail, ok, warn
from edgeface.errors import EdgeFaceError

if TYPE_CHECKING:
    from edgeface.config import Config


def tcp_findings(config: Config) -> Iterator[Finding]:
    """Nothing where the listener is off."""
    tcp = config.tcp
    if not tcp.enabled:
        return
    from edgeface.api.tcp import check_exposure

    file = config.keys_file
    if file is not None and file.exists() and not os.access(file, os.R_OK):
        yield warn("tcp", "keys", f"{file} is not readable for this user", "run doctor as the daemon's user")
    else:
        try:
            number = _number_of_keys(config)
            check_exposure(tcp, "127.0.0.1" if tcp.host == "localhost" else tcp.host, has_keys=number > 0)
            yield ok("tcp", "keys", f"{number} for {'https' if tcp.tls else 'http'}://{tcp.host}:{tcp.port}")
        except EdgeFaceError as error:
            yield fail("tcp", "keys", error.message, "see docs/tcp-and-keys.md")
    if tcp.anonymous != "none":
        yield warn(
            "tcp", "anonymous", f"anybody who can connect has the role {tcp.anonymous}", "set tcp.anonymous to none"
        )
    if tcp.tls:
        yield _certificate(config)


def _number_of_keys(config: Config) -> int:
    from edgeface.api.auth.keyring import Keyring

    return len(Keyring.open(config))


def _certificate(config: Config) -> Finding:
    from edgeface.api.certificate import CERTIFICATE_NAME, fingerprint

    given: Path | None = config.tcp.certificate
    file = given or config.state_dir / CERTIFICATE_NAME
    try:
        return ok("tcp", "certificate", f"{file}, SHA-256 {fingerprint(file)}")
    except FileNotFoundError:
        if given is None:
            return ok("tcp", "certificate", f"{file} will be made at the first start")
        return fail("tcp", "certificate", f"{file} does not exist", "correct tcp.certificate")
    except PermissionError:
        return warn("tcp", "certificate", f"{file} is not readable for this user", "run doctor as the daemon's user")
    except (OSError, ValueError):
        return fail("tcp", "certificate", f"{file} is no certificate", "correct tcp.certificate, or remove the file")
