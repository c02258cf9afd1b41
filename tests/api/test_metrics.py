from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from edgeface.api.metrics import Metrics
from tests.api.running import running
from tests.api.wire import ask

JPEG = {"Content-Type": "image/jpeg"}


def values(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = "".join(f"[{key}={value}]" for key, value in sorted(sample.labels.items()))
            found[sample.name + labels] = sample.value
    return found


def test_two_daemons_in_one_process_do_not_share_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.rejected("no_face")
    assert "no_face" in first.text().decode()
    assert "no_face" not in second.text().decode()


def test_what_is_measured(portrait: bytes, no_face: bytes) -> None:
    with running() as daemon:
        faces = "/v1/groups/hidden_name/users/hidden_user/faces?quality_control=NONE"
        assert ask(daemon.socket, "POST", faces, portrait, JPEG).status == 201
        ask(daemon.socket, "POST", "/v1/identify?groups=hidden_name", portrait, JPEG)
        ask(daemon.socket, "POST", "/v1/identify?groups=hidden_name", no_face, JPEG)
        ask(daemon.socket, "BREW/%22", "/v1/identify")
        ask(daemon.socket, "GET", "/v1/some/path/that/is/nobodys")
        answer = ask(daemon.socket, "GET", "/metrics")
        text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(text)
    for stage in ("decode", "detect", "embed", "search", "store"):
        assert found[f"edgeface_stage_seconds_count[stage={stage}]"] >= 1
    assert found["edgeface_requests_total[method=POST][route=/v1/identify][status=200]"] == 1
    assert found["edgeface_requests_total[method=POST][route=/v1/identify][status=422]"] == 1
    assert found["edgeface_errors_total[code=no_face]"] == 1
    assert found["edgeface_rejections_total[reason=no_face]"] == 1
    assert found["edgeface_gallery_faces"] == found["edgeface_gallery_users"] == 1
    assert found["edgeface_searches_exact_total"] >= 1
    assert found["edgeface_ready"] == 1
    assert found["edgeface_calls_running"] == found["edgeface_calls_waiting"] == 0
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert "edgeface_index_audits_total" in found and "process_start_time_seconds" in found
    assert re.search(r'edgeface_info\{contract="[^"]+",pack="[^"]+",version="[\d.]+"\} 1\.0', text)
    assert "hidden" not in text and "nobodys" not in text
