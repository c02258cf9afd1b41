"""Galleries in a temporary directory, closed at the end of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gallery_samples import CONTRACT, COSINES, OpenGallery, Pick, unit_vectors

from edgeface.config import GalleryConfig, GalleryLimits, IndexConfig
from edgeface.gallery.gallery import Gallery
from edgeface.similarity import TemplateSpace
from edgeface.types import Template


@pytest.fixture
def template() -> Pick:
    pool = unit_vectors(256, seed=11)
    return lambda number: Template(pool[number], CONTRACT)


@pytest.fixture
def open_gallery(tmp_path: Path) -> Iterator[OpenGallery]:
    opened: list[Gallery] = []

    def make(
        folder: Path = tmp_path / "state",
        *,
        exact_up_to: int = 20000,
        audit_every: int = 0,
        limits: dict[str, int] | None = None,
        contract_id: str = CONTRACT,
        space: TemplateSpace = COSINES,
        key_file: Path | None = None,
        **more: Any,
    ) -> Gallery:
        config = GalleryConfig(
            key_file=key_file,
            limits=GalleryLimits(**(limits or {})),
            index=IndexConfig(exact_up_to=exact_up_to, audit_every=audit_every),
        )
        more.setdefault("environ", {})
        gallery = Gallery.open(folder, contract_id=contract_id, space=space, config=config, **more)
        opened.append(gallery)
        return gallery

    yield make
    for gallery in opened:
        gallery.close()


@pytest.fixture
def gallery(open_gallery: OpenGallery) -> Gallery:
    return open_gallery()
