"""The listener's certificate: the device's own or a given one, that clients can verify."""

from __future__ import annotations

import hashlib
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from edgeface.api.certificate import CERTIFICATE_NAME, KEY_NAME, fingerprint, own_certificate, tls_context
from edgeface.config import TcpConfig
from edgeface.errors import EdgeFaceError
from tests.api.over_tcp import (
    RunningOverTcp,
    folder_of_its_own,
    plain,
    running_over_tcp,
    started,
    tcp_config,
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[RunningOverTcp]:
    with running_over_tcp() as running:
        yield running


def test_the_devices_own_certificate(daemon: RunningOverTcp) -> None:
    certificate = x509.load_pem_x509_certificate(daemon.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert {"localhost", socket.gethostname()} <= set(names.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1"} <= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    years = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days / 365
    assert 10 <= years < 30
    key = daemon.config.state_dir / KEY_NAME
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(daemon.certificate.stat().st_mode) & 0o022 == 0
    assert not list(daemon.config.state_dir.glob("*.new"))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_clients_that_have_it_can_verify_it(daemon: RunningOverTcp, name: str) -> None:
    context = ssl.create_default_context(cafile=str(daemon.certificate))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with context.wrap_socket(plain(daemon), server_hostname=name) as tls:
        assert tls.version() in ("TLSv1.2", "TLSv1.3")
    with plain(daemon) as sock, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(sock, server_hostname="other.example")
    with plain(daemon) as sock, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(sock, server_hostname=name)


def test_the_fingerprint_is_the_one_openssl_shows(daemon: RunningOverTcp) -> None:
    der = ssl.PEM_cert_to_DER_cert(daemon.certificate.read_text())
    shown = fingerprint(daemon.certificate)
    assert shown.replace(":", "").lower() == hashlib.sha256(der).hexdigest()
    assert daemon.daemon.tcp is not None and daemon.daemon.tcp.fingerprint == shown


def test_it_stays_the_same_and_is_made_again_only_when_it_is_broken(tmp_path: Path) -> None:
    chain, key = own_certificate(tmp_path, "127.0.0.1")
    first = fingerprint(chain)
    assert fingerprint(own_certificate(tmp_path, "127.0.0.1")[0]) == first
    for broken in (chain, key):
        before = fingerprint(own_certificate(tmp_path, "127.0.0.1")[0])
        broken.write_bytes(b"")  # what a power cut leaves on a bad card
        assert fingerprint(own_certificate(tmp_path, "127.0.0.1")[0]) != before
    other = tmp_path / "other"
    own_certificate(other, "127.0.0.1")
    key.write_bytes((other / KEY_NAME).read_bytes())  # a pair that does not fit
    own_certificate(tmp_path, "127.0.0.1")
    tls_context(TcpConfig(), tmp_path)


def test_an_old_certificate_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.api.certificate.YEARS", 0.05)
    first = fingerprint(own_certificate(tmp_path, "127.0.0.1")[0])
    monkeypatch.undo()
    assert fingerprint(own_certificate(tmp_path, "127.0.0.1")[0]) != first


def test_a_state_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgeFaceError, match="storage_read_only"):
        tls_context(TcpConfig(), tmp_path / "file")


def test_a_given_certificate_is_used(tmp_path: Path) -> None:
    chain, key = own_certificate(tmp_path / "given", "127.0.0.1")
    with folder_of_its_own() as folder, started(tcp_config(folder, certificate=chain, private_key=key)) as daemon:
        assert daemon.call("GET", "/v1/health/live").status == 401
        assert daemon.daemon.tcp is not None and daemon.daemon.tcp.fingerprint == fingerprint(chain)
        assert not (daemon.config.state_dir / CERTIFICATE_NAME).exists()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(daemon: RunningOverTcp) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with plain(daemon) as sock, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(sock, server_hostname="localhost")
