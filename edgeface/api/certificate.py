"""The TCP listener's TLS: a given certificate, or one that the device makes for itself.

A device in a closed network has no authority that would certify it. Its own certificate says nothing of who it is,
but it stays the same, so a client that has been given it once (or its fingerprint) notices any other.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import ipaddress
import os
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edgeface.config import TcpConfig
from edgeface.errors import EdgeFaceError, ErrorCode

CERTIFICATE_NAME = "tls.crt"
KEY_NAME = "tls.key"
YEARS = 10
"""Nobody comes to renew it; it is trusted because it was handed over, not because it is young."""
# A board without a battery may believe that it is 1970. No clock that is right is before this.
_EARLIEST = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
_RENEW_BEFORE = datetime.timedelta(days=30)
_SIOCGIFADDR = 0x8915  # linux/sockios.h


def tls_context(config: TcpConfig, state_dir: Path) -> tuple[ssl.SSLContext, str]:
    """The server's context (TLS 1.2 or newer), and the SHA-256 fingerprint of its certificate.

    Makes the certificate where none is given and there is none yet. Raises ``CONFIG_INVALID`` when the given one
    cannot be used, ``STORAGE_READ_ONLY`` when one cannot be written.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    if config.certificate is not None and config.private_key is not None:
        chain, key = config.certificate, config.private_key
    else:
        chain, key = own_certificate(state_dir, config.host)
    try:
        # A password is never asked for: nobody sits at a daemon's terminal.
        context.load_cert_chain(chain, key, password=lambda: b"")
        return context, fingerprint(chain)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "certificate and key cannot be read, or do not fit"
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"tcp.certificate {chain}: {reason}.") from error


def own_certificate(state_dir: Path, host: str) -> tuple[Path, Path]:
    """The files of the device's own certificate and key; made when missing, damaged, or soon to end."""
    chain, key = state_dir / CERTIFICATE_NAME, state_dir / KEY_NAME
    if not _is_good(chain, key):
        private, certificate = _make(host)
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The key first: a cut between the two leaves a pair that does not fit, and it is made again.
            _write(key, private, 0o600)
            _write(chain, certificate, 0o644)
        except OSError as error:
            raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"{chain}: {error.strerror}.") from error
    return chain, key


def fingerprint(chain: Path) -> str:
    """SHA-256 of the certificate, as ``openssl x509 -fingerprint -sha256`` writes it. Raises ``ValueError``."""
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def _is_good(chain: Path, key: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=lambda: b"")
        ends = x509.load_pem_x509_certificate(chain.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return False
    return ends - _RENEW_BEFORE > datetime.datetime.now(datetime.timezone.utc)


def _make(host: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EdgeFace")])
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    now = max(datetime.datetime.now(datetime.timezone.utc), _EARLIEST)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Early, so that a client whose clock is behind does not refuse it.
        .not_valid_before(_EARLIEST)
        .not_valid_after(now + datetime.timedelta(days=round(365.25 * YEARS)))
        .add_extension(x509.SubjectAlternativeName(list(_names(host))), critical=False)
        # It can certify nothing else, so that trusting it trusts this device only.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_signs_only(), critical=True)
        .add_extension(subject_key, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(host: str) -> Iterator[x509.GeneralName]:
    """Every name under which a client may call: this machine's, localhost, and its addresses of now."""
    own = socket.gethostname()
    for name in dict.fromkeys(("localhost", own, f"{own}.local")):
        with suppress(ValueError):  # a host name that is no DNS name
            yield x509.DNSName(name)
    listening = [] if host == "localhost" else [host]
    for text in dict.fromkeys(("127.0.0.1", "::1", *listening, *_own_addresses())):
        address = ipaddress.ip_address(text)
        if not address.is_unspecified:
            yield x509.IPAddress(address)


def _own_addresses() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            with suppress(OSError):  # an interface without an IPv4 address
                request = struct.pack("256s", interface.encode()[:15])
                yield socket.inet_ntoa(fcntl.ioctl(asking, _SIOCGIFADDR, request)[20:24])
    with suppress(OSError), Path("/proc/net/if_inet6").open(encoding="ascii") as lines:
        for line in lines:
            address = ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))
            if not address.is_link_local:
                yield str(address)


def _write(file: Path, data: bytes, mode: int) -> None:
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
