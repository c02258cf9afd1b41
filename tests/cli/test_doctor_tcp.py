"""``doctor`` says of the TCP listener what would keep it from starting, and what lets everybody in."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.api.certificate import fingerprint, own_certificate
from edgeface.cli.checks import Status
from edgeface.cli.checks_tcp import tcp_findings
from edgeface.config import Config, KeyConfig, TcpConfig

KEY = KeyConfig(key="one", secret="secret-of-one")


def found(tmp_path: Path, *, keys: tuple[KeyConfig, ...] = (KEY,), keys_file: Path | None = None, **tcp: object):
    config = Config(
        state_dir=tmp_path, keys=keys, keys_file=keys_file, tcp=TcpConfig.model_validate({"enabled": True, **tcp})
    )
    findings = {finding.name: finding for finding in tcp_findings(config)}
    assert all(finding.status is Status.OK or finding.advice for finding in findings.values())
    assert all("secret-of" not in finding.detail for finding in findings.values())
    return findings


def test_nothing_is_said_of_a_listener_that_is_off() -> None:
    assert list(tcp_findings(Config())) == []


def test_a_good_one_shows_its_fingerprint(tmp_path: Path) -> None:
    assert "will be made" in found(tmp_path)["certificate"].detail
    chain, _ = own_certificate(tmp_path, "127.0.0.1")
    seen = found(tmp_path)
    assert {finding.status for finding in seen.values()} == {Status.OK}
    assert fingerprint(chain) in seen["certificate"].detail
    assert "https://127.0.0.1:8443" in seen["keys"].detail


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"keys": ()}, "keys"),
        ({"host": "0.0.0.0", "tls": False}, "keys"),
        ({"keys_file": Path("/nonexistent")}, "keys"),
        ({"certificate": "/nonexistent", "private_key": "/nonexistent"}, "certificate"),
        ({"certificate": __file__, "private_key": __file__}, "certificate"),
    ],
)
def test_what_would_not_start_fails(tmp_path: Path, wrong: dict, name: str) -> None:
    assert found(tmp_path, **wrong)[name].status is Status.FAIL


def test_an_open_door_is_warned_of(tmp_path: Path) -> None:
    seen = found(tmp_path, keys=(), anonymous="admin")
    assert seen["anonymous"].status is Status.WARN and "admin" in seen["anonymous"].detail
