"""/face/tool/removeWater: the mesh goes, and a picture without one stays what it is."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from cloudwalk_calls import CloudWalk

from tests import pictures
from tests.demesh.meshes import laid, lattice


def test_a_mesh_is_removed(cloudwalk: CloudWalk) -> None:
    clean = pictures.astronaut()[:300, 80:380]
    meshed = laid(clean, lattice(clean.shape[:2]), colour=(250, 250, 250), opacity=0.6)
    body = cloudwalk.ok("tool/removeWater", img=pictures.encoded(meshed, ".png"))
    assert set(body) == {"result", "info", "img", "path", "seq"}
    assert type(body["img"]) is str
    assert body["path"] == "/face/tool/removeWater"
    assert type(body["seq"]) is str and body["seq"].isdigit()
    answer = cv2.imdecode(np.frombuffer(base64.b64decode(body["img"]), np.uint8), cv2.IMREAD_COLOR)
    assert answer.shape == clean.shape
    before = np.abs(meshed.astype(int) - clean).mean()
    assert np.abs(answer.astype(int) - clean).mean() < before / 3


def test_a_picture_without_a_mesh_comes_back_byte_for_byte(cloudwalk: CloudWalk) -> None:
    portrait = pictures.encoded(pictures.hopper()[100:400, 100:400], ".jpg")
    assert base64.b64decode(cloudwalk.ok("tool/removeWater", img=portrait)["img"]) == portrait


def test_a_picture_without_a_face_is_cleaned_too(cloudwalk: CloudWalk, no_face: bytes) -> None:
    assert base64.b64decode(cloudwalk.ok("tool/removeWater", img=no_face)["img"]) == no_face
