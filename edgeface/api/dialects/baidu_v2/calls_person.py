"""person/verify: a picture against the photograph registered under an ID number and a name.

The cloud asks a police database; the device asks its own register, which its operator fills.
"""

from __future__ import annotations

import json
from typing import Any

from edgeface.api.dialects.baidu_attributes import tells_liveness
from edgeface.api.dialects.baidu_v2 import liveness, parameters
from edgeface.api.dialects.baidu_v2.answers import Withheld
from edgeface.api.dialects.baidu_v2.attribute_fields import DIGITS
from edgeface.api.dialects.baidu_v2.calls_faces import qualities_of
from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.baidu_v2.form import Form, read_form
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.attributes import LIVENESS
from edgeface.config import QualityThresholds
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.register import IdRegister
from edgeface.types import REGIONS, QualityLevel, Violation

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
_LEAST_LIVENESS = 0.834963
"""faceliveness_conf: "默认使用的阈值如下:{faceliveness:0.834963}"."""
_BRIGHTEST = 255


def person_verify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/person/verify``. The result is 0 to 1, 0.8 the recommended limit: our score divided by 100."""
    form = read_form(message)
    number, name = parameters.required(form, "id_card_number"), parameters.required(form, "name")
    gate = _gate(form)
    least = _least_liveness(engine, form)
    asked = parameters.words(form, "ext_fields")
    picture = pictures.base64(parameters.image(form))
    live = liveness.lowest(engine, picture) if least is not None or liveness.FACELIVENESS in asked else None
    if least is not None:
        engine.embed(picture, gate=gate)  # "质量检测(可选)活体检测(可选)公安验证(必选)": in this order
        _require_live(live, least)
    compared = IdRegister(engine).verify(picture, number, name, gate=gate)
    withheld = Withheld()
    info: dict[str, Any] = {}
    if "qualities" in asked:
        info["qualities"] = qualities_of(engine, picture, withheld)
    if live is not None and liveness.FACELIVENESS in asked:
        info[liveness.FACELIVENESS] = round(live, DIGITS)
    elif liveness.FACELIVENESS in asked:
        withheld.add(liveness.FACELIVENESS)
    answer: dict[str, Any] = {"result": round(compared.score / 100, DIGITS)}
    return Reply(answer | {"ext_info": info} if info else answer, tuple(withheld))


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


def _least_liveness(engine: Engine, form: Form) -> float | None:
    """``faceliveness=use`` and ``faceliveness_conf``: the score from which a face passes; ``None``: not asked for.

    Without a model nobody passes, and the call is refused at once.
    """
    if parameters.choice(form, "faceliveness", _USE) is None:
        return None
    name = liveness.FACELIVENESS
    least = _numbers(form, "faceliveness_conf", (name,)).get(name, _LEAST_LIVENESS)
    _require_range("faceliveness_conf", name, least, 1)
    if not tells_liveness(engine):
        raise EdgeFaceError(ErrorCode.LIVENESS, "The active model pack has no liveness model.")
    return least


def _require_live(score: float | None, least: float) -> None:
    """ "低于活体阈值的照片会直接拒绝"."""
    if score is None or score < least:
        raise EdgeFaceError(ErrorCode.LIVENESS, f"{Violation(LIVENESS, score or 0.0, least, '>=')}.")


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
