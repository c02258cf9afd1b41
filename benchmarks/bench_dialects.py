"""What a vendor's form of a call costs over the native one: both through the same socket in the same run, in turn,
with the same picture, in the nearest form of body (base64 in JSON, or a form with files), for the same work.

"Same work" is checked: both calls must have run the same stages, by the daemon's own counters.
"""

from __future__ import annotations

import base64
import gc
import http.client
import json
import re
import shutil
import socket
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.daemon import daemon, fill, first_answer
from benchmarks.pictures import jpeg, portrait
from edgeface.api.dialects.table import vendor_dialects
from edgeface.client import Client
from edgeface.client.encoding import multipart
from edgeface.config import Config
from edgeface.numbered.numbers import number_of
from edgeface.types import QualityLevel

GROUP, USER = "staff", "eileen"
_WARM_UP = 5
_STAGE_COUNT = re.compile(r'^edgeface_stage_seconds_count\{stage="(\w+)"\} ([\d.]+)$', re.MULTILINE)
# A gate that everything passes, but that measures everything: what a vendor's detect does for its tokens.
_MEASURE_ALL = {"quality_control": "CUSTOM", "thresholds": {"blur": 1.0, "yaw": 180.0, "occlusion_nose": 1.0}}

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A POST, ready to be sent."""

    path: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A vendor's call and the native call that does the same work."""

    dialect: str
    what: str
    vendor: Request
    native: Request
    done: Callable[[Answer], bool]
    """Whether the vendor's answer says that it was done."""


def run(repeat: int = 100, templates: int = 1_000) -> list[dict[str, Any]]:
    """Rows of ``{"dialect", "call", "native_p50_ms", "p50_ms", "added_ms", "runs", "same_stages"}``.

    ``added_ms``: the vendor's median less the native one. One model thread, two workers, detector at 320 pixels;
    ``templates`` strangers in the group.
    """
    picture = jpeg(portrait())
    folder = Path(tempfile.mkdtemp(prefix="efb"))  # a Unix socket's path is short
    try:
        config = Config.model_validate(
            {
                "state_dir": folder / "state",
                "detection": {"input_size": 320},
                "server": {"socket": folder / "s", "socket_group": None},
                "log": {"level": "warning"},
            }
        )
        fill(config, GROUP, templates)
        with daemon(config) as process, Client(config.server.socket) as client:
            first_answer(client, process, picture)
            client.enrol(picture, GROUP, USER, quality_control=QualityLevel.NONE)
            line = _Line(config.server.socket)
            return [_row(pair, line, client, repeat) for pair in _pairs(picture, line)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _row(pair: Pair, line: _Line, client: Client, repeat: int) -> dict[str, Any]:
    for _ in range(_WARM_UP):
        line.send(pair.native)
        answer = line.send(pair.vendor)
        if not pair.done(answer):
            raise RuntimeError(f"{pair.dialect} {pair.what}: {str(answer)[:300]}")
    same = _stages(client, lambda: line.send(pair.native)) == _stages(client, lambda: line.send(pair.vendor))
    taken: dict[str, list[float]] = {"native": [], "vendor": []}
    gc.collect()
    gc.disable()
    try:
        for turn in range(repeat):
            # Who goes first changes, so that neither always finds the other's caches.
            both = [("native", pair.native), ("vendor", pair.vendor)]
            for name, request in both if turn % 2 else reversed(both):
                start = time.perf_counter()
                line.send(request)
                taken[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    native, vendor = (float(np.percentile(taken[name], 50)) * 1e3 for name in ("native", "vendor"))
    return {
        "dialect": pair.dialect,
        "call": pair.what,
        "native_p50_ms": round(native, 3),
        "p50_ms": round(vendor, 3),
        "added_ms": round(vendor - native, 3),
        "runs": repeat,
        "same_stages": same,
    }


def _stages(client: Client, call: Callable[[], object]) -> dict[str, float]:
    """How often each stage ran for one call."""
    before = dict(_STAGE_COUNT.findall(client.metrics()))
    call()
    after = dict(_STAGE_COUNT.findall(client.metrics()))
    return {name: float(count) - float(before.get(name, 0)) for name, count in after.items()}


class _Line:
    """One kept-alive connection."""

    def __init__(self, path: Path) -> None:
        self._connection = http.client.HTTPConnection("localhost")
        self._connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.sock.connect(str(path))

    def send(self, request: Request) -> Answer:
        self._connection.request(
            "POST", request.path, body=request.body, headers={"Content-Type": request.content_type}
        )
        response = self._connection.getresponse()
        answer: Answer = json.loads(response.read())
        if request.path.startswith("/v1/") and response.status != 200:
            raise RuntimeError(f"{request.path}: {answer}")
        return answer


# ---------------------------------------------------------------------- the calls


def _pairs(picture: bytes, line: _Line) -> Iterator[Pair]:
    """Every call of every dialect that the daemon speaks, as the documents write it."""
    names = {dialect.name for dialect in vendor_dialects()}
    image = b64encode(picture).decode("ascii")
    if any(name.startswith("baidu-v2") for name in names):
        yield from _baidu_v2(image)
    if any(name.startswith("baidu-v3") for name in names):
        yield from _baidu_v3(image)
    if any(name.startswith("tencent") for name in names):
        yield from _tencent(picture)
    if any(name.startswith("cloudwalk") for name in names):
        yield from _cloudwalk(image, line)


def _baidu_v2(image: str) -> Iterator[Pair]:
    def pair(what: str, fields: Mapping[str, str], native: Request) -> Pair:
        return Pair(
            "baidu v2", what, _form(f"/rest/2.0/face/v2/{what}", fields), native, lambda answer: "result" in answer
        )

    found = {"landmarks", "pose", "quality"}
    yield pair("detect", {"image": image, "face_fields": "landmark,qualities"}, _native_detect(image, found))
    yield pair("identify", {"image": image, "group_id": GROUP}, _native_identify(image))
    yield pair("verify", {"image": image, "group_id": GROUP, "uid": USER}, _native_verify(image))
    yield pair("match", {"images": f"{image},{image}"}, _native_compare(image))


def _baidu_v3(image: str) -> Iterator[Pair]:
    given = {"image": image, "image_type": "BASE64"}
    group = {"group_id_list": GROUP}

    def pair(what: str, body: Any, native: Request, name: str = "") -> Pair:
        request = _json(f"/rest/2.0/face/{what}", body)
        return Pair("baidu v3", name or what, request, native, lambda answer: answer.get("error_code", 0) == 0)

    fields = {"face_field": "quality,landmark150"}
    # Its token stands for the picture in later calls, so it measures everything, the template included.
    yield pair("v3/detect", {**given, **fields}, _native("embed", image=image, **_MEASURE_ALL))
    yield pair("v3/search", {**given, **group}, _native_identify(image))
    yield pair(
        "v3/search",
        {**given, **group, "user_id": USER},
        _native_identify(image, user_id=USER),
        "v3/search with user_id",
    )
    yield pair("v3/match", [given, given], _native_compare(image))
    register = {"register_image": image, "register_image_type": "BASE64"}
    yield pair("v4/mingjing/match", {**given, **register}, _native_compare(image))


def _tencent(picture: bytes) -> Iterator[Pair]:
    def pair(what: str, texts: Mapping[str, str], native: Request, *images: str) -> Pair:
        files = dict.fromkeys(images or ("image",), picture)
        request = _files(f"/face/{what}", {"appid": "123456", **texts}, files)
        return Pair("tencent v1", what, request, native, lambda answer: answer.get("code") == 0)

    native = {"image": picture}
    yield pair("detect", {"mode": "1"}, _files("/v1/detect", {"fields": "pose,quality", "max_faces": "1"}, native))
    identify = {"groups": GROUP, "top": "5", "threshold": "0"}
    yield pair("identify", {"group_id": GROUP}, _files("/v1/identify", identify, native))
    verify = {"group_id": GROUP, "user_id": USER}
    yield pair("verify", {"person_id": USER}, _files("/v1/verify", verify, native))
    both = {"image": picture, "image2": picture}
    yield pair("compare", {}, _files("/v1/compare", {}, both), "imageA", "imageB")


def _cloudwalk(image: str, line: _Line) -> Iterator[Pair]:
    def pair(what: str, fields: Mapping[str, str], native: Request, name: str = "") -> Pair:
        request = _form(f"/face/{what}", fields)
        return Pair("cloudwalk", name or what, request, native, lambda a: str(a.get("result")) == "0")

    yield pair("tool/detect", {"img": image, "mode": "false"}, _native_detect(image, set(), turned=False))
    yield pair("tool/compare", {"imgA": image, "imgB": image}, _native_compare(image))
    # The same picture with a byte behind its end is another one; the face is added as this API's callers add theirs.
    other = base64.b64encode(base64.b64decode(image) + b"\0").decode()
    made = line.send(_form("/face/clustering/face/create", {"groupId": GROUP, "img": other, "tag": "bench"}))
    yield pair(
        "recog/group/identify",
        {"groupId": GROUP, "img": image, "topN": "3"},
        _native_identify(image, top=3, threshold=0),
    )
    yield pair(
        "recog/group/compare",
        {"groupId": GROUP, "faceId": str(made["faceId"]), "img": image},
        _native_verify(image),
    )
    # This user's number follows from the id that another API gave, and has to be looked up.
    yield pair(
        "recog/group/compare",
        {"groupId": GROUP, "faceId": str(number_of(USER)), "img": image},
        _native_verify(image),
        "recog/group/compare with another API's user",
    )


# ---------------------------------------------------------------------- bodies


def _native_detect(image: str, fields: set[str], *, turned: bool = True) -> Request:
    return _native("detect", image=image, fields=sorted(fields), max_faces=1, turned=turned)


def _native_identify(image: str, **options: Any) -> Request:
    return _native("identify", image=image, groups=[GROUP], **options)


def _native_verify(image: str) -> Request:
    return _native("verify", image=image, group_id=GROUP, user_id=USER)


def _native_compare(image: str) -> Request:
    return _native("compare", image=image, image2=image)


def _native(call: str, **fields: Any) -> Request:
    return _json(f"/v1/{call}", fields)


def _json(path: str, value: Any) -> Request:
    return Request(path, json.dumps(value).encode("utf-8"), "application/json")


def _form(path: str, fields: Mapping[str, str]) -> Request:
    return Request(path, urlencode(fields).encode("ascii"), "application/x-www-form-urlencoded")


def _files(path: str, texts: Mapping[str, str], files: Mapping[str, bytes]) -> Request:
    body, content_type = multipart(texts, files)
    return Request(path, body, content_type)
