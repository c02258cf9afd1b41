"""Generates the reference pages that follow from the code: ``python -m edgeface.reference docs``.

A test compares them with the committed files, so that a limit or an error cannot change unnoticed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from edgeface.config import Config, Section
from edgeface.errors import ErrorCode


def errors_page() -> str:
    """The catalogue of errors as Markdown."""
    lines = [
        "# Errors",
        "",
        "Every failure that a caller can see is one of these. The native API answers "
        '`{"error": {"code", "message", "retryable", "request_id"}}` with the HTTP status; the command line ends '
        "with the exit status; the Python client raises `EdgeFaceError` with the same code.",
        "",
        "| code | message | HTTP | retryable | exit |",
        "|---|---|---|---|---|",
    ]
    for entry in ErrorCode:
        spec = entry.spec
        lines.append(
            f"| `{entry.code}` | {spec.message} | {spec.status} | {'yes' if spec.retryable else 'no'} "
            f"| {spec.exit_code} |"
        )
    return "\n".join(lines) + "\n"


def configuration_page() -> str:
    """The configuration's schema as Markdown."""
    lines = [
        "# Configuration",
        "",
        "One TOML file: `--config FILE`, `$EDGEFACE_CONFIG`, or `/etc/edgeface/edgeface.toml`. Every field may also "
        "come from the environment as `EDGEFACE_<SECTION>__<FIELD>`, for example "
        "`EDGEFACE_SERVER__WORKERS=4` or `EDGEFACE_GALLERY__LIMITS__MAX_GROUPS=10`; the tables of a list are "
        "numbered (`EDGEFACE_KEYS__0__KEY`). `EDGEFACE_STATE_DIR` and `EDGEFACE_MODEL_PACK` are short forms. The "
        "environment wins over the file. Unknown fields are refused.",
    ]
    lines += _section(Config(), "", "Top level")
    return "\n".join(lines) + "\n"


def _section(section: Section, path: str, title: str) -> list[str]:
    fields: list[tuple[str, FieldInfo]] = []
    children: list[tuple[str, Section]] = []
    tables: list[tuple[str, type[Section]]] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            children.append((name, value))
            continue
        fields.append((name, field))
        if model := _table_of(field):
            tables.append((name, model))
    lines: list[str] = []
    if fields:
        defaults = {name: _default(getattr(section, name)) for name, _ in fields}
        lines += _fields(type(section), title, defaults)
    for name, model in tables:
        inner = f"{path}.{name}" if path else name
        lines += _table(model, f"`[[{inner}]]`")
    for name, child in children:
        inner = f"{path}.{name}" if path else name
        lines += _section(child, inner, f"`[{inner}]`")
    return lines


def _table(model: type[Section], title: str) -> list[str]:
    """A section of which there may be any number: no instance, so the defaults are the fields' own."""
    defaults = {
        name: "required" if field.is_required() else _default(field.default)
        for name, field in model.model_fields.items()
    }
    return _fields(model, title, defaults)


def _fields(model: type[Section], title: str, defaults: dict[str, str]) -> list[str]:
    summary = (model.__doc__ or "").strip().splitlines()[0]
    lines = ["", f"## {title}", "", summary, "", "| field | default | range | meaning |", "|---|---|---|---|"]
    for name, default in defaults.items():
        field = model.model_fields[name]
        lines.append(f"| `{name}` | {default} | {_range(field)} | {field.description or ''} |")
    return lines


def _table_of(field: FieldInfo) -> type[Section] | None:
    """The model of a list of tables, ``None`` where the field is something else."""
    items = get_args(field.annotation) if get_origin(field.annotation) is tuple else ()
    found = items[0] if items else None
    return found if isinstance(found, type) and issubclass(found, Section) else None


def _default(value: Any) -> str:
    if value is None or value == ():
        return "none"
    text = getattr(value, "value", value)
    return f"`{text}`" if text != "" else "empty"


def _range(field: FieldInfo) -> str:
    words = {"ge": ">= {}", "gt": "> {}", "le": "<= {}", "lt": "< {}", "min_length": "at least {} characters"}
    words["max_length"] = "at most {} characters"
    parts = [
        text.format(getattr(item, name))
        for item in field.metadata
        for name, text in words.items()
        if getattr(item, name, None) is not None
    ]
    return ", ".join(parts)


def pages() -> dict[str, str]:
    """File name below ``docs/`` to content."""
    return {"errors.md": errors_page(), "configuration.md": configuration_page()}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
