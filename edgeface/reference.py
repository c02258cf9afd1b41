"""Generates the reference pages that follow from the code: ``python -m edgeface.reference docs``.

A test compares them with the committed files, so that a limit or an error cannot change unnoticed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

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
        "`EDGEFACE_SERVER__WORKERS=4` or `EDGEFACE_GALLERY__LIMITS__MAX_GROUPS=10`; `EDGEFACE_STATE_DIR` and "
        "`EDGEFACE_MODEL_PACK` are short forms. The environment wins over the file. Unknown fields are refused.",
    ]
    lines += _section(Config(), "", "Top level")
    return "\n".join(lines) + "\n"


def _section(section: Section, path: str, title: str) -> list[str]:
    fields: list[tuple[str, FieldInfo]] = []
    children: list[tuple[str, Section]] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            children.append((name, value))
        else:
            fields.append((name, field))
    lines: list[str] = []
    if fields:
        summary = (type(section).__doc__ or "").strip().splitlines()[0]
        lines += ["", f"## {title}", "", summary, "", "| field | default | range | meaning |", "|---|---|---|---|"]
        for name, field in fields:
            lines.append(
                f"| `{name}` | {_default(getattr(section, name))} | {_range(field)} | {field.description or ''} |"
            )
    for name, child in children:
        inner = f"{path}.{name}" if path else name
        lines += _section(child, inner, f"`[{inner}]`")
    return lines


def _default(value: Any) -> str:
    if value is None:
        return "none"
    text = getattr(value, "value", value)
    return f"`{text}`"


def _range(field: FieldInfo) -> str:
    words = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    parts = [
        f"{symbol} {getattr(item, name)}"
        for item in field.metadata
        for name, symbol in words.items()
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
