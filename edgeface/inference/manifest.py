"""The manifest of a model pack: a TOML file with a closed schema (docs/models/pack-format.md).

A manifest is data from outside: unknown keys are refused, every number has a range, and no file name can leave the
pack's folder.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edgeface.attributes import ATTRIBUTES, CLASSES, LIVENESS
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.roles import KNOWN_ROLES, LIKELIHOODS, OUTPUT_FORMATS, SCALAR

if sys.version_info >= (3, 11):
    import tomllib
else:  # JetPack 6 has Python 3.10
    import tomli as tomllib

MANIFEST_NAME = "manifest.toml"
FORMAT_VERSION = 1
_MOST_BYTES = 256 * 1024

Precision = Literal["fp32", "int8"]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
_Triple = tuple[float, float, float]
_Share = Annotated[float, Field(gt=0.0, lt=1.0)]
_FILE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class VariantTable(_Table):
    """One file: a model of one precision."""

    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @field_validator("file")
    @classmethod
    def _plain(cls, file: str) -> str:
        return _plain_path(file)


class InputTable(_Table):
    """The input tensor: NCHW float32, (value - mean) * scale per channel in the stated colour order.

    width, height: pixels; 0 where the model takes any multiple of 32 (only for whole pictures).
    """

    name: str = "x"
    width: int = Field(ge=0, le=4096)
    height: int = Field(ge=0, le=4096)
    colour: Literal["bgr", "rgb"]
    mean: _Triple
    scale: _Triple


class CropTable(_Table):
    """What part of the picture the model sees.

    whole: all of it, scaled and padded. five_points: a similarity maps the detector's five points onto ``template``
    (pixels of the input). box: the square about the bounding box, ``expand`` times its longer side.
    """

    kind: Literal["whole", "five_points", "box"]
    template: tuple[tuple[float, float], ...] = ()
    expand: float = Field(1.0, gt=0.0, le=4.0)

    @model_validator(mode="after")
    def _complete(self) -> CropTable:
        if (len(self.template) == 5) != (self.kind == "five_points"):
            raise ValueError("template: five points for kind five_points, none otherwise")
        return self


class OutputTable(_Table):
    """What comes out: a documented format and the names of its tensors in the format's order.

    factor: for ``scalar``, what the number is multiplied with to be in the attribute's unit. classes, logits: for
    ``likelihoods``, what each number stands for, and whether a softmax is still to be taken.
    """

    format: str
    names: tuple[str, ...] = ()
    factor: float = Field(1.0, gt=0.0, le=1e6)
    classes: tuple[_Name, ...] = ()
    logits: bool = False


class ContractTable(_Table):
    """The embedding contract: what a template of this pack is."""

    dimension: int = Field(ge=16, le=4096)
    reference: Precision
    """The variant whose file names the contract; the other precision of the same model shares it."""


class DetectionTable(_Table):
    """The detector's own operating point.

    score_threshold: probability from which a box counts. nms_iou: overlap above which two boxes are one.
    sure_score: probability that turned faces found as upright ones do not reach.
    """

    score_threshold: _Share
    nms_iou: _Share
    sure_score: float = Field(0.9, gt=0.0, le=1.0)


class LivenessTable(_Table):
    """From which number on a face counts as living, at the documents' three levels.

    Each is measured on living faces: low refuses one of 10,000 (BPCER 1e-4), normal one of 1,000, high one of 100.
    """

    low: _Share
    normal: _Share
    high: _Share

    @model_validator(mode="after")
    def _rising(self) -> LivenessTable:
        if not self.low <= self.normal <= self.high:
            raise ValueError("low, normal and high must not fall")
        return self


class RoleTable(_Table):
    """One model."""

    licence: str = Field(min_length=1)
    provenance: str = Field(min_length=1)
    card: str = ""
    input: InputTable
    crop: CropTable
    output: OutputTable
    variants: dict[Precision, VariantTable] = Field(min_length=1)
    detection: DetectionTable | None = None
    contract: ContractTable | None = None
    liveness: LivenessTable | None = None

    @field_validator("card")
    @classmethod
    def _plain(cls, card: str) -> str:
        return _plain_path(card) if card else card


class CalibrationTable(_Table):
    """Measured similarity against false match rate, and where it was measured.

    cohort: the network whose offsets the similarities are less; without it they are cosines.
    """

    source: str = Field(min_length=1)
    points: tuple[tuple[float, float], ...] = Field(min_length=2)
    cohort: VariantTable | None = None


class ManifestTable(_Table):
    """The whole file."""

    format: Literal[1]
    name: _Name
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
    licence: str = Field(min_length=1)
    provenance: str = Field(min_length=1)
    roles: dict[_Name, RoleTable]
    calibration: CalibrationTable | None = None

    @model_validator(mode="after")
    def _known_roles(self) -> ManifestTable:
        for name, role in self.roles.items():
            if name in KNOWN_ROLES or name in ATTRIBUTES:
                _check_known(name, role)
        if "embedder" in self.roles and self.calibration is None:
            raise ValueError("an embedder needs a calibration table")
        return self


def read_manifest(folder: Path) -> ManifestTable:
    """The checked manifest of a pack's folder. Raises ``PACK_INVALID`` naming each wrong field."""
    path = folder / MANIFEST_NAME
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{path} is too large for a manifest.")
        data: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
        return ManifestTable.model_validate(data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{path}: {error}") from error
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{path}: {fields}") from error


def _plain_path(file: str) -> str:
    if not all(_FILE_PART.fullmatch(part) for part in file.split("/")):
        raise ValueError("must be a plain relative path inside the pack")
    return file


def _check_known(name: str, role: RoleTable) -> None:
    """Raise ValueError where a role that EdgeFace uses is not what it must be."""
    form = OUTPUT_FORMATS.get(role.output.format)
    if form is None or name not in form.roles:
        raise ValueError(f"roles.{name}: output format '{role.output.format}' is unknown for this role")
    if role.crop.kind not in form.crops:
        raise ValueError(f"roles.{name}: crop kind '{role.crop.kind}' does not fit")
    if len(role.output.names) not in {len(form.outputs), len(form.default_names)}:
        raise ValueError(f"roles.{name}: {len(form.outputs)} output names are needed")
    if (role.crop.kind == "whole") != (role.input.width == 0 and role.input.height == 0):
        raise ValueError(f"roles.{name}: width and height are 0 for whole pictures and given for crops")
    if role.crop.kind != "whole" and role.input.width != role.input.height:
        raise ValueError(f"roles.{name}: crops are square")
    if (name == "detector") != (role.detection is not None):
        raise ValueError(f"roles.{name}: the detector, and only it, has a detection table")
    if (name == "embedder") != (role.contract is not None):
        raise ValueError(f"roles.{name}: the embedder, and only it, has a contract table")
    if role.contract is not None and role.contract.reference not in role.variants:
        raise ValueError(f"roles.{name}: the contract's reference variant is missing")
    if (name == LIVENESS) != (role.liveness is not None):
        raise ValueError(f"roles.{name}: the liveness model, and only it, has a liveness table")
    _check_meaning(name, role.output)


def _check_meaning(name: str, output: OutputTable) -> None:
    """Raise ValueError where an output's numbers could be read in two ways, or in none."""
    if output.format != SCALAR and output.factor != 1.0:
        raise ValueError(f"roles.{name}: only format {SCALAR} has a factor")
    if output.format != LIKELIHOODS:
        if output.classes or output.logits:
            raise ValueError(f"roles.{name}: only format {LIKELIHOODS} has classes and logits")
        return
    if len(output.classes) < 2 or len(set(output.classes)) != len(output.classes):
        raise ValueError(f"roles.{name}: two classes or more are needed, each once")
    if unknown := set(output.classes) - set(CLASSES[name]):
        raise ValueError(
            f"roles.{name}: unknown classes {', '.join(sorted(unknown))}; known: {', '.join(CLASSES[name])}"
        )
    if name == LIVENESS and "live" not in output.classes:
        raise ValueError(f"roles.{name}: one of the classes must be live")
