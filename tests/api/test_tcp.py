"""The TCP listener: off unless asked for, never open by accident, and harmless to those on the Unix socket."""

from __future__ import annotations

import hashlib
import http.client
import logging
import select
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from edgeface.api import tcp as tcp_module
from edgeface.api.certificate import CERTIFICATE_NAME, KEY_NAME, fingerprint, own_certificate, tls_context
from edgeface.api.tcp import check_exposure, open_tcp
from edgeface.config import Config, TcpConfig, load_config
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.api.over_tcp import (
    ADMIN_KEY,
    ADMIN_SECRET,
    AK,
    SK,
    RunningOverTcp,
    folder_of_its_own,
    running_over_tcp,
    started,
    tcp_config,
)
from tests.api.wire import ask, read_answer


@pytest.fixture(scope="module")
def daemon() -> Iterator[RunningOverTcp]:
    with running_over_tcp() as running:
        yield running


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def metric(daemon: RunningOverTcp, line: str) -> float:
    text = ask(daemon.socket, "GET", "/metrics").body.decode()
    return sum(float(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line))


def plain(daemon: RunningOverTcp) -> socket.socket:
    return socket.create_connection(("127.0.0.1", daemon.port), timeout=20)


def config_of(tmp_path: Path, **tcp: object) -> Config:
    return Config(state_dir=tmp_path / "state", tcp=TcpConfig.model_validate({"enabled": True, "port": 0, **tcp}))


# --- whether it listens at all


def test_it_is_off_and_on_loopback_unless_configured() -> None:
    tcp = Config().tcp
    assert (tcp.enabled, tcp.host, tcp.tls, tcp.anonymous) == (False, "127.0.0.1", True, "none")


@pytest.mark.parametrize(
    ("tcp", "address", "has_keys", "good"),
    [
        ({}, "127.0.0.1", True, True),
        ({}, "192.0.2.1", True, True),
        ({}, "127.0.0.1", False, False),
        ({"anonymous": "observer"}, "127.0.0.1", False, True),
        ({"tls": False}, "127.0.0.1", True, True),
        ({"tls": False}, "127.9.9.9", True, True),
        ({"tls": False}, "::1", True, True),
        ({"tls": False}, "::ffff:127.0.0.1", True, True),
        ({"tls": False}, "0.0.0.0", True, False),
        ({"tls": False}, "::", True, False),
        ({"tls": False}, "192.0.2.1", True, False),
        ({"tls": False, "anonymous": "admin"}, "192.0.2.1", True, False),
        ({"tls": False}, "::ffff:192.0.2.1", True, False),
        ({"tls": False}, "fe80::1%eth0", True, False),
    ],
)
def test_it_is_never_open_by_accident(tcp: dict, address: str, has_keys: bool, good: bool) -> None:
    config = TcpConfig.model_validate(tcp)
    if good:
        check_exposure(config, address, has_keys=has_keys)
    else:
        with pytest.raises(EdgeFaceError) as caught:
            check_exposure(config, address, has_keys=has_keys)
        assert caught.value.code is ErrorCode.CONFIG_INVALID


@pytest.mark.parametrize(
    "tcp",
    [
        {"host": "0.0.0.0", "tls": False},
        {"host": "203.0.113.7"},  # not this machine's
        {"certificate": "/nonexistent.crt", "private_key": "/nonexistent.key"},
        {"certificate": __file__, "private_key": __file__},
    ],
)
def test_a_listener_that_cannot_be_had_leaves_nothing_open(tmp_path: Path, tcp: dict) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(EdgeFaceError) as caught:
        open_tcp(config_of(tmp_path, **tcp), has_keys=True)
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "tcp" in caught.value.detail
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EdgeFaceError, match=f"port {port}: Address already in use"):
            open_tcp(config_of(tmp_path, port=port), has_keys=True)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ('host = "device.example"', "tcp.host"),
        ('host = ""', "tcp.host"),
        ('certificate = "/a"', "tcp: "),
        ('private_key = "/a"', "tcp: "),
        ("port = 65536", "tcp.port"),
        ("clock_skew_s = -1", "tcp.clock_skew_s"),
        ('anonymous = "everybody"', "tcp.anonymous"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, table: str, field: str) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_text(f"[tcp]\n{table}\n")
    with pytest.raises(EdgeFaceError) as caught:
        load_config(file, {})
    assert field in caught.value.detail


def test_a_daemon_whose_keys_are_missing_does_not_start() -> None:
    with folder_of_its_own() as folder, pytest.raises(EdgeFaceError, match="nobody could call"):
        RunningOverTcp(tcp_config(folder, keys=()))


# --- the certificate


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


# --- the native API over it


def test_without_tls_on_loopback() -> None:
    with running_over_tcp(tls=False) as daemon:
        assert daemon.call("GET", "/v1/health/live").code == "unauthorized"
        bearer = {"Authorization": f"Bearer {daemon.token()}"}
        assert daemon.call("GET", "/v1/health/live", headers=bearer).json == {"live": True}
        assert not (daemon.config.state_dir / CERTIFICATE_NAME).exists()


def test_ipv6_where_there_is_one() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with running_over_tcp(host="::1") as daemon:
        context = ssl.create_default_context(cafile=str(daemon.certificate))
        connection = http.client.HTTPSConnection("::1", daemon.port, timeout=20, context=context)
        connection.request("GET", "/v1/health/live")
        assert connection.getresponse().status == 401
        connection.close()


def test_roles_of_keys(daemon: RunningOverTcp) -> None:
    calls = (("GET", "/v1/info"), ("POST", "/v1/detect"), ("GET", "/v1/groups"))
    for key, secret, role, codes in (
        (AK, SK, "matcher", ["ok", "image_missing", "forbidden"]),
        (ADMIN_KEY, ADMIN_SECRET, "admin", ["ok", "image_missing", "ok"]),
    ):
        headers = {"authorization": f"bearer {daemon.token(key, secret)}"}
        answers = [daemon.call(method, target, headers=headers) for method, target in calls]
        assert [answer.json.get("error", {}).get("code", "ok") for answer in answers] == codes
        assert answers[0].json["role"] == role


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "unauthorized"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, "unauthorized"),
        ({"Authorization": "Bearer"}, "unauthorized"),
        ({"Authorization": "Bearer nonsense"}, "access_token_invalid"),
        ({"Authorization": f"Bearer 24.{'0' * 64}.2592000.99999999999.{'0' * 16}"}, "access_token_invalid"),
    ],
)
def test_who_shows_nothing_that_counts_gets_nothing(daemon: RunningOverTcp, headers: dict, code: str) -> None:
    for method, target in (("GET", "/v1/health/live"), ("GET", "/metrics"), ("POST", "/v1/detect")):
        answer = daemon.call(method, target, headers=headers)
        assert (answer.status, answer.code) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_callers_of_one_connection_are_told_apart(daemon: RunningOverTcp) -> None:
    connection = daemon.connection()
    statuses = []
    bearer = {"Authorization": f"Bearer {daemon.token()}"}
    for headers in (bearer, {}, bearer):
        connection.request("GET", "/v1/health/live", headers=headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [200, 401, 200]


@pytest.mark.parametrize("anonymous", ["observer", "matcher", "admin"])
def test_anonymous_callers_have_the_role_that_was_given_them(anonymous: str) -> None:
    with running_over_tcp(keys=(), anonymous=anonymous) as daemon:
        assert daemon.call("GET", "/v1/info").json["role"] == anonymous
        # Without keys nothing can be checked, so nothing is: published clients work as they are.
        assert daemon.call("GET", "/v1/info", headers={"Authorization": "Bearer nonsense"}).json["role"] == anonymous
        assert daemon.detect(daemon.token("any", "thing")).json["result"] == {"role": anonymous, "key": None}
        signed = {"Authorization": "c2lnbmVkIGJ5IHNvbWVib2R5"}
        assert daemon.call("POST", "/face/verify", {"appid": "1"}, signed).json["data"]["role"] == anonymous
        assert daemon.call("POST", "/walk/detect", headers={"app_id": "x"}).json["role"] == anonymous
        # A web page that makes a browser call is not one of them.
        for header in ({"Origin": "https://page.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert daemon.call("GET", "/v1/info", headers=header).code == "unauthorized"


def test_with_keys_the_anonymous_are_those_who_show_none() -> None:
    with running_over_tcp(anonymous="observer") as daemon:
        assert daemon.call("GET", "/v1/info").json["role"] == "observer"
        assert daemon.call("GET", "/v1/info", headers={"Authorization": "Bearer x"}).code == "access_token_invalid"
        assert daemon.call("POST", "/rest/2.0/face/v3/detect").json["result"]["role"] == "observer"
        assert daemon.call("POST", "/face/verify", {"appid": "1"}).json["data"]["role"] == "observer"
        assert daemon.call("POST", "/walk/detect").json["role"] == "observer"
        assert daemon.detect("wrong").json["error_code"] == 110


# --- what strangers can do


def test_what_is_no_tls_is_hung_up_on_and_counted(daemon: RunningOverTcp) -> None:
    before = metric(daemon, 'edgeface_callers_turned_away_total{reason="handshake"}')
    with plain(daemon) as sock:
        sock.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.settimeout(20)
        try:
            received = sock.recv(1000)
        except ConnectionResetError:
            received = b""
    assert b"HTTP" not in received
    until(lambda: metric(daemon, 'edgeface_callers_turned_away_total{reason="handshake"}') == before + 1)


def test_refusals_are_counted_by_reason(daemon: RunningOverTcp) -> None:
    line = 'edgeface_callers_turned_away_total{reason="access_token_invalid"}'
    before = metric(daemon, line)
    daemon.detect("wrong")
    assert metric(daemon, line) == before + 1
    ask(daemon.socket, "GET", "/v1/nothing")
    assert metric(daemon, line) == before + 1


def test_silence_is_ended_before_and_after_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_module.TcpServer.__init__, "__kwdefaults__", {"handshake_s": 0.3})
    with folder_of_its_own() as folder:
        config = tcp_config(folder)
        server = config.server.model_copy(update={"body_timeout_s": 0.3})
        with started(config.model_copy(update={"server": server})) as daemon:
            with plain(daemon) as sock:
                assert sock.recv(10) == b""
            with ssl.create_default_context(cafile=str(daemon.certificate)).wrap_socket(
                plain(daemon), server_hostname="localhost"
            ) as tls:
                assert tls.recv(10) == b""


def test_strangers_cannot_take_the_place_of_locals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_module, "MOST_HANDSHAKES", 3)
    with running_over_tcp() as daemon:
        shaking = [plain(daemon) for _ in range(8)]
        line = 'edgeface_callers_turned_away_total{reason="too_many_handshakes"}'
        until(lambda: metric(daemon, line) == 5)  # asked over the Unix socket meanwhile
        for sock in shaking:
            sock.close()
        until(lambda: daemon.call("GET", "/v1/health/live").status == 401 if _shakes(daemon) else False)


def _shakes(daemon: RunningOverTcp) -> bool:
    return not daemon.daemon._server._listening[1]._connecting  # type: ignore[union-attr]


def test_too_many_connections_are_told_so(daemon: RunningOverTcp, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = daemon.daemon._server._tcp_connections
    until(lambda: connections.open == 0)
    monkeypatch.setattr(connections, "most", 1)
    kept = daemon.connection()
    kept.request("GET", "/v1/health/live")
    assert kept.getresponse().read()
    context = ssl.create_default_context(cafile=str(daemon.certificate))
    with context.wrap_socket(plain(daemon), server_hostname="localhost") as tls:
        answer = read_answer(tls)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "busy", "1")
    assert ask(daemon.socket, "GET", "/v1/health/live").status == 200
    kept.close()


def test_bodies_of_strangers_leave_room_for_locals(daemon: RunningOverTcp) -> None:
    context = ssl.create_default_context(cafile=str(daemon.certificate))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 sends tickets, which look like an answer
    head = b"POST /oauth/2.0/token HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n"
    bodies = daemon.services.bodies
    held = []
    whole = bodies._budget
    try:
        bodies._budget = 20_000  # half of it: one of these bodies, and not two
        for _ in range(2):
            tls = context.wrap_socket(plain(daemon), server_hostname="localhost")
            tls.sendall(head + b"x" * 6000)
            held.append(tls)
        (refused,), _, _ = select.select(held, [], [], 20)
        assert read_answer(refused).status == 503
        assert ask(daemon.socket, "POST", "/v1/detect", b"x" * 9000, {"Content-Type": "image/jpeg"}).status == 415
    finally:
        bodies._budget = whole
        for tls in held:
            tls.close()
    until(lambda: bodies.held_bytes == 0 and bodies._held_tcp == 0)


def test_the_log_names_the_key_and_the_address_and_nothing_secret(
    daemon: RunningOverTcp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = daemon.token()
        daemon.detect(token)
        daemon.detect("wrong-token-in-the-query")
        daemon.call("POST", "/oauth/2.0/token", f"grant_type=x&client_id={AK}&client_secret={SK}")
        daemon.call("GET", "/v1/info", headers={"Authorization": f"Bearer {token}"})
    ring = daemon.services.admission.keyring
    fields = [record.fields for record in caplog.records if record.message == "request"]
    detects = [entry for entry in fields if entry["route"].startswith("/rest/")]
    assert [entry["key"] for entry in detects] == [ring.by_key(AK).name, "none"]
    assert {entry["from"] for entry in fields} == {"127.0.0.1"}
    shown = caplog.text + repr([record.__dict__ for record in caplog.records])
    for secret in (AK, SK, token, "wrong-token", "client_secret", "access_token="):
        assert secret not in shown


def test_stopping_closes_the_port() -> None:
    with running_over_tcp() as daemon:
        port = daemon.port
        idle = plain(daemon)
        daemon.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        idle.close()


_CHILD = """
import os, sys
from pathlib import Path
for place, number in enumerate(sys.argv[1:3]):
    os.dup2(int(number), 10 + place)
for place in range(2):
    os.dup2(10 + place, 3 + place)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="edgeface.socket:edgeface-tcp.socket")
from edgeface.api.sockets import open_listener
from edgeface.api.tcp import open_tcp
from edgeface.config import Config, ServerConfig, TcpConfig
local = open_listener(ServerConfig(socket=Path("/nonexistent/never/used")))
config = Config(state_dir=Path(sys.argv[3]), tcp=TcpConfig(enabled=True, port=1, tls=False))
listener = open_tcp(config, has_keys=True, passed=local.tcp)
listener.socket.setblocking(True)
connection, _ = listener.socket.accept()
connection.sendall(f"{local.path} {listener.address[1]}".encode())
"""


def test_systemd_may_pass_the_tcp_socket_too(tmp_path: Path, short: Path) -> None:
    with socket.socket(socket.AF_UNIX) as local, socket.create_server(("127.0.0.1", 0)) as passed:
        local.bind(str(short / "s"))
        local.listen()
        numbers = [str(local.fileno()), str(passed.fileno())]
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *numbers, str(tmp_path)], pass_fds=[int(number) for number in numbers]
        )
        with socket.create_connection(passed.getsockname(), timeout=30) as client:
            assert client.recv(200).decode() == f"{short / 's'} {passed.getsockname()[1]}"
        assert child.wait(30) == 0
