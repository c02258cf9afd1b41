"""The README's way in: curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.running import Running

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(daemon: Running, *arguments: str) -> tuple[int, dict]:
    command = ["curl", "-sS", "-m", "30", "--unix-socket", str(daemon.socket), "-w", "\n%{http_code}", *arguments]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), json.loads(body)


def test_a_session_with_curl(daemon: Running, portrait: bytes, tmp_path: Path) -> None:
    photo = tmp_path / "ada photo.jpg"
    photo.write_bytes(portrait)
    base = "http://localhost/v1"
    assert curl(daemon, f"{base}/health/ready") == (200, {"ready": True, "reasons": []})
    raw = ("-H", "Content-Type: image/jpeg", "--data-binary", f"@{photo}")
    assert len(curl(daemon, *raw, f"{base}/detect?fields=pose,quality&max_faces=1")[1]["faces"]) == 1
    form = ("-F", f"image=@{photo}", "-F", "user_info=Ada ✓", "-F", "quality_control=NONE")
    assert curl(daemon, *form, f"{base}/groups/curl/users/ada/faces")[0] == 201
    status, found = curl(daemon, "-F", f"image=@{photo}", "-F", "groups=curl", "-F", "top=3", f"{base}/identify")
    assert status == 200 and found["matches"][0]["user_info"] == "Ada ✓"
    both = ("-F", f"image=@{photo}", "-F", f"image2=@{photo}")
    assert curl(daemon, *both, f"{base}/compare")[1]["same_person"]
    assert curl(daemon, "-X", "DELETE", f"{base}/groups/curl") == (200, {"faces": 1})
    assert curl(daemon, "--path-as-is", f"{base}/groups/../../etc/passwd")[0] == 404


def test_the_commonest_mistake_is_explained(daemon: Running, portrait: bytes, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(portrait)
    status, answer = curl(daemon, "--data-binary", f"@{photo}", "http://localhost/v1/detect")
    assert status == 415 and "image/jpeg" in answer["error"]["message"]


def test_a_body_over_the_limit_gets_its_answer(daemon: Running, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"\0" * 5_000_000)
    for extra in ((), ("-H", "Expect: 100-continue"), ("-H", "Transfer-Encoding: chunked")):
        raw = ("-H", "Content-Type: image/jpeg", "--data-binary", f"@{big}", *extra)
        status, answer = curl(daemon, *raw, "http://localhost/v1/detect")
        assert (status, answer["error"]["code"]) == (413, "request_too_large")
