"""A model pack: a folder with a manifest and ONNX files, checked each time it is loaded.

Nothing of a pack is believed: the manifest has a closed schema, every file's sha256 is compared at every load (and
again when a session is opened, on the very bytes that ONNX Runtime gets), and the shapes in the files must fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.manifest import Precision, RoleTable, read_manifest
from edgeface.inference.onnx_header import OnnxHeader, TensorShape, read_onnx_header
from edgeface.inference.roles import EMBEDDER, EYE_OPENNESS, KNOWN_ROLES, OUTPUT_FORMATS, SCALAR, SWITCHED_OFF
from edgeface.types import CalibrationPoint, FloatArray, QualityLevel

# The cohort network's only input and its output.
COHORT_INPUT = "e"
COHORT_OUTPUT = "offset"

__all__ = ["CropSpec", "InputSpec", "ModelPack", "Precision", "RoleSpec", "VariantSpec"]


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """One file of a role."""

    path: Path
    sha256: str

    def read(self) -> bytes:
        """The file's bytes, whose sha256 is the manifest's. Raises ``PACK_INVALID``."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{self.path.name}: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{self.path.name}: its sha256 is not the manifest's.")
        return data


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The input tensor: NCHW float32, (value - mean) * scale in the stated colour order; sizes in pixels (0: any)."""

    name: str
    width: int
    height: int
    colour: Literal["bgr", "rgb"]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class CropSpec:
    """What part of the picture a model sees; see ``CropTable`` of the manifest."""

    kind: Literal["whole", "five_points", "box"]
    template: tuple[tuple[float, float], ...]
    expand: float

    @property
    def template_points(self) -> FloatArray:
        """(5, 2) float32 pixels of the crop."""
        return np.array(self.template, np.float32)


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """One model of a pack."""

    name: str
    licence: str
    provenance: str
    card: Path | None
    input: InputSpec
    crop: CropSpec
    output_format: str
    outputs: tuple[str, ...]
    variants: Mapping[Precision, VariantSpec]
    score_threshold: float | None = None
    nms_iou: float | None = None
    sure_score: float = 1.0
    dimension: int | None = None
    reference: Precision | None = None
    factor: float = 1.0
    classes: tuple[str, ...] = ()
    logits: bool = False
    liveness: Mapping[QualityLevel, float] = field(default_factory=dict)
    """Liveness only: from which number on a face counts as living, for each level."""

    @property
    def width(self) -> int | None:
        """Numbers for each face in an output of any shape; None where the format says more."""
        if self.output_format == EYE_OPENNESS:
            return 2
        return 1 if self.output_format == SCALAR else len(self.classes) or self.dimension


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A checked pack.

    ``contract_id`` is empty and ``dimension`` 0 where there is no embedder.
    """

    name: str
    version: str
    licence: str
    provenance: str
    folder: Path
    roles: Mapping[str, RoleSpec]
    calibration: tuple[CalibrationPoint, ...]
    calibration_source: str
    contract_id: str
    dimension: int
    cohort: VariantSpec | None = None
    """The network that says how much strangers look like a template; None: similarities are cosines."""

    @classmethod
    def load(cls, folder: Path) -> ModelPack:
        """Read and check a pack. Raises ``PACK_INVALID`` saying which file or field is wrong."""
        manifest = read_manifest(folder)
        roles: dict[str, RoleSpec] = {}
        for name, table in manifest.roles.items():
            spec = _role(folder, name, table)
            for variant in spec.variants.values():
                _check_file(spec, variant)
            roles[name] = spec
        embedder = roles.get(EMBEDDER)
        measured = manifest.calibration
        cohort = None
        if embedder and measured and measured.cohort:
            cohort = VariantSpec(_inside(folder, measured.cohort.file), measured.cohort.sha256)
            _check_cohort(cohort, embedder)
        return cls(
            name=manifest.name,
            version=manifest.version,
            licence=manifest.licence,
            provenance=manifest.provenance,
            folder=folder,
            roles=MappingProxyType(roles),
            calibration=tuple(CalibrationPoint(at, fmr) for at, fmr in measured.points) if measured else (),
            calibration_source=measured.source if measured else "",
            contract_id=_contract_id(embedder) if embedder else "",
            dimension=embedder.dimension or 0 if embedder else 0,
            cohort=cohort,
        )

    def role(self, name: str) -> RoleSpec | None:
        """The model of a role, or None where the pack has none."""
        return self.roles.get(name)

    @property
    def missing(self) -> tuple[str, ...]:
        """Roles that EdgeFace knows and the pack lacks."""
        return tuple(name for name in KNOWN_ROLES if name not in self.roles)

    @property
    def missing_features(self) -> Mapping[str, str]:
        """For each missing role, what does not work without it."""
        return {name: SWITCHED_OFF[name] for name in self.missing}


def _role(folder: Path, name: str, table: RoleTable) -> RoleSpec:
    form = OUTPUT_FORMATS.get(table.output.format)
    detection, contract, liveness = table.detection, table.contract, table.liveness
    return RoleSpec(
        name=name,
        licence=table.licence,
        provenance=table.provenance,
        card=_inside(folder, table.card) if table.card else None,
        input=InputSpec(**table.input.model_dump()),
        crop=CropSpec(table.crop.kind, table.crop.template, table.crop.expand),
        output_format=table.output.format,
        outputs=table.output.names or (form.default_names if form else ()),
        variants=MappingProxyType(
            {
                precision: VariantSpec(_inside(folder, variant.file), variant.sha256)
                for precision, variant in table.variants.items()
            }
        ),
        score_threshold=detection.score_threshold if detection else None,
        nms_iou=detection.nms_iou if detection else None,
        sure_score=detection.sure_score if detection else 1.0,
        dimension=contract.dimension if contract else None,
        reference=contract.reference if contract else None,
        factor=table.output.factor,
        classes=table.output.classes,
        logits=table.output.logits,
        liveness=MappingProxyType(
            {
                QualityLevel.LOW: liveness.low,
                QualityLevel.NORMAL: liveness.normal,
                QualityLevel.HIGH: liveness.high,
            }
            if liveness
            else {}
        ),
    )


def _inside(folder: Path, file: str) -> Path:
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):  # a link that leads out
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{file} leaves the pack's folder.")
    return path


def _check_file(spec: RoleSpec, variant: VariantSpec) -> None:
    """Raise ``PACK_INVALID`` unless the file has its hash and the shapes that the manifest promises."""
    data = variant.read()
    try:
        header = read_onnx_header(data)
        _check_input(spec, header)
        if spec.output_format in OUTPUT_FORMATS:
            _check_outputs(spec, header)
    except ValueError as error:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{variant.path.name}: {error}.") from error


def _check_cohort(cohort: VariantSpec, embedder: RoleSpec) -> None:
    """Raise ``PACK_INVALID`` unless the file has its hash and makes one number of each template."""
    data = cohort.read()
    try:
        header = read_onnx_header(data)
        if [item.name for item in header.inputs] != [COHORT_INPUT]:
            raise ValueError(f"its only input must be '{COHORT_INPUT}'")
        if not _fits(header.inputs[0].dimensions, (None, embedder.dimension)):
            raise ValueError(f"its input is {_text(header.inputs[0])}, not {(None, embedder.dimension)}")
        if COHORT_OUTPUT not in [item.name for item in header.outputs]:
            raise ValueError(f"it has no output '{COHORT_OUTPUT}'")
    except ValueError as error:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{cohort.path.name}: {error}.") from error


def _check_input(spec: RoleSpec, header: OnnxHeader) -> None:
    found = [item for item in header.inputs if item.name == spec.input.name]
    if len(header.inputs) != 1 or not found:
        raise ValueError(f"its only input must be '{spec.input.name}'")
    wanted = (None, 3, spec.input.height or None, spec.input.width or None)
    if not _fits(found[0].dimensions, wanted):
        raise ValueError(f"its input is {_text(found[0])}, not {wanted}")
    if spec.crop.kind == "whole" and any(size is not None for size in found[0].dimensions[2:]):
        raise ValueError("its input must take pictures of any size")


def _check_outputs(spec: RoleSpec, header: OnnxHeader) -> None:
    by_name = {item.name: item for item in header.outputs}
    for name, trailing in zip(spec.outputs, OUTPUT_FORMATS[spec.output_format].outputs, strict=True):
        if name not in by_name:
            raise ValueError(f"it has no output '{name}'")
        shape = by_name[name].dimensions
        if trailing and not _fits(shape, (None, *trailing)):
            raise ValueError(f"its output is {_text(by_name[name])}, not {(None, *trailing)}")
        width = spec.width
        if width is not None and None not in shape[1:] and np.prod(shape[1:]) != width:  # type: ignore[arg-type]
            raise ValueError(f"its output is {_text(by_name[name])}, not {width} components")


def _fits(found: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether dimensions agree wherever both are fixed."""
    return len(found) == len(wanted) and all(
        a is None or b is None or a == b for a, b in zip(found, wanted, strict=True)
    )


def _text(tensor: TensorShape) -> str:
    return f"'{tensor.name}' {tensor.dimensions}"


def _contract_id(spec: RoleSpec) -> str:
    """The embedding contract: sha256 over the reference model's bytes, input, alignment and dimension."""
    assert spec.reference is not None  # noqa: S101 - the manifest's schema says so
    terms = {
        "model": spec.variants[spec.reference].sha256,
        "colour": spec.input.colour,
        "size": [spec.input.width, spec.input.height],
        "mean": spec.input.mean,
        "scale": spec.input.scale,
        "template": spec.crop.template,
        "dimension": spec.dimension,
    }
    text = json.dumps(terms, sort_keys=True, separators=(",", ":"))
    return "ef1-" + hashlib.sha256(text.encode()).hexdigest()
