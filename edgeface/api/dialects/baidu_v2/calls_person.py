"""person/verify: a picture against the photograph registered under an ID number and a name.

The cloud asks a police database; the device asks its own register, which its operator fills.
"""

from __future__ import annotations

import json
from typing import Any

from edgeface.analysis import Wants
from edgeface.api.dialects.baidu_v2 import answers, parameters
from edgeface.api.dialects.baidu_v2.answers import Withheld
from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.baidu_v2.form import Form, read_form
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.config import QualityThresholds
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.register import IdRegister
from edgeface.types import REGIONS, QualityLevel

_USE = ("use",)
# "默认阈值" of the answer's table; completeness has none and is judged only where quality_conf names it.
_DEFAULTS: dict[str, float] = {
    "left_eye": 0.6,
    "right_eye": 0.6,
    "nose": 0.7,
    "mouth": 0.7,
    "left_cheek": 0.8,
    "right_cheek": 0.8,
    "chin": 0.8,
    "blur": 0.7,
    "illumination": 30,
}
_COMPLETENESS = "completeness"
_LIVENESS = "faceliveness"
_BRIGHTEST = 255


def person_verify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/person/verify``. The result is 0 to 1, 0.8 the recommended limit: our score divided by 100."""
    form = read_form(message)
    number, name = parameters.required(form, "id_card_number"), parameters.required(form, "name")
    gate = _gate(form)
    _require_no_liveness(form)
    asked = parameters.words(form, "ext_fields")
    picture = pictures.base64(parameters.image(form))
    compared = IdRegister(engine).verify(picture, number, name, gate=gate)
    answer: dict[str, Any] = {"result": round(compared.score / 100, 6)}
    withheld = Withheld()
    if "qualities" in asked:
        found = engine.detect(picture, Wants(quality=True), max_faces=1).faces
        if found and found[0].quality is not None:
            answer["ext_info"] = {"qualities": answers.qualities(found[0].quality, withheld)}
    if _LIVENESS in asked:
        withheld.add(_LIVENESS)
    return Reply(answer, tuple(withheld))


def _gate(form: Form) -> Gate | None:
    """``quality`` and ``quality_conf``: thresholds of the call's own."""
    if parameters.choice(form, "quality", _USE) is None:
        return None
    limits = {**_DEFAULTS, **_numbers(form, "quality_conf", (*_DEFAULTS, _COMPLETENESS))}
    whole = limits.pop(_COMPLETENESS, 0.0)
    for name, limit in limits.items():
        _require_range("quality_conf", name, limit, _BRIGHTEST if name == "illumination" else 1)
    _require_range("quality_conf", _COMPLETENESS, whole, 1)
    occlusion = {f"occlusion_{region}": limits[region] for region in REGIONS}
    return Gate(
        QualityLevel.CUSTOM,
        QualityThresholds(
            **occlusion,
            blur=limits["blur"],
            illumination_min=limits["illumination"],
            complete=whole > 0,
        ),
    )


def _require_no_liveness(form: Form) -> None:
    """``faceliveness=use`` demands what no model of ours can tell: it is refused, never passed."""
    if parameters.choice(form, "faceliveness", _USE) is None:
        return
    for name, limit in _numbers(form, "faceliveness_conf", (_LIVENESS,)).items():
        _require_range("faceliveness_conf", name, limit, 1)
    raise EdgeFaceError(ErrorCode.LIVENESS, "The active model pack has no liveness model.")


def _numbers(form: Form, name: str, known: tuple[str, ...]) -> dict[str, float]:
    """A JSON object of numbers. A misspelt name is refused: the threshold that was meant would not count."""
    text = form.given(name)
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal(216100, f"{name} is not JSON.") from None
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise refusal(216100, f"{name} is an object of {', '.join(known)}.")
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in value.values()):
        raise refusal(216100, f"{name} holds numbers.")
    return dict(value)


def _require_range(name: str, key: str, value: float, most: float) -> None:
    if not 0 <= value <= most:  # NaN is refused too
        raise refusal(216100, f"{name}: {key} must be 0 to {most:g}.")
