"""Signatures fit exactly the request that was signed, and for as long as it was signed for."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from edgeface.api.auth import bce_signature, tencent_signature
from edgeface.api.auth.replays import Replays
from edgeface.errors import EdgeFaceError, ErrorCode

# The worked example of "生成认证字符串" (Baidu's cloud, "Reference").
AK, SK = "a" * 32, b"b" * 32
TARGET = "/v1/test/myfolder/readme.txt?partNumber=9&uploadId=a44cc9bab11cbd156984767aad637851"
HEADERS = {
    "Host": "bj.bcebos.com",
    "Date": "Mon, 27 Apr 2015 16:23:49 +0800",
    "Content-Type": "text/plain",
    "Content-Length": "8",
    "Content-Md5": "NFzcPqhviddjRNnSOGo4rw==",
    "x-bce-date": "2015-04-27T08:23:49Z",
}
DIGEST = "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e"
NAMED = "content-length;content-md5;content-type;host;x-bce-date"
SIGNED_AT = 1430123029


def header(names: str = "", digest: str = DIGEST) -> str:
    return f"bce-auth-v1/{AK}/2015-04-27T08:23:49Z/1800/{names}/{digest}"


def fits(text: str, method: str = "PUT", target: str = TARGET, **changed: str) -> bool:
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    sent = CIMultiDictProxy(CIMultiDict({name: value for name, value in headers.items() if value}))
    return bce_signature.parse(text).fits(SK, method, target, sent)


@pytest.mark.parametrize("names", ["", NAMED, "host;x-bce-date;content-type;content-md5;content-length"])
def test_the_documented_example_fits(names: str) -> None:
    assert fits(header(names))
    assert bce_signature.parse(header(names)).signed_at == SIGNED_AT


def test_the_example_without_a_query() -> None:
    bare = "0558aac491bbef484d3aaa30ac1e65d4ff10daccd351f15c91e922ee4ce72690"
    assert fits(header(digest=bare), target="/v1/test/myfolder/readme.txt")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "POST"},
        {"target": TARGET + "1"},
        {"target": TARGET.replace("readme", "secret")},
        {"target": TARGET + "&more=1"},
        {"target": TARGET.partition("?")[0]},
        {"Host": "other.example"},
        {"Host": ""},
        {"x_bce_date": "2015-04-27T08:23:50Z"},
        {"Content_Md5": ""},
    ],
)
def test_it_fits_no_other_request(changed: dict[str, str]) -> None:
    assert not fits(header(NAMED), **changed)
    assert not fits(header(), **changed)


def test_it_fits_no_other_secret_and_no_other_period() -> None:
    headers = CIMultiDictProxy(CIMultiDict(HEADERS))
    assert not bce_signature.parse(header()).fits(b"c" * 32, "PUT", TARGET, headers)
    assert not fits(header().replace("/1800/", "/9999/"))
    assert not fits(header().replace("T08:23:49Z/1800", "T08:23:50Z/1800"))


def test_a_header_that_is_signed_stands_there_once() -> None:
    twice = CIMultiDictProxy(CIMultiDict([*HEADERS.items(), ("Content-Type", "text/html")]))
    assert not bce_signature.parse(header(NAMED)).fits(SK, "PUT", TARGET, twice)


def signed(query: str, headers: dict[str, str], names: str, path: str = "/p") -> str:
    prefix = f"bce-auth-v1/{AK}/2015-04-27T08:23:49Z/1800"
    key = hmac.new(SK, prefix.encode(), hashlib.sha256).hexdigest()
    lines = "\n".join(f"{name}:{value}" for name, value in sorted(headers.items()))
    text = f"POST\n{path}\n{query}\n{lines}"
    return f"{prefix}/{names}/{hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()}"


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("text&text1=%E6%B5%8B%E8%AF%95&text10=test", "text10=test&text1=%E6%B5%8B%E8%AF%95&text="),  # the document's
        ("a=x+y&b=~", "a=x+y&b=~"),  # as the clients sign it
        ("a=x+y&b=~", "a=x%20y&b=~"),  # as the document has it
        ("b=2&a=1", "a=1&b=2"),
        ("a=1&authorization=bce", "a=1"),
        ("a=%2f", "a=%2F"),
        ("", ""),
    ],
)
def test_forms_of_the_query(sent: str, canonical: str) -> None:
    text = signed(canonical, {"host": "h"}, "host")
    request = CIMultiDictProxy(CIMultiDict({"Host": "h"}))
    assert bce_signature.parse(text).fits(SK, "POST", f"/p?{sent}", request)


def test_the_port_of_the_host_may_be_signed_or_not() -> None:
    sent = CIMultiDictProxy(CIMultiDict({"Host": "device:8443"}))
    for host, good in (("device", True), ("device%3A8443", True), ("device%3A8444", False), ("other", False)):
        assert bce_signature.parse(signed("", {"host": host}, "host")).fits(SK, "POST", "/p", sent) is good


def test_broken_unicode_in_a_request_is_just_a_wrong_signature() -> None:
    sent = CIMultiDictProxy(CIMultiDict({"Host": "h\udcff"}))
    assert not bce_signature.parse(header("host")).fits(SK, "POST", "/p\udcff?x=\udcff&%ff=%ff", sent)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bce-auth-v1/",
        "bce-auth-v2/" + header()[12:],
        header()[:-1],
        header() + "0",
        header().upper(),
        header().replace("2015-04-27", "2015-02-30"),
        header().replace("/1800/", "/0/"),
        header().replace("/1800/", "/-1/"),
        header().replace("/1800/", "/2592001/"),
        header().replace("/1800/", "/1e3/"),
        header("x-bce-date"),  # without the host
        header("host;host"),
        header("x" * 2000),
        header().replace(AK, ""),
    ],
)
def test_what_is_no_signature(text: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        bce_signature.parse(text)
    assert (caught.value.code, caught.value.context) == (ErrorCode.SIGNATURE_INVALID, {"what": "form"})


@pytest.mark.parametrize(("after", "good"), [(-301, False), (-300, True), (0, True), (2100, True), (2101, False)])
def test_its_time(after: int, good: bool) -> None:
    signature = bce_signature.parse(header())
    if good:
        signature.check_time(SIGNED_AT + after, skew_s=300)
    else:
        with pytest.raises(EdgeFaceError, match="signature_expired"):
            signature.check_time(SIGNED_AT + after, skew_s=300)


@given(st.text() | st.text("bce-auth-v1/0123456789TZ:;hostxa", max_size=200))
def test_whatever_is_shown_is_a_signature_or_none(text: str) -> None:
    for parse in (bce_signature.parse, tencent_signature.parse):
        try:
            parse(text)
        except EdgeFaceError as error:
            assert error.code is ErrorCode.SIGNATURE_INVALID


@given(st.text("/p?&=%+~2fF ä\udcff", max_size=40), st.text(max_size=20))
def test_whatever_is_sent_is_compared(target: str, host: str) -> None:
    headers = CIMultiDictProxy(CIMultiDict({"Host": host}))
    assert not bce_signature.parse(header("host")).fits(SK, "POST", target, headers)


@given(st.binary(max_size=80))
def test_whatever_is_sealed_is_a_tencent_signature_or_none(data: bytes) -> None:
    try:
        tencent_signature.parse(base64.b64encode(data).decode())
    except EdgeFaceError as error:
        assert error.code is ErrorCode.SIGNATURE_INVALID


# --- Tencent


def tencent(secret: bytes = b"tencent-secret", **changed: str) -> str:
    fields = {"a": "100", "b": "bucket", "k": "AKID1", "e": "1060", "t": "1000", "r": "42", "f": "", **changed}
    return sealed("&".join(f"{name}={value}" for name, value in fields.items()), secret)


def sealed(text: str, secret: bytes = b"tencent-secret") -> str:
    return base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha1).digest() + text.encode()).decode()


def test_tencents_parts() -> None:
    signature = tencent_signature.parse(tencent(u="0"))  # older clients name a user too
    assert (signature.app_id, signature.key, signature.random, signature.once) == ("100", "AKID1", "42", False)
    assert signature.fits(b"tencent-secret") and not signature.fits(b"another-secret")
    assert tencent_signature.parse(tencent(e="0")).once


def test_a_changed_text_does_not_fit() -> None:
    raw = bytearray(base64.b64decode(tencent()))
    raw[-1:] = b"=x"
    assert not tencent_signature.parse(base64.b64encode(bytes(raw)).decode()).fits(b"tencent-secret")


@pytest.mark.parametrize(
    "text",
    [
        "FCHXdPTEwMDAwMzc5Jms9QUtJRGVRZDBrRU1yM2J4ZjhRckJi==",  # the document's picture of one: cut short
        "no base64 at all",
        "ä",
        base64.b64encode(b"short").decode(),
        sealed("a=1&k=2"),
        sealed("a=100&k=AKID1&e=1060&t=1000&r=42&r=43&f="),
        tencent(a=""),
        tencent(k=""),
        tencent(e="soon"),
        tencent(e="-1"),
        tencent(e="1000"),  # ends when it begins
        tencent(e=str(1000 + 93 * 86400)),  # more than three months
        tencent(t="1" * 11),
        tencent(r="12345678901"),
        tencent(r="abc"),
        tencent(f="x" * 5000),
    ],
)
def test_what_is_no_tencent_signature(text: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        tencent_signature.parse(text)
    assert (caught.value.code, caught.value.context) == (ErrorCode.SIGNATURE_INVALID, {"what": "form"})


@pytest.mark.parametrize(
    ("end", "now", "good"),
    [
        ("1060", 995, True),
        ("1060", 989, False),
        ("1060", 1070, True),
        ("1060", 1071, False),
        ("0", 1010, True),
        ("0", 1011, False),
        ("0", 990, True),
        ("0", 989, False),
    ],
)
def test_tencents_time(end: str, now: int, good: bool) -> None:
    signature = tencent_signature.parse(tencent(e=end))
    if good:
        signature.check_time(now, skew_s=10)
    else:
        with pytest.raises(EdgeFaceError, match="signature_expired"):
            signature.check_time(now, skew_s=10)


def test_signatures_of_single_use_are_remembered_until_their_end_and_no_longer() -> None:
    replays = Replays(most=2)
    replays.use("a", until=100, now=0)
    replays.use("b", until=200, now=0)
    with pytest.raises(EdgeFaceError, match="signature_replayed"):
        replays.use("a", until=100, now=100)
    with pytest.raises(EdgeFaceError, match="busy"):
        replays.use("c", until=300, now=100)
    replays.use("c", until=300, now=101)
    with pytest.raises(EdgeFaceError, match="signature_replayed"):
        replays.use("b", until=200, now=101)
