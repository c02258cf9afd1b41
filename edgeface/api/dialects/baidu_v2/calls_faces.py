"""detect, faceverify and match: what can be said of pictures without the face library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from edgeface.analysis import Wants
from edgeface.api.dialects.baidu_attributes import measured
from edgeface.api.dialects.baidu_v2 import answers, liveness, parameters
from edgeface.api.dialects.baidu_v2.answers import Withheld
from edgeface.api.dialects.baidu_v2.attribute_fields import DIGITS, attributes_of
from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.baidu_v2.form import Form, read_form
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.attributes import LIVENESS
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Face

# "12表示带水印证件照, 7表示生活照, 13表示证件照片": one set of models serves them all.
_KINDS = ("7", "12", "13")

# "请求为四张图片，第三张解析失败": pairs with such a picture are left out of the answer.
_ONE_PICTURE = frozenset(
    {
        ErrorCode.IMAGE_MISSING,
        ErrorCode.IMAGE_BASE64,
        ErrorCode.IMAGE_FORMAT,
        ErrorCode.IMAGE_CORRUPT,
        ErrorCode.IMAGE_TOO_LARGE,
        ErrorCode.IMAGE_TOO_SMALL,
        ErrorCode.NO_FACE,
        ErrorCode.QUALITY,
    }
)


def detect(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v1/detect``, ``v2/detect``."""
    form = read_form(message)
    wanted = answers.fields_of(parameters.words(form, "face_fields"))
    found = _faces(engine, form, pictures, wanted, parameters.MOST_DETECT)
    withheld = Withheld()
    return _faces_reply([answers.face(face, wanted, withheld) for face in found], withheld)


def faceverify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/faceverify``. Its answer's table has ``faceliveness`` with ``qualities``, its parameter's table a word of
    its own: either asks for it."""
    form = read_form(message)
    wanted = frozenset(parameters.words(form, "face_fields")) & {"qualities", liveness.FACELIVENESS}
    found = _faces(engine, form, pictures, wanted, parameters.MOST_PICTURE, live=bool(wanted))
    withheld = Withheld()
    result = []
    for face in found:
        answer = answers.face(face, wanted, withheld)
        score = measured(face, LIVENESS)
        if score is not None:
            answer[liveness.FACELIVENESS] = round(score, DIGITS)
        elif wanted:
            withheld.add(liveness.FACELIVENESS)
        result.append(answer)
    return _faces_reply(result, withheld)


def _faces(
    engine: Engine,
    form: Form,
    pictures: Pictures,
    wanted: frozenset[str],
    most_text: int,
    *,
    live: bool = False,
) -> tuple[Face, ...]:
    # "最多处理人脸数目": at most, so that more than the device looks for is no error.
    most = min(parameters.count(form, "max_face_num", 1), engine.config.detection.max_faces)
    picture = pictures.base64(parameters.image(form, most_text))
    attributes = attributes_of(wanted) | ({LIVENESS} if live else frozenset())
    wants = Wants(pose=True, landmarks="landmark" in wanted, quality="qualities" in wanted, attributes=attributes)
    return engine.detect(picture, wants, max_faces=most).faces


def _faces_reply(result: list[dict[str, Any]], withheld: Withheld) -> Reply:
    return Reply({"result_num": len(result), "result": result}, tuple(withheld))


def match(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/match``: every pair of pictures whose faces could be read; the reason of the first that could not where
    no pair is left."""
    form = read_form(message)
    texts = parameters.images(form, most=parameters.MOST_MATCH, number=parameters.MOST_MATCHED)
    if len(texts) < 2:
        raise refusal(216614)
    _check_kinds(form, len(texts))
    asked = _liveness_asked(form, len(texts))
    faces: dict[int, Face] = {}
    decoded: dict[int, bytes] = {}
    failures: list[EdgeFaceError] = []
    for index, text in enumerate(texts):
        try:
            decoded[index] = pictures.base64(text)
            faces[index] = engine.embed(decoded[index])
        except EdgeFaceError as error:
            if error.code not in _ONE_PICTURE:
                raise
            failures.append(error)
    if len(faces) < 2:
        raise failures[0]
    result = [
        {"index_i": i, "index_j": j, "score": answers.score(_score(engine, faces[i], faces[j]))}
        for i, j in combinations(sorted(faces), 2)
    ]
    withheld = Withheld()
    read = [decoded[index] if index in faces else None for index in range(len(texts))]
    info = _ext_info(engine, form, read, asked, withheld)
    answer: dict[str, Any] = {"result_num": len(result), "result": result}
    return Reply(answer | {"ext_info": info} if info else answer, tuple(withheld))


def _score(engine: Engine, first: Face, second: Face) -> float:
    assert first.template is not None and second.template is not None  # noqa: S101 - embed() guarantees it
    return engine.compare_templates(first.template, second.template).score


def _ext_info(
    engine: Engine, form: Form, pictures: Sequence[bytes | None], asked: Sequence[bool], withheld: Withheld
) -> dict[str, str]:
    """One text for all pictures of a match (``None``: one whose face could not be read), as the table has it."""
    info: dict[str, str] = {}
    if "qualities" in parameters.words(form, "ext_fields"):
        measures = [{} if picture is None else qualities_of(engine, picture, withheld) for picture in pictures]
        info["qualities"] = json.dumps(measures)
    if any(asked):
        wanted = (picture if live else None for picture, live in zip(pictures, asked, strict=True))
        scores = liveness.of_pictures(engine, wanted)
        if scores is None:
            withheld.add(liveness.FACELIVENESS)
        else:
            info[liveness.FACELIVENESS] = scores
    return info


def qualities_of(engine: Engine, picture: bytes, withheld: Withheld) -> dict[str, Any]:
    """``qualities`` of the first face of a picture that has one."""
    wants = Wants(quality=True, attributes=attributes_of(("qualities",)))
    return answers.qualities(engine.detect(picture, wants, max_faces=1).faces[0], withheld)


def _check_kinds(form: Form, number: int) -> None:
    given = form.given("types")
    kinds = [] if given is None else [kind.strip() for kind in given.split(",")]
    if len(kinds) > number or any(kind not in _KINDS for kind in kinds):
        raise refusal(216100, "types holds 7, 12 or 13 for each picture.")


def _liveness_asked(form: Form, number: int) -> list[bool]:
    """``image_liveness``: "faceliveness" or nothing for each picture, separated by commas."""
    asked = [word.strip() for word in (form.given("image_liveness") or "").split(",")]
    if len(asked) > number or any(word not in ("", liveness.FACELIVENESS) for word in asked):
        raise refusal(216100, "image_liveness holds faceliveness or nothing for each picture.")
    return [word != "" for word in asked] + [False] * (number - len(asked))
