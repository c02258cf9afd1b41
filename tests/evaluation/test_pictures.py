"""Folders of simulated pictures, embedded by the real models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeface.config import Config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.evaluation.pictures import TemplateMaker, embed_folder
from edgeface.geometry import similarity, warp
from edgeface.image import decode
from edgeface.inference.locate import locate_pack
from edgeface.inference.pack import ModelPack
from edgeface.simulation.camera import SimulatedCamera, encode
from edgeface.simulation.portraits import Portrait
from tests.conftest import TakePicture
from tests.packs import default_folder


@pytest.fixture
def pack(config: Config) -> ModelPack:
    if config.models.pack is None:
        default_folder("detector", "embedder")
    return ModelPack.load(locate_pack(config.models.pack))


@pytest.fixture
def maker(config: Config, pack: ModelPack) -> Iterator[TemplateMaker]:
    made = TemplateMaker(config, pack, aligned=False)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path, eileen: Portrait, grace: Portrait, take: TakePicture) -> Path:
    root = tmp_path / "collection"
    for portrait in (eileen, grace):
        (root / portrait.name).mkdir(parents=True)
        for number, width in enumerate((150, 200), start=1):
            file = root / portrait.name / f"{portrait.name}_{number:04d}.jpg"
            file.write_bytes(take(portrait, face_width=width, seed=number))
    (root / "nobody").mkdir()
    (root / "nobody" / "nobody_0001.jpg").write_bytes(encode(SimulatedCamera().take()))
    return root


def test_people_are_told_apart_and_the_faceless_are_counted(folder: Path, maker: TemplateMaker) -> None:
    done: list[int] = []
    table = embed_folder(folder, maker, progress=done.append)
    assert len(done) == 5
    assert table.without_face == ("nobody/nobody_0001",)
    assert table.vectors.shape[0] == 5
    assert np.allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-5)
    rows = table.rows()
    eileen = table.vectors[rows["eileen_collins/eileen_collins_0001"]]
    same = eileen @ table.vectors[rows["eileen_collins/eileen_collins_0002"]]
    other = eileen @ table.vectors[rows["grace_hopper/grace_hopper_0001"]]
    assert same > other + 0.2


def test_only_the_named_pictures_are_embedded(folder: Path, maker: TemplateMaker) -> None:
    table = embed_folder(folder, maker, only=["grace_hopper/grace_hopper_0002"])
    assert table.names == ("grace_hopper/grace_hopper_0002",)
    assert table.people == ("grace_hopper",)


def test_a_missing_picture_is_named(folder: Path, maker: TemplateMaker) -> None:
    with pytest.raises(EdgeFaceError, match="eve/eve_0001") as caught:
        embed_folder(folder, maker, only=["eve/eve_0001"])
    assert caught.value.code is ErrorCode.IMAGE_MISSING


def test_a_broken_picture_is_named(folder: Path, maker: TemplateMaker) -> None:
    (folder / "nobody" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    with pytest.raises(EdgeFaceError, match=r"broken\.jpg"):
        embed_folder(folder, maker)


def test_aligned_crops_give_the_detected_face_its_template(
    config: Config, pack: ModelPack, maker: TemplateMaker, eileen: Portrait, take: TakePicture
) -> None:
    picture = take(eileen)
    detected, found = maker.make(picture)
    assert found
    image = decode(picture, config.image)
    # The portrait's own points, taken through the camera: eyes 190 / 2.25 pixels apart about the face's centre.
    scale = 190.0 / eileen.face_width
    points = (eileen.points - np.asarray(eileen.face_centre)) * scale + np.asarray((0.5 * 640, 0.45 * 480))
    template = np.asarray(
        [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
    )
    crop = warp(image, similarity(points.astype(np.float32), template.astype(np.float32)), 112)
    aligned = TemplateMaker(config, pack, aligned=True)
    made, found = aligned.make(encode(crop, 98))
    aligned.close()
    assert found
    assert float(made @ detected) > 0.7
