from __future__ import annotations

import json
import re
from pathlib import Path

from edgeface.api.native.dialect import endpoints
from edgeface.api.openapi import COMMITTED, document, document_bytes
from edgeface.errors import ErrorCode


def table() -> list:
    return [item.endpoint for item in endpoints()]


def test_the_committed_document_is_the_generated_one() -> None:
    assert COMMITTED.read_bytes() == document_bytes(table()), "run: python -m edgeface.api.openapi"


def test_every_reference_leads_somewhere_and_every_name_is_unique() -> None:
    made = document(table())
    text = json.dumps(made)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in made["components"]["schemas"]
    names = [operation["operationId"] for path in made["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(table())


def test_the_reference_names_every_endpoint_with_its_role() -> None:
    reference = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for item in table():
        assert f"| `{item.method} {item.path}` | {item.role.value} |" in reference


def test_every_failure_of_an_endpoint_is_documented_under_its_status() -> None:
    made = document(table())
    for endpoint in table():
        responses = made["paths"][endpoint.path][endpoint.method.lower()]["responses"]
        for code in endpoint.failures:
            assert code.code in responses[str(code.spec.status)]["description"].split(", ")


def test_the_codes_are_those_of_the_catalogue() -> None:
    known = {code.code for code in ErrorCode}
    for path in document(table())["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert set(response["description"].split(", ")) <= known
