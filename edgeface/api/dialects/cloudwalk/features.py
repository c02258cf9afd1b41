"""``feature``: a face template as the text that a client keeps and sends back (2.8).

Base64 of: four letters, twelve bytes that name the embedding contract, and the vector as float32 little-endian. A
feature of another contract, or of another vendor, is refused instead of being compared with.
"""

from __future__ import annotations

import base64
import hashlib

import numpy as np

from edgeface.api.dialects.cloudwalk.errors import refusal
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode_base64
from edgeface.inference.pack import ModelPack
from edgeface.types import Template

_MAGIC = b"EFF1"
_CONTRACT_BYTES = 12
_DTYPE = np.dtype("<f4")


def written(template: Template) -> str:
    """The feature of a template."""
    data = _MAGIC + _contract(template.contract_id) + template.vector.astype(_DTYPE).tobytes()
    return base64.b64encode(data).decode("ascii")


def read(text: str, pack: ModelPack) -> Template:
    """The template behind a feature. Raises 8514 (no base64, not ours, of another contract), 8515 (length)."""
    try:
        data = decode_base64(text)
    except EdgeFaceError:
        raise refusal(8514, code=ErrorCode.TEMPLATE_INVALID) from None
    head = len(_MAGIC) + _CONTRACT_BYTES
    if len(data) != head + pack.dimension * _DTYPE.itemsize:
        raise refusal(8515, code=ErrorCode.TEMPLATE_INVALID)
    if data[:head] != _MAGIC + _contract(pack.contract_id):
        raise refusal(8514, code=ErrorCode.CONTRACT_MISMATCH)
    return Template(np.frombuffer(data, _DTYPE, offset=head).astype(np.float32), pack.contract_id)


def _contract(contract_id: str) -> bytes:
    return hashlib.sha256(contract_id.encode("utf-8")).digest()[:_CONTRACT_BYTES]
