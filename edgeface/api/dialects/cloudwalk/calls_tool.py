"""``/face/tool/*``: what can be said of pictures without the gallery."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from edgeface.analysis import Wants
from edgeface.api.dialects.cloudwalk import answers, features
from edgeface.api.dialects.cloudwalk.errors import refusal
from edgeface.api.dialects.cloudwalk.parameters import Fields
from edgeface.api.dialects.landmark_subsets import LANDMARK_68, points_of
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.image import decode
from edgeface.numbered.faces import NumberedFaces
from edgeface.types import Face, Template

_SEQUENCE_BITS = 63


def detect(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.2: every face, upright ones only; with ``mode`` its picture too."""
    with_pictures = fields.flag("mode")
    data = fields.picture(pictures)
    if not with_pictures:
        found = NumberedFaces(engine).upright(data)
        return Reply({"faces": [{**answers.place(face), "img": answers.NO_PICTURE} for face in found]})
    image = decode(data, engine.config.image)
    found = NumberedFaces(engine).upright(image)
    return Reply({"faces": [{**answers.place(face), "img": answers.face_picture(image, face)} for face in found]})


def attribute(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.3: age and gender of every upright face, as far as the pack has models for them."""
    wants = Wants(attributes=frozenset(answers.ATTRIBUTES) & engine.analyzer.features)
    faces: list[dict[str, Any]] = []
    withheld: list[str] = []
    for face in NumberedFaces(engine).upright(fields.picture(pictures), wants):
        told, untold = answers.attributes(face)
        faces.append({**answers.place(face), **told})
        withheld += untold
    return Reply({"faces": faces}, tuple(withheld))


def key_points(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.4: 68 points of every face, in the iBUG order."""
    found = NumberedFaces(engine).upright(fields.picture(pictures), Wants(landmarks=True))
    return Reply({"faces": [{**answers.place(face), "keypt": _points(face)} for face in found]})


def compare(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.5: the largest face of each picture, turned ones too."""
    first, second = fields.picture(pictures, "A"), fields.picture(pictures, "B")
    numbered = NumberedFaces(engine)
    one, other = (numbered.largest(picture) for picture in (first, second))
    return Reply({"score": _score(engine, _template(one), _template(other))})


def compare_all(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.6: the largest face of the first picture, turned or not, with every upright face of the second."""
    first, second = fields.picture(pictures, "A"), fields.picture(pictures, "B")
    numbered = NumberedFaces(engine)
    probe = _template(numbered.largest(first))
    found = numbered.upright(second, Wants(template=True))
    faces = [{**answers.place(face), "score": _score(engine, probe, _template(face))} for face in found]
    return Reply({"score": max(face["score"] for face in faces), "faces": faces})


def remove_water(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.7: the picture without the mesh; the very bytes that came where there is none.

    ``path`` and ``seq`` stand in the example, not in the table.
    """
    data = fields.picture(pictures)
    cleaned = engine.without_mesh(data)
    image = answers.encoded(cleaned.image) if cleaned.found else base64.b64encode(data).decode("ascii")
    sequence = str(secrets.randbits(_SEQUENCE_BITS))
    return Reply({"img": image, "path": "/face/tool/removeWater", "seq": sequence})


def feature(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.8.1: the template of the largest face, turned or not."""
    face = NumberedFaces(engine).largest(fields.picture(pictures))
    return Reply({"feature": features.written(_template(face))})


def similarity_by_feature(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001 - no pictures
    """2.8.2."""
    one, other = (features.read(fields.text(name), engine.pack) for name in ("featureA", "featureB"))
    return Reply({"score": _score(engine, one, other)})


def _points(face: Face) -> list[dict[str, Any]]:
    if face.landmarks is None:
        raise refusal(8512, code=ErrorCode.FEATURE_UNAVAILABLE)
    return [{"x": round(float(x)), "y": round(float(y))} for x, y in points_of(face.landmarks, LANDMARK_68)]


def _template(face: Face) -> Template:
    assert face.template is not None  # noqa: S101 - asked for
    return face.template


def _score(engine: Engine, one: Template, other: Template) -> float:
    return answers.score(engine.compare_templates(one, other).score)
