"""What may enter the gallery: ids, texts, page bounds and vectors. Pure checks, no storage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeface.config import GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import NewFace
from edgeface.types import FloatArray, Template

# Baidu v3: ids consist of digits, letters and underscores, at most 128 bytes.
_ID = re.compile(r"[A-Za-z0-9_]{1,128}")

# A template is stored as a unit vector; one that is off by more than this was not made by an embedder.
_NORM_TOLERANCE = 1e-2
# Below this the vector is taken as it is, so that export and import change no bit.
_NORM_EXACT = 1e-6


def check_id(value: str, name: str) -> str:
    """The id itself. Raises ``INVALID_ID``; ``name`` says which parameter it was."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise EdgeFaceError(ErrorCode.INVALID_ID, f"{name} is not one.", parameter=name)
    return value


def check_user_info(text: str, limits: GalleryLimits, name: str = "user_info") -> str:
    """The text itself. Raises ``INVALID_PARAMETER`` when it is too long or not encodable; ``name`` says which
    parameter it was (a group's text has the same limit as a user's)."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{name} is not valid Unicode.", parameter=name) from error
    if size > limits.max_user_info_bytes:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            f"{name} has {size} bytes, at most {limits.max_user_info_bytes} are allowed.",
            parameter=name,
        )
    return text


def check_page(start: int, length: int, limits: GalleryLimits) -> None:
    """Raises ``INVALID_PARAMETER`` when the page's bounds are out of range."""
    if not 0 <= start < 2**63:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "start must be 0 or more.", parameter="start")
    if not 1 <= length <= limits.max_page:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER, f"length must be 1 to {limits.max_page}.", parameter="length"
        )


def check_search(groups: Sequence[str], top: int, limits: GalleryLimits) -> tuple[str, ...]:
    """The groups, each once, in their order. Raises ``INVALID_ID`` or ``INVALID_PARAMETER``."""
    names = tuple(dict.fromkeys(check_id(group, "group_id") for group in groups))
    if not 1 <= len(names) <= limits.max_groups_per_search:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            f"A search takes 1 to {limits.max_groups_per_search} groups.",
            parameter="group_id",
        )
    if not 1 <= top <= limits.max_top:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"top must be 1 to {limits.max_top}.", parameter="top")
    return names


def unit_vector(vector: npt.ArrayLike, dimension: int) -> FloatArray:
    """A template's vector as float32 (dimension,), contiguous, L2 norm 1.

    Raises ``TEMPLATE_INVALID`` when its size is wrong, a value is not finite, or its norm is not about 1.
    """
    try:
        array = np.ascontiguousarray(vector, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, "It is not a list of numbers.") from error
    if array.shape != (dimension,):
        raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, f"It must have {dimension} values.")
    norm = float(np.sqrt(np.sum(array.astype(np.float64) ** 2)))
    if not abs(norm - 1.0) <= _NORM_TOLERANCE:  # NaN fails too
        raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, "Its norm must be 1.")
    if abs(norm - 1.0) <= _NORM_EXACT:
        return array
    return (array / norm).astype(np.float32)


def template_vector(template: Template, dimension: int, contract_id: str) -> FloatArray:
    """As :func:`unit_vector`; raises ``CONTRACT_MISMATCH`` for a template of another contract."""
    check_contract(template.contract_id, contract_id)
    return unit_vector(template.vector, dimension)


def check_face(face: NewFace, dimension: int, limits: GalleryLimits) -> NewFace:
    """The face with its vector checked. Raises ``INVALID_ID``, ``INVALID_PARAMETER``, ``TEMPLATE_INVALID``."""
    check_id(face.group_id, "group_id")
    check_id(face.user_id, "user_id")
    check_id(face.face_token, "face_token")
    if face.user_info is not None:
        check_user_info(face.user_info, limits)
    return replace(face, vector=unit_vector(face.vector, dimension))


def check_contract(found: str, expected: str) -> None:
    """Raises ``CONTRACT_MISMATCH`` naming both contracts."""
    if found != expected:
        raise EdgeFaceError(ErrorCode.CONTRACT_MISMATCH, found=found, expected=expected)
