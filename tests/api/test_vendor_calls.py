"""What every vendor dialect does around a call, seen through a dialect made up for the purpose."""

from __future__ import annotations

import json
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.daemon import Daemon
from edgeface.api.dialects.pictures import Pictures, WantsUrl
from edgeface.api.dialects.vendor import MOST_URLS, Reply, VendorCall, handler
from edgeface.api.dialects.withheld import warning_header
from edgeface.api.failures import native_failure
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.config import FetchConfig
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceToken, Role
from tests.api.running import Running, make_config
from tests.api.site import Site
from tests.api.wire import Answer, ask

MOST_BYTES = 100_000


class Echo:
    """``/echo/sizes``: the sizes of the pictures that the query names by URL; "?" for one that there is none of."""

    name = "echo"
    prefixes = ("/echo/",)

    def __init__(self) -> None:
        self.begun = 0

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        for path, role in (("/echo/sizes", Role.MATCHER), ("/echo/nobody", Role.ADMIN)):
            call = VendorCall(path, role, Priority.ORDINARY, self._use, most_bytes=MOST_BYTES)
            yield web.post(path, handler(services, call, admit=_admit, write=_write))

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        return native_failure(error, request_id)

    def _use(self, engine: Engine, message: Message, pictures: Pictures) -> Reply:
        self.begun += 1
        sizes: list[object] = []
        for name, url in message.query:
            try:
                sizes.append(len(pictures.url(url)))
            except EdgeFaceError as error:
                if name != "patient":
                    raise
                sizes.append(error.code.code)
        return Reply(sizes, ("age", "beauty", "age"))


def _admit(request: web.Request, message: Message) -> Caller:
    return Caller(Role.MATCHER)


def _write(reply: Reply) -> web.Response:
    headers = {"Warning": warning_header(reply.withheld) or ""}
    return web.json_response(reply.result, headers=headers)


class Echoing(Running):
    async def _made(self) -> Daemon:
        self.dialect = Echo()
        return Daemon(self.config, dialects=(self.dialect,))


@pytest.fixture(scope="module")
def echo() -> Iterator[Echoing]:
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    fetch = FetchConfig(enabled=True, hosts=("127.0.0.1",))
    daemon = Echoing(make_config(folder, max_request_bytes=200_000).model_copy(update={"fetch": fetch}))
    yield daemon
    daemon.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def sizes(echo: Echoing, *urls: str, name: str = "url", path: str = "/echo/sizes", body: bytes = b"") -> Answer:
    query = "&".join(f"{name}={url}" for url in urls)
    return ask(echo.socket, "POST", f"{path}?{query}", body)


def test_each_picture_is_fetched_once_and_the_call_begun_anew(echo: Echoing, site: Site) -> None:
    echo.dialect.begun = 0
    answer = sizes(echo, f"{site.url}/a", f"{site.url}/b", f"{site.url}/a")
    assert answer.json == [len(site.picture)] * 3
    assert site.asked == ["/a", "/b"]
    assert echo.dialect.begun == 3


def test_a_picture_that_cannot_be_fetched_fails_the_call_or_only_itself(echo: Echoing, site: Site) -> None:
    assert sizes(echo, f"{site.url}/a", f"{site.url}/status/404").code == "image_url"
    patient = sizes(echo, f"{site.url}/status/404", f"{site.url}/a", name="patient")
    assert patient.json == ["image_url", len(site.picture)]


def test_a_call_may_name_so_many_urls_and_no_more(echo: Echoing, site: Site) -> None:
    urls = [f"{site.url}/{number}" for number in range(MOST_URLS)]
    assert len(sizes(echo, *urls).json) == MOST_URLS
    assert sizes(echo, *urls, f"{site.url}/one_more").code == "image_url"
    assert "/one_more" not in site.asked


def test_all_pictures_of_a_call_together_have_a_limit(echo: Echoing, site: Site) -> None:
    site.picture = b"x" * 100_000  # of 200,000 that a request may have
    assert sizes(echo, f"{site.url}/1", f"{site.url}/2").json == [100_000, 100_000]
    assert sizes(echo, f"{site.url}/1", f"{site.url}/2", f"{site.url}/3").code == "image_too_large"


def test_who_may_not_call_makes_the_device_fetch_nothing(echo: Echoing, site: Site) -> None:
    assert sizes(echo, f"{site.url}/a", path="/echo/nobody").code == "forbidden"
    assert site.asked == []


def test_a_body_beyond_the_documents_limit(echo: Echoing) -> None:
    assert sizes(echo, body=b"x" * MOST_BYTES).json == []
    assert sizes(echo, body=b"x" * (MOST_BYTES + 1)).code == "request_too_large"


def test_what_is_withheld_is_named_once_in_a_warning(echo: Echoing) -> None:
    assert sizes(echo).headers["warning"] == '199 edgeface "not measured by the active model pack: age, beauty"'
    assert warning_header(()) is None


def test_nothing_is_fetched_unless_configured(site: Site) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    daemon = Echoing(make_config(folder))
    try:
        assert sizes(daemon, f"{site.url}/a").code == "image_url"
        assert site.asked == []
    finally:
        daemon.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_picture_is_text_a_url_or_a_token() -> None:
    pictures = Pictures({"http://a/": b"data", "http://b/": EdgeFaceError(ErrorCode.IMAGE_URL)})
    assert pictures.base64(b64encode(b"picture").decode()) == b"picture"
    assert pictures.url("http://a/") == b"data"
    assert pictures.token("0123") == FaceToken("0123")
    with pytest.raises(WantsUrl) as wanted:
        pictures.url("http://c/")
    assert wanted.value.url == "http://c/"


def test_pictures_that_are_none() -> None:
    pictures = Pictures({"http://b/": EdgeFaceError(ErrorCode.IMAGE_URL)})
    for call, code in (
        (lambda: pictures.base64(""), ErrorCode.IMAGE_MISSING),
        (lambda: pictures.base64("not base64!"), ErrorCode.IMAGE_BASE64),
        (lambda: pictures.url(""), ErrorCode.IMAGE_MISSING),
        (lambda: pictures.url("http://b/"), ErrorCode.IMAGE_URL),
        (lambda: pictures.token(""), ErrorCode.IMAGE_MISSING),
    ):
        with pytest.raises(EdgeFaceError) as raised:
            call()
        assert raised.value.code is code


def test_the_answer_is_json_whatever_was_named(echo: Echoing, site: Site) -> None:
    assert json.loads(sizes(echo, f"{site.url}/picture?%F0%9F%98%80").body) == [len(site.picture)]
