"""The calls about persons, groups and faces: ``newperson`` to ``getfaceinfo``.

A person is a user with one id in each of its groups (:mod:`edgeface.people`). Faces are taken as they are: the
document knows no quality control, so the gate's level is NONE.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.tencent_v1 import ids
from edgeface.api.dialects.tencent_v1.answers import Answer
from edgeface.api.dialects.tencent_v1.errors import missing, number_of, with_data
from edgeface.api.dialects.tencent_v1.faces import ATTRIBUTES, OF_THE_PICTURE, face_item
from edgeface.api.dialects.tencent_v1.parameters import Fields
from edgeface.api.dialects.tencent_v1.person_info import PersonInfo
from edgeface.api.dialects.vendor import Reply
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.people import People

T = TypeVar("T")

_OK = 0


def new_person(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``newperson``: a person in every group of ``group_ids``, or in none of them."""
    person_id, groups = fields.gallery_id("person_id"), fields.gallery_ids("group_ids")
    info = PersonInfo(fields.optional_text("person_name"), fields.optional_text("tag"))
    picture = fields.picture(pictures)
    people = People(engine)
    face = people.look(picture)
    joined = people.create(person_id, groups, face, info.text())
    return Reply(
        Answer(
            {
                "person_id": fields.text("person_id"),
                "suc_group": len(joined),
                "suc_face": 1,
                "face_id": face.token,
                "group_ids": [ids.from_gallery(group) for group in joined],
            }
        )
    )


def delete_person(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``delperson``."""
    People(engine).delete(fields.gallery_id("person_id"))
    return Reply(Answer({"deleted": 1, "person_id": fields.text("person_id")}))


def add_face(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``addface``: each picture has a return code of its own; the call fails when none of them was added.

    Pictures are added one after the other, each in all of the person's groups or in none, so that a failure half way
    leaves those that were reported and nothing else.
    """
    person_id = fields.gallery_id("person_id")
    sources = fields.sources()
    if not sources:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING, "Give images or urls.", parameter="images")
    most = engine.config.gallery.limits.max_faces_per_user
    if len(sources) > most:
        raise EdgeFaceError(ErrorCode.LIMIT_FACES, limit=most)
    people = People(engine)
    people.get(person_id)
    # All of them before any change: the call is asked again from the beginning when a URL has to be fetched first.
    resolved = [_attempt(partial(_resolve, source, pictures)) for source in sources]
    faces = [item if isinstance(item, EdgeFaceError) else _attempt(partial(people.look, item)) for item in resolved]
    added: list[str] = []
    failures: list[EdgeFaceError | None] = []
    for face in faces:
        outcome = face if isinstance(face, EdgeFaceError) else _attempt(partial(people.add_face, person_id, face))
        failures.append(outcome)
        if outcome is None and not isinstance(face, EdgeFaceError):
            added.append(face.token)
    data = {
        "added": len(added),
        "face_ids": added,
        "ret_codes": [_OK if failure is None else number_of(failure) for failure in failures],
    }
    if not added and failures[0] is not None:
        raise with_data(failures[0], **data)
    return Reply(Answer(data, unkept=("tag",) if fields.optional_text("tag") else ()))


def delete_face(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``delface``: those of ``face_ids`` that the person has."""
    person_id, tokens = fields.gallery_id("person_id"), fields.gallery_ids("face_ids")
    erased = People(engine).delete_faces(person_id, tokens)
    return Reply(Answer({"deleted": len(erased), "face_ids": list(erased)}))


def set_info(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``setinfo``: what is not given stays."""
    person_id = fields.gallery_id("person_id")
    name, tag = fields.optional_text("person_name"), fields.optional_text("tag")
    if not name and not tag:
        raise missing("person_name")
    People(engine).change_info(person_id, lambda text: PersonInfo.of(text).changed(name, tag).text())
    return Reply(Answer({"person_id": fields.text("person_id")}))


def get_info(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``getinfo``."""
    person = People(engine).get(fields.gallery_id("person_id"))
    info = PersonInfo.of(person.user_info)
    return Reply(
        Answer(
            {
                "person_name": info.name,
                "person_id": fields.text("person_id"),
                "tag": info.tag,
                "group_ids": [ids.from_gallery(group) for group in person.group_ids],
                "face_ids": list(person.face_tokens),
            }
        )
    )


def get_group_ids(engine: Engine, _: Fields, __: Pictures) -> Reply:
    """``getgroupids``. Error -1307, "the group list does not exist", as long as there is no group."""
    groups = People(engine).groups()
    if not groups:
        raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, "There is no group yet.", what="list")
    return Reply(Answer({"group_ids": [ids.from_gallery(group) for group in groups]}))


def get_person_ids(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``getpersonids``."""
    persons = People(engine).members(fields.gallery_id("group_id"))
    return Reply(Answer({"person_ids": [ids.from_gallery(person) for person in persons]}))


def get_face_ids(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``getfaceids``."""
    person = People(engine).get(fields.gallery_id("person_id"))
    return Reply(Answer({"face_ids": list(person.face_tokens)}))


def get_face_info(engine: Engine, fields: Fields, _: Pictures) -> Reply:
    """``getfaceinfo``. Of an enrolled face the device keeps the template and nothing else, so where it was in its
    picture can be told only while the face is remembered (``tokens.remember_s``)."""
    face = People(engine).face(fields.gallery_id("face_id"))
    if not face.located:
        features = engine.analyzer.features
        forgotten = tuple(name for name in ATTRIBUTES if name in features)
        never_known = tuple(name for name in ATTRIBUTES if name not in features)
        answer = Answer({"face_info": {"face_id": face.token}}, unkept=(*OF_THE_PICTURE, *forgotten))
        return Reply(answer, never_known)
    item, withheld = face_item(face)
    return Reply(Answer({"face_info": item}), withheld)


def _resolve(source: str | bytes, pictures: Pictures) -> bytes:
    if isinstance(source, str):
        return pictures.url(source)
    if not source:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
    return source


def _attempt(work: Callable[[], T]) -> T | EdgeFaceError:
    """What the work returns, or why it failed; a question for a URL goes on to whoever can answer it."""
    try:
        return work()
    except EdgeFaceError as error:
        return error
