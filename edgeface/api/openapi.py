"""The OpenAPI 3.1 document, made from the endpoint table.

``edgeface/api/openapi.json`` is the committed copy; a test compares the two. Write it again with
``python -m edgeface.api.openapi``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

import edgeface
from edgeface.api.answers import Answer
from edgeface.api.options import Options
from edgeface.api.system_answers import ErrorAnswer
from edgeface.errors import ErrorCode

if TYPE_CHECKING:
    from edgeface.api.native.endpoint import Endpoint

COMMITTED = Path(__file__).with_name("openapi.json")

_REF = "#/components/schemas/{model}"
# What the server around every endpoint may answer.
_COMMON = (
    ErrorCode.INVALID_REQUEST,
    ErrorCode.UNAUTHORIZED,
    ErrorCode.ACCESS_TOKEN_INVALID,
    ErrorCode.ACCESS_TOKEN_EXPIRED,
    ErrorCode.FORBIDDEN,
    ErrorCode.QUOTA_QPS,
    ErrorCode.QUOTA_DAY,
    ErrorCode.QUOTA_TOTAL,
    ErrorCode.INTERNAL,
)
_COMPUTED = (
    ErrorCode.INVALID_PARAMETER,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.REQUEST_TOO_LARGE,
    ErrorCode.BUSY,
    ErrorCode.DEADLINE,
    ErrorCode.SHUTTING_DOWN,
)


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document of these endpoints."""
    table = tuple(endpoints)
    options = {endpoint.options for endpoint in table if endpoint.options.model_fields}
    answers = {endpoint.answer for endpoint in table if endpoint.answer is not None} | {ErrorAnswer}
    by_name = sorted(options, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in by_name]
        + [(model, "serialization") for model in sorted(answers, key=lambda model: model.__name__)],
        ref_template=_REF,
    )
    components = dict(schemas["$defs"])
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table:
        operation = _operation(endpoint, components)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "EdgeFace",
            "version": edgeface.__version__,
            "description": "Offline face engine. HTTP/1.1 on a Unix socket, where the peer's role is that of its "
            "process and nothing is to be shown; over TCP, where it is enabled, with an access token.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "http://localhost", "description": "Over the Unix socket; the host does not matter."},
            {"url": "https://127.0.0.1:8443", "description": "Over TCP, where it is enabled."},
        ],
        "security": [{}, {"access_token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "access_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Over TCP only: a token of /oauth/2.0/token, good for 30 days.",
                }
            },
        },
    }


def document_bytes(endpoints: Iterable[Endpoint]) -> bytes:
    """The document as served and committed."""
    return (json.dumps(document(endpoints), indent=1, ensure_ascii=False) + "\n").encode()


def _operation(endpoint: Endpoint, components: dict[str, Any]) -> dict[str, Any]:
    parameters = [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", endpoint.path)]
    parameters += [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in endpoint.headers
    ]
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "x-role": endpoint.role.value,
        "parameters": parameters,
        "responses": _responses(endpoint),
    }
    if endpoint.accepts is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {endpoint.accepts: {"schema": {"type": "string", "contentMediaType": endpoint.accepts}}},
        }
    elif endpoint.options.model_fields:
        # With a picture as the raw body, or none at all, the options stand in the query.
        bodiless = endpoint.method in ("GET", "DELETE")
        if len(endpoint.images) <= 1 and not endpoint.body_only:
            parameters += _query_parameters(endpoint.options, components, needed=bodiless)
        if not bodiless:
            operation["requestBody"] = {"required": bool(endpoint.images), "content": _bodies(endpoint)}
    return operation


def _path_parameter(name: str) -> dict[str, Any]:
    pattern = "^[0-9a-f]{32}$" if name == "face_token" else "^[A-Za-z0-9_]{1,128}$"
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}


def _query_parameters(options: type[Options], components: dict[str, Any], *, needed: bool) -> list[dict[str, Any]]:
    schema = components[options.__name__]
    found = []
    for name, field in schema["properties"].items():
        if _refers_to_object(field, components):
            continue  # JSON only
        entry: dict[str, Any] = {
            "name": name,
            "in": "query",
            "required": needed and name in schema.get("required", ()),
            "schema": {key: value for key, value in field.items() if key != "description"},
        }
        if description := field.get("description"):
            entry["description"] = description
        if "array" in json.dumps(field):
            entry.update(style="form", explode=False)
        found.append(entry)
    return found


def _refers_to_object(field: dict[str, Any], components: dict[str, Any]) -> bool:
    options = [field, *field.get("anyOf", [])]
    names = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
    return any(components[name].get("type") == "object" for name in names)


def _bodies(endpoint: Endpoint) -> dict[str, Any]:
    reference = {"$ref": _REF.format(model=endpoint.options.__name__)}
    if not endpoint.images:
        return {"application/json": {"schema": reference}}
    base64 = {
        name: {"type": "string", "contentEncoding": "base64", "description": "The picture as base64."}
        for name in endpoint.images
    }
    files = {name: {"type": "string", "contentMediaType": "application/octet-stream"} for name in endpoint.images}
    bodies: dict[str, Any] = {
        "application/json": {"schema": {"allOf": [reference, {"type": "object", "properties": base64}]}},
        "multipart/form-data": {"schema": {"allOf": [reference, {"type": "object", "properties": files}]}},
    }
    if len(endpoint.images) == 1 and not endpoint.body_only:
        for media in ("image/*", "application/octet-stream"):
            bodies[media] = {"schema": {"type": "string", "contentMediaType": media}}
    return bodies


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {endpoint.media: {}}
    if endpoint.answer is not None:
        content = {endpoint.media: {"schema": {"$ref": _REF.format(model=endpoint.answer.__name__)}}}
    responses: dict[str, Any] = {
        str(endpoint.status): {"description": _first_line(endpoint.answer), "content": content}
    }
    codes = set(_COMMON) | set(endpoint.failures)
    if endpoint.answer is not None and endpoint.role.value != "observer":
        codes |= set(_COMPUTED)
    for status in sorted({code.spec.status for code in codes}):
        names = sorted(code.code for code in codes if code.spec.status == status)
        responses[str(status)] = {
            "description": ", ".join(names),
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=ErrorAnswer.__name__)}}},
        }
    return responses


def _first_line(answer: type[Answer] | None) -> str:
    return (answer.__doc__ or "").strip().splitlines()[0] if answer is not None else "The content."


def main() -> None:
    """Write the committed copy."""
    from edgeface.api.native.dialect import endpoints  # noqa: PLC0415 - the table imports this module

    COMMITTED.write_bytes(document_bytes(item.endpoint for item in endpoints()))


if __name__ == "__main__":
    main()
