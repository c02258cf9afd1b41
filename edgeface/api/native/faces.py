"""Calls on the gallery's faces: enrol, replace, list, delete."""

from __future__ import annotations

from edgeface.api.answers import FaceAnswer
from edgeface.api.gallery_answers import EnrolAnswer, ErasedAnswer, FaceRecordAnswer, FaceRecordsAnswer
from edgeface.api.native.endpoint import Call, Endpoint
from edgeface.api.native.gallery import NAMED_USER, USER, WRITTEN
from edgeface.api.native.pictures import PROBE_FAILURES, TEMPLATE_FAILURES, refuse_beside_template
from edgeface.api.options import EnrolOptions, NoOptions
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import FaceRecord
from edgeface.types import Role

FACES = f"{USER}/faces"
_ENROL_FAILURES = (
    *PROBE_FAILURES,
    *TEMPLATE_FAILURES,
    ErrorCode.MULTIPLE_FACES,
    ErrorCode.INVALID_ID,
    ErrorCode.GROUP_NOT_FOUND,
    ErrorCode.LIMIT_GROUPS,
    ErrorCode.LIMIT_USERS,
    *WRITTEN,
)


def _append(engine: Engine, call: Submission[EnrolOptions]) -> EnrolAnswer:
    return _enrol(engine, call, replace_faces=False)


def _replace(engine: Engine, call: Submission[EnrolOptions]) -> EnrolAnswer:
    return _enrol(engine, call, replace_faces=True)


def _enrol(engine: Engine, call: Submission[EnrolOptions], *, replace_faces: bool) -> EnrolAnswer:
    options = call.options
    group_id, user_id = call.path["group_id"], call.path["user_id"]
    if options.template is not None:
        refuse_beside_template(call)
        record = engine.enrol_template(
            options.template.template(),
            group_id,
            user_id,
            user_info=options.user_info,
            replace_faces=replace_faces,
            create_group=options.create_group,
        )
        return EnrolAnswer(record=_record(record))
    enrolled = engine.enrol(
        call.image(),
        group_id,
        user_id,
        user_info=options.user_info,
        replace_faces=replace_faces,
        create_group=options.create_group,
        single_face=options.single_face,
        gate=options.gate,
        order=options.order,
    )
    return EnrolAnswer(record=_record(enrolled.record), face=FaceAnswer.of(enrolled.face))


def _faces(engine: Engine, call: Submission[NoOptions]) -> FaceRecordsAnswer:
    found = engine.gallery.faces(call.path["group_id"], call.path["user_id"])
    return FaceRecordsAnswer(faces=[_record(item) for item in found])


def _face(engine: Engine, call: Submission[NoOptions]) -> FaceRecordsAnswer:
    found = engine.gallery.face(call.path["face_token"])
    if not found:
        raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND)
    return FaceRecordsAnswer(faces=[_record(item) for item in found])


def _delete_face(engine: Engine, call: Submission[NoOptions]) -> ErasedAnswer:
    engine.delete_face(call.path["group_id"], call.path["user_id"], call.path["face_token"])
    return ErasedAnswer(faces=1)


def _record(record: FaceRecord) -> FaceRecordAnswer:
    return FaceRecordAnswer(
        face_id=record.face_id,
        group_id=record.group_id,
        user_id=record.user_id,
        face_token=record.face_token,
        created_at=record.created_at,
    )


CALLS = (
    Call(
        Endpoint(
            "POST",
            FACES,
            "enrol",
            "Add the first face of a picture, or a template, to a user (made when new).",
            Role.ADMIN,
            EnrolAnswer,
            options=EnrolOptions,
            images=("image",),
            status=201,
            failures=(
                *_ENROL_FAILURES,
                ErrorCode.FACE_EXISTS,
                ErrorCode.FACE_NEARLY_IDENTICAL,
                ErrorCode.LIMIT_FACES,
            ),
        ),
        Priority.BULK,
        _append,
    ),
    Call(
        Endpoint(
            "PUT",
            FACES,
            "replace_faces",
            "Replace all faces of a user by this one.",
            Role.ADMIN,
            EnrolAnswer,
            options=EnrolOptions,
            images=("image",),
            failures=_ENROL_FAILURES,
        ),
        Priority.BULK,
        _replace,
    ),
    Call(
        Endpoint(
            "GET", FACES, "faces", "List the faces of a user.", Role.ADMIN, FaceRecordsAnswer, failures=NAMED_USER
        ),
        Priority.ORDINARY,
        _faces,
    ),
    Call(
        Endpoint(
            "DELETE",
            f"{FACES}/{{face_token}}",
            "delete_face",
            "Erase one face of a user.",
            Role.ADMIN,
            ErasedAnswer,
            failures=(*NAMED_USER, ErrorCode.FACE_NOT_FOUND, *WRITTEN),
        ),
        Priority.BULK,
        _delete_face,
    ),
    Call(
        Endpoint(
            "GET",
            "/v1/faces/{face_token}",
            "face",
            "Where a face is enrolled.",
            Role.ADMIN,
            FaceRecordsAnswer,
            failures=(ErrorCode.FACE_NOT_FOUND,),
        ),
        Priority.ORDINARY,
        _face,
    ),
)
