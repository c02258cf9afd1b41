"""Pictures by URL: from whom they are fetched, how much, how long, and what never is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from edgeface.api import fetch
from edgeface.api.fetch import MOST_AT_ONCE, MOST_URL_CHARACTERS, Fetcher, PublicResolver
from edgeface.config import FetchConfig, ImageLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.api.site import LIMIT, PICTURE, Site


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def fetched(url: str, **config: Any) -> bytes:
    settings = FetchConfig.model_validate({"enabled": True, "timeout_s": 10, **config})

    async def run() -> bytes:
        return await Fetcher(settings, ImageLimits(max_bytes=LIMIT)).fetch(url)

    return asyncio.run(run())


def refused(url: str, code: ErrorCode = ErrorCode.IMAGE_URL, **config: Any) -> str:
    with pytest.raises(EdgeFaceError) as raised:
        fetched(url, **config)
    assert raised.value.code is code
    return raised.value.detail


HERE = {"hosts": ["127.0.0.1"]}


def test_a_picture_from_a_host_that_was_named(site: Site) -> None:
    assert fetched(f"{site.url}/picture", **HERE) == PICTURE
    assert fetched(f"http://LOCALHOST:{site.port}/picture", hosts=["LocalHost"]) == PICTURE
    assert site.headers[0]["Accept-Encoding"] == "identity"


def test_it_is_off_unless_configured(site: Site) -> None:
    assert FetchConfig().enabled is False
    assert "switched off" in refused(f"{site.url}/picture", enabled=False, **HERE)
    assert site.asked == []


def test_only_named_hosts_are_asked(site: Site) -> None:
    assert "host" in refused(f"{site.url}/picture", hosts=["photos.example.org"])
    assert "host" in refused(f"http://localhost:{site.port}/", hosts=["127.0.0.1"])
    assert "host" in refused("http://example.org.evil.test/", hosts=[".example.org"])
    assert "host" in refused("http://evilexample.org/", hosts=[".example.org"])
    assert "host" in refused("http://sub.example.org/", hosts=["example.org"])
    assert "host" in refused("http://example.org@evil.test/", hosts=["example.org"])
    assert site.asked == []


def test_a_domain_is_itself_and_everything_below_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, "127.0.0.1")
    for host in ("example.org", "Photos.example.org", "a.b.example.org", "example.org."):
        assert fetched(f"http://{host}:{site.port}/picture", hosts=[".example.org"]) == PICTURE


@pytest.mark.parametrize(
    "url",
    [
        "", "picture.jpg", "file:///etc/passwd", "ftp://example.org/a", "gopher://x", "data:image/png;base64,AAAA",
        "http://", "http://[", "//example.org/x", "http://exa mple/",
    ],
)  # fmt: skip
def test_what_is_no_url_of_the_web(url: str) -> None:
    refused(url)
    refused(url, **HERE)


def test_the_longest_url(site: Site) -> None:
    padded = f"{site.url}/picture?"
    padded += "x" * (MOST_URL_CHARACTERS - len(padded))
    assert fetched(padded, **HERE) == PICTURE
    assert "too long" in refused(padded + "x", **HERE)


def test_redirects_are_followed_a_few_times(site: Site) -> None:
    assert fetched(f"{site.url}/redirect?/picture", **HERE) == PICTURE
    assert fetched(f"{site.url}/hops/3", **HERE) == PICTURE
    assert "redirects" in refused(f"{site.url}/hops/4", **HERE)
    assert "redirects" in refused(f"{site.url}/loop", **HERE)
    refused(f"{site.url}/nowhere", **HERE)


def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(site: Site) -> None:
    assert "host" in refused(f"{site.url}/redirect?http://localhost:{site.port}/picture", **HERE)
    assert "http or https" in refused(f"{site.url}/redirect?file:///etc/passwd", **HERE)
    assert site.asked == [
        f"/redirect?http://localhost:{site.port}/picture",
        "/redirect?file:///etc/passwd",
    ]


def test_a_redirect_into_the_local_network_is_not_followed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host passes for a public one; where it sends us does not."""
    inner = fetch._is_public
    monkeypatch.setattr(fetch, "_is_public", lambda address: address == "127.0.0.1" or inner(address))
    for target in ("http://127.0.0.2/x", "http://169.254.169.254/latest", "http://[::1]/x", "http://2130706434/x"):
        assert "local network" in refused(f"{site.url}/redirect?{target}")
    assert fetched(f"{site.url}/redirect?/picture") == PICTURE


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 403, 404, 500, 503])
def test_any_other_status_is_no_picture(site: Site, status: int) -> None:
    assert str(status) in refused(f"{site.url}/status/{status}", **HERE)


def test_how_large_it_may_be(site: Site) -> None:
    assert len(fetched(f"{site.url}/exact", **HERE)) == LIMIT
    refused(f"{site.url}/large", ErrorCode.IMAGE_TOO_LARGE, **HERE)
    refused(f"{site.url}/endless", ErrorCode.IMAGE_TOO_LARGE, **HERE)


def test_a_compressed_answer_is_not_inflated(site: Site) -> None:
    assert "compressed" in refused(f"{site.url}/bomb", **HERE)


def test_an_answer_that_breaks_off(site: Site) -> None:
    refused(f"{site.url}/short", **HERE)


def test_a_server_that_is_slow_or_silent_or_gone(site: Site) -> None:
    assert "too long" in refused(f"{site.url}/slow", timeout_s=0.2, **HERE)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        assert "too long" in refused(f"http://127.0.0.1:{port}/", timeout_s=0.2, **HERE)
    refused(f"http://127.0.0.1:{port}/", **HERE)  # nobody listens there now


def test_the_time_counts_for_all_redirects_together(site: Site) -> None:
    assert "too long" in refused(f"{site.url}/redirect?/slow", timeout_s=0.2, **HERE)


def test_few_downloads_at_once(site: Site) -> None:
    settings = FetchConfig(enabled=True, hosts=("127.0.0.1",), timeout_s=20)

    async def many() -> list[bytes]:
        fetcher = Fetcher(settings, ImageLimits(max_bytes=LIMIT))
        calls = [asyncio.ensure_future(fetcher.fetch(f"{site.url}/slow")) for _ in range(MOST_AT_ONCE * 2)]
        while site.waiting < MOST_AT_ONCE:
            await asyncio.sleep(0.01)
        site.release.set()
        return await asyncio.gather(*calls)

    assert asyncio.run(many()) == [PICTURE] * (MOST_AT_ONCE * 2)
    assert site.most_waiting == MOST_AT_ONCE


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]",
        "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:192.168.0.1]",
        "[2002:7f00:1::]", "[64:ff9b::7f00:1]",
        # What the system, and only the system, takes for 127.0.0.1.
        "2130706433", "127.1", "127.000.000.001", "0177.0.0.1", "0", "１２７.０.０.１", "127。0。0。1",
    ],
)  # fmt: skip
def test_addresses_of_the_device_and_its_network(site: Site, host: str) -> None:
    assert "local network" in refused(f"http://{host}:{site.port}/picture")
    assert site.asked == []


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LOCALHOST", "0x7f000001", "0x7f.1"])
def test_names_of_the_device(site: Site, host: str) -> None:
    refused(f"http://{host}:{site.port}/picture")
    assert site.asked == []


def test_a_name_in_the_internet_that_leads_to_the_device(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, "127.0.0.1")
    refused(f"http://photos.example.org:{site.port}/picture")
    assert site.asked == []


def test_of_several_addresses_only_public_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, "192.168.1.1", "93.184.215.14", "127.0.0.1")

    async def found() -> list[str]:
        return [item["host"] for item in await PublicResolver().resolve("photos.example.org", 80)]

    assert asyncio.run(found()) == ["93.184.215.14"]


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name below example.org lead to these addresses."""
    asked = socket.getaddrinfo

    def answer(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(host, str) and host.rstrip(".").endswith("example.org"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        return asked(host, port, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
